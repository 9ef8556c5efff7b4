"""Fast, trustworthy code search over a project; public names load on first use."""
