"""The guide's name for the cache: `from leindex_mcp.file_stat_cache import FileStatCache`."""

from leindex_mcp.scan.file_stat_cache import FileStatCache

__all__ = ["FileStatCache"]
