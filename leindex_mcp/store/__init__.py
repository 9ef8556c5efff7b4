"""rows <-> snapshot: keep the index whole under kills, and let many processes read it."""
