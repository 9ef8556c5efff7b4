"""What a look at an index tells: its state against the tree, one file of it, or all of it verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leindex_mcp.records import EmbeddingStats, IndexState, Skipped


@dataclass(frozen=True, slots=True)
class IndexStats:
    """The state of an index against the tree as it is now."""

    root: str
    state: IndexState
    detail: str  #: what differs from the tree, or how far a run is; may be empty
    files: int
    chunks: int
    bytes: int  #: of the indexed files
    skipped: Mapping[str, int]  #: reason to count
    encoder: str  #: fingerprint
    schema: int
    index_directory: str
    index_bytes: int  #: on disk
    problems: tuple[str, ...] = ()  #: what is wrong with the settings
    embedding: EmbeddingStats | None = None  #: when the settings name a transformer


@dataclass(frozen=True, slots=True)
class FileStatus:
    """Whether a path is in the index, or what keeps it out."""

    relative: str
    chunks: int | None  #: in the index; None when it is not there
    is_current: bool  #: indexed as it is on disk now
    skipped: Skipped | None  #: why it is left out, when it is


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check of a whole index found."""

    root: str
    files: int  #: in the index
    problems: tuple[str, ...]  #: what is wrong, a sentence each
    stale: int  #: files that changed since they were indexed: no fault, and not compared
