"""What answers now, kept true to the tree and to the disk."""
