"""What Python and the system leave to be mended, a file each."""
