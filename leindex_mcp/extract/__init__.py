"""FileRecord -> Document: read a file and cut it into chunks."""
