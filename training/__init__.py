"""How the shipped word-vector table is made: from public packages to one safetensors file."""
