"""What a server sees of its client: what comes in, and whether the client is still there."""
