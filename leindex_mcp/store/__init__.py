"""rows <-> snapshot: keep the index whole under kills, and let many processes read it."""

from leindex_mcp.store.batch_columns import batch_columns, joined_columns
from leindex_mcp.store.reader import Snapshot
from leindex_mcp.store.removal import remove_index
from leindex_mcp.store.schema import SCHEMA
from leindex_mcp.store.snapshot import Head
from leindex_mcp.store.store import Store
from leindex_mcp.store.use import LastUse, last_use
from leindex_mcp.store.writer import Writer
from leindex_mcp.store.writer_lock import Progress

__all__ = [
    "SCHEMA",
    "Head",
    "LastUse",
    "Progress",
    "Snapshot",
    "Store",
    "Writer",
    "batch_columns",
    "joined_columns",
    "last_use",
    "remove_index",
]
