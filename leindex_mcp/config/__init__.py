"""files, environment, session -> Settings: every value checked, and its origin known."""
