"""`python -m leindex_mcp`: the command line."""

from leindex_mcp.cli import main

if __name__ == "__main__":
    main()
