"""What an index holds, against the tree as it is now: its state, one file of it, or all of it verified."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from leindex_mcp import words
from leindex_mcp.errors import IndexDamagedError, StoreError
from leindex_mcp.extract.document import read_document
from leindex_mcp.findings import CheckReport, FileStatus, IndexStats
from leindex_mcp.pinned import Pinned
from leindex_mcp.records import (
    ChunkColumns,
    Document,
    FileColumns,
    FileRecord,
    Fingerprint,
    IndexState,
    SearchState,
    Skipped,
)
from leindex_mcp.scan.freshness import changes
from leindex_mcp.scan.parallel_scanner import ParallelScanner, ScanResult
from leindex_mcp.scan.tally import fingerprint_of
from leindex_mcp.store import SCHEMA, Store

_UNKNOWN = Fingerprint(0, 0, 0, 0)  # the content hash decides here, not the fingerprint


def state_of(
    store: Store,
    pinned: Pinned | None,
    running: tuple[int, int | None, str] | None = None,
    trouble: StoreError | None = None,
    *,
    is_whole: bool = True,
) -> SearchState:
    """Return how complete an answer from this snapshot is.

    Args:
        store: Where the snapshot is from.
        pinned: The snapshot, if there is one that can be read.
        running: Files done, files to do and what is going on, while a run is.
        trouble: Why the index cannot be read, or why the last run could not write it.
        is_whole: Whether the snapshot of a finished run is near enough to the tree.
    """
    files = len(pinned.corpus) - sum(pinned.skipped.values()) if pinned else 0
    progress = _progress(other_writer(store) or running)
    state, detail = _verdict(pinned, progress, trouble, is_whole=is_whole)
    return SearchState(state, files, pinned.head.chunks if pinned else 0, detail)


def _verdict(
    pinned: Pinned | None, progress: str, trouble: StoreError | None, *, is_whole: bool
) -> tuple[IndexState, str]:
    """Return the state, and what to know or to do about it."""
    if isinstance(trouble, IndexDamagedError):
        return IndexState.DAMAGED, f"{trouble.problem}; {progress or 'the next run makes it anew'}"
    if pinned is not None and pinned.head.complete:
        if is_whole:
            return IndexState.FRESH, ""
        return IndexState.STALE, f"what changed since is not kept: {trouble}" if trouble else progress
    if progress:
        return IndexState.BUILDING, progress
    if pinned is None:
        return IndexState.ABSENT, f"nothing is kept: {trouble}" if trouble else "call `index` to make it"
    rest = f"the rest is not kept: {trouble}" if trouble else "the last run did not finish; call `index`"
    return IndexState.PARTIAL, rest


def _progress(running: tuple[int, int | None, str] | None) -> str:
    """Return how far a run is; empty without one."""
    if running is None:
        return ""
    done, total, doing = running
    how_far = "" if total is None else f" {done} of {total}"
    return f"{doing}{how_far}; ask again for a complete answer"


def other_writer(store: Store) -> tuple[int, int | None, str] | None:
    """Return how far another process is that writes the index, if one does."""
    other = store.progress()
    if other is None or other.pid == os.getpid():
        return None
    return other.done, other.total, f"process {other.pid} is indexing"


def stats(store: Store, pinned: Pinned | None, scan: ScanResult, state: SearchState) -> IndexStats:
    """Compare a snapshot, whose state is known, with what a scan has just seen."""
    stored = pinned.stored if pinned else {}
    if state.state is IndexState.FRESH and (work := changes(scan, stored)):
        detail = f"{len(work.changed)} files new or changed, {len(work.removed)} gone since"
        state = replace(state, state=IndexState.STALE, detail=detail)
    skipped = Counter(scan.statistics.skipped) + Counter(pinned.skipped if pinned else {})
    return IndexStats(
        root="",
        state=state.state,
        detail=state.detail,
        files=state.files,
        chunks=state.chunks,
        bytes=sum(file.fingerprint.size_bytes for file in stored.values()),
        skipped=dict(skipped),
        encoder=pinned.head.encoder if pinned else "",
        schema=SCHEMA,
        index_directory=str(store.directory),
        index_bytes=store.size_bytes(),
    )


def file_status(root: Path, path: str, pinned: Pinned | None, scanner: ParallelScanner) -> FileStatus:
    """Return whether a file is in the index, or what keeps it out."""
    absolute = root / path
    relative = (absolute.relative_to(root) if absolute.is_relative_to(root) else Path(path)).as_posix()
    stored = pinned.stored.get(relative) if pinned else None
    skipped = scanner.explain(relative)
    if skipped is None and stored is not None and stored.skip is not None:
        skipped = Skipped(relative, stored.skip, "told by its content")
    is_current = (
        stored is not None and skipped is None and stored.fingerprint == fingerprint_of(absolute.lstat())
    )
    chunks = stored.chunks if stored is not None and stored.skip is None else None
    return FileStatus(relative, chunks, is_current, skipped)


def check(store: Store, root: Path, max_bytes: int) -> CheckReport:
    """Verify digests, ids, counts and norms, and that every unchanged file has the chunks it should have.

    Reads the whole index, and every indexed file.

    Raises:
        IndexGoneError: There is no index.
        StoreError: It cannot be read.
    """
    problems = store.check()
    if problems:
        return CheckReport(str(root), 0, tuple(problems), stale=0)
    files, chunks = store.read(lambda snapshot: (snapshot.files, snapshot.chunks))
    found = list(_compared(files, chunks, root, max_bytes))
    wrong = tuple(f"{relative}: its chunks are not those of the file" for relative in found if relative)
    return CheckReport(str(root), len(files.relative), wrong, stale=found.count(None))


def _compared(files: FileColumns, chunks: ChunkColumns, root: Path, max_bytes: int) -> Iterator[str | None]:
    """Yield the path of each file that is stored otherwise than it reads, None for each changed since."""
    offsets = np.searchsorted(chunks.file, np.arange(len(files.relative) + 1)).tolist()
    for file, relative in enumerate(files.relative):
        document = read_document(root, FileRecord(relative, _UNKNOWN), max_bytes)
        if not isinstance(document, Document) or document.content_hash != int(files.content_hash[file]):
            yield None
        elif not _holds(chunks, offsets[file], offsets[file + 1], document):
            yield relative


def _holds(chunks: ChunkColumns, first: int, last: int, document: Document) -> bool:
    """Return whether these rows are what indexing the document would write."""
    starts = [chunk.start_line for chunk in document.chunks]
    ends = [chunk.end_line for chunk in document.chunks]
    if chunks.start_line[first:last].tolist() != starts or chunks.end_line[first:last].tolist() != ends:
        return False
    fresh = words.keyword_terms(words.count([chunk.text for chunk in document.chunks]))
    stored = chunks.terms
    rows = slice(int(stored.offsets[first]), int(stored.offsets[last]))
    return (
        np.array_equal(np.diff(stored.offsets[first : last + 1]), np.diff(fresh.offsets))
        and np.array_equal(stored.terms[rows], fresh.terms)
        and np.array_equal(stored.counts[rows], fresh.counts)
    )
