"""[Chunk] -> matrix: turn texts into unit vectors."""
