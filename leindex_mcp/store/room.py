"""The room for an index: what one may take, and what its disk has left."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from leindex_mcp.errors import DiskFullError, IndexTooLargeError
from leindex_mcp.records import Batch
from leindex_mcp.store.snapshot import DataFile

MOST_FILES = 1_000_000  # ten times the largest projects: a tree of more is no project
MOST_BYTES = 50_000_000_000
_SPARE_BYTES = 16_000_000  # for the small files of a commit, and for a note that says how far it is
_CHUNK_BYTES, _FILE_BYTES, _NAME_BYTES, _TERM_BYTES, _VALUE_BYTES = 30, 100, 20, 5, 2  # as measured


def require_files(directory: Path, files: int) -> None:
    """Raise `IndexTooLargeError` for more files than an index may hold."""
    if files > MOST_FILES:
        raise IndexTooLargeError(directory, f"{files:,} files, and an index holds at most {MOST_FILES:,}")


def require_room(directory: Path, needed_bytes: int, present: Iterable[DataFile] = ()) -> None:
    """Raise before a write that cannot succeed, rather than fill the disk of everybody else first.

    Args:
        directory: Where the index is.
        needed_bytes: What is going to be written, at a guess.
        present: What it is added to.

    Raises:
        DiskFullError: The disk has not that much left.
        IndexTooLargeError: The index would grow too large.
    """
    if sum(file.size_bytes for file in present) + needed_bytes > MOST_BYTES:
        raise IndexTooLargeError(directory, f"an index of more than {MOST_BYTES / 1e9:.0f} GB")
    free_bytes = shutil.disk_usage(directory).free
    if free_bytes < needed_bytes + _SPARE_BYTES:
        raise DiskFullError(directory, needed_bytes=needed_bytes + _SPARE_BYTES, free_bytes=free_bytes)


def size_of(batch: Batch) -> int:
    """Return about how many bytes a batch takes on the disk."""
    definitions = sum(len(document.definitions) for document in batch.documents)
    return (
        _VALUE_BYTES * batch.vectors.size
        + _TERM_BYTES * len(batch.terms.terms)
        + _CHUNK_BYTES * len(batch.vectors)
        + _NAME_BYTES * definitions
        + _FILE_BYTES * len(batch.documents)
    )
