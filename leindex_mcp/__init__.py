"""Fast, trustworthy code search over a project; public names load on first use."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leindex_mcp.errors import LeIndexError
    from leindex_mcp.project import LeIndex
    from leindex_mcp.records import IndexReport, SearchAnswer, SearchHit
    from leindex_mcp.scan.file_stat_cache import FileStatCache
    from leindex_mcp.scan.parallel_scanner import ParallelScanner
    from leindex_mcp.scan.pattern_trie import PatternTrie
    from leindex_mcp.settings import Settings

__all__ = [
    "FileStatCache",
    "IndexReport",
    "LeIndex",
    "LeIndexError",
    "ParallelScanner",
    "PatternTrie",
    "SearchAnswer",
    "SearchHit",
    "Settings",
]
__version__ = version("leindex-mcp")

_HOMES = {
    "FileStatCache": "scan.file_stat_cache",
    "IndexReport": "records",
    "LeIndex": "project",
    "LeIndexError": "errors",
    "ParallelScanner": "scan.parallel_scanner",
    "PatternTrie": "scan.pattern_trie",
    "SearchAnswer": "records",
    "SearchHit": "records",
    "Settings": "settings",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401  # a module attribute can be anything
    """Import a public name when it is first asked for, so that `initialize` waits for none of them."""
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
