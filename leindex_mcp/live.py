"""Answering before the index is whole: what it lacks is read, and the best of it ranked with the rest.

The files that say most of the question's words are cut, embedded and laid into the snapshot, in memory only.
So there is one ranking, and a file has the place in it that it will have once it is indexed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from leindex_mcp import answering
from leindex_mcp.answering import Parts
from leindex_mcp.embed.encoder import Encoder
from leindex_mcp.embed.static_encoder import StaticEncoder
from leindex_mcp.extract.definitions import find_heads
from leindex_mcp.extract.document import read_document, searched_text
from leindex_mcp.extract.reader import Source, TreeReader
from leindex_mcp.indexing import embedded
from leindex_mcp.pinned import Pinned
from leindex_mcp.records import (
    Batch,
    Chunk,
    Coverage,
    Document,
    FileRecord,
    Fingerprint,
    IndexState,
    SearchAnswer,
    SearchState,
)
from leindex_mcp.request import Request
from leindex_mcp.resemblance import Sample
from leindex_mcp.scan.freshness import changes
from leindex_mcp.scan.parallel_scanner import ParallelScanner
from leindex_mcp.search.needles import Needles, Sighting
from leindex_mcp.search.question import Question
from leindex_mcp.store import Head
from leindex_mcp.words import WordCounts

if TYPE_CHECKING:
    from leindex_mcp.records import Matrix


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one answer may look at: somebody waits for it."""

    scan_seconds: float = 5.0  # 100,000 files on a busy machine
    read_seconds: float = 4.0  # 20,000 files of usual size, at 80 MB a second
    files: int = 200  # of the best: in the eval sets nineteen of twenty hits of a whole index are among them
    bytes: int = 4_000_000  # of those together: cut and embedded in half a second


BOUNDS = Bounds()
_UNKNOWN = Fingerprint(0, 0, 0, 0)  # reading a file tells its own
_LITTLE_FILES, _LITTLE_BYTES = 1000, 4_000_000  # indexed in two seconds of a processor


@dataclass(frozen=True, slots=True)
class Completed:
    """A snapshot with what one question needs besides, and how much of the tree that covers."""

    pinned: Pinned
    coverage: Coverage
    encoder: Encoder
    root: Path

    def reread(self, pinned: Pinned, relatives: Sequence[str], max_bytes: int) -> Pinned:
        """Return this snapshot with what these files say now."""
        records = [FileRecord(relative, _UNKNOWN) for relative in relatives]
        return _laid_in(pinned, pinned.head, _documents(records, self.root, max_bytes), (), self.encoder)


def lacks_little(pinned: Pinned | None, scanner: ParallelScanner) -> bool:
    """Return whether indexing what a snapshot lacks takes so short that a question may wait for it."""
    most_files = _LITTLE_FILES + (len(pinned.corpus) if pinned else 0)
    n_files = 0

    def note(files: int) -> None:
        nonlocal n_files
        n_files = files

    scan = scanner.scan(note, lambda: n_files > most_files)
    lacking = changes(scan, pinned.stored if pinned else {}).changed
    size_bytes = sum(record.fingerprint.size_bytes for record in lacking)
    return scan.complete and len(lacking) <= _LITTLE_FILES and size_bytes <= _LITTLE_BYTES


def answer(
    request: Request,
    pinned: Pinned | None,
    parts: Parts,
    scanner: ParallelScanner,
    state: SearchState,
) -> SearchAnswer:
    """Return what `answering.answer` does of a snapshot that lacks some files, or of none.

    Args:
        request: What was asked.
        pinned: What is indexed, if anything is.
        parts: What an answer is made with.
        scanner: Of the tree.
        state: That of the index.
    """
    completed = complete(request, pinned, parts.encoder, scanner, parts.max_bytes)
    coverage = completed.coverage
    if state.state is IndexState.STALE and coverage.is_all and coverage.indexed == coverage.files:
        state = replace(state, state=IndexState.FRESH, detail="", is_checked=True)
    else:
        state = replace(state, coverage=coverage)
    parts = replace(parts, reread=completed.reread)
    return answering.answer(request, completed.pinned, parts, state)


def complete(
    request: Request,
    pinned: Pinned | None,
    encoder: Encoder,
    scanner: ParallelScanner,
    max_bytes: int,
    bounds: Bounds = BOUNDS,
) -> Completed:
    """Compare the tree with a snapshot, and lay the best of what differs into it.

    Args:
        request: Only files that its filters may leave are read.
        pinned: What is indexed, if anything is.
        encoder: Embeds the files that are laid in, if it is quick and made the vectors of the snapshot.
        scanner: Of the tree.
        max_bytes: The largest file that is read.
        bounds: What stops reading.
    """
    scan = scanner.scan(should_stop=_timer(bounds.scan_seconds))
    work = changes(scan, pinned.stored if pinned else {})
    asked = [record for record in work.changed if request.names_path(record.relative)]
    with TreeReader(scanner.root) as reader:
        needles = Needles.of(_question(request, scanner.root, reader, max_bytes))
        is_late = _timer(bounds.read_seconds)
        seen = list(_looked_at(_in_order(asked, needles), request, needles, reader, max_bytes, is_late))
    best = _best_first([(record, sighting) for record, sighting in seen if sighting], needles)
    documents = _documents(_as_many_as_fit(best, work.changed, bounds), scanner.root, max_bytes)
    head = pinned.head if pinned else Head.unwritten(encoder.fingerprint, encoder.dim)
    known = len(scan.records) - len(asked)  # indexed as they are, or filtered out
    newly = min(len(best), len(documents)) if _is_quick(encoder, head) else 0
    embedded = known + newly if head.encoder == encoder.fingerprint else 0
    coverage = Coverage(len(scan.records), work.unchanged, known + len(seen), embedded, is_all=scan.complete)
    laid_in = _laid_in(pinned, head, documents, work.removed, encoder)
    return Completed(laid_in, coverage, encoder, scanner.root)


def _timer(seconds: float) -> Callable[[], bool]:
    """Return the function that says whether so many seconds are over."""
    deadline = time.monotonic() + seconds
    return lambda: time.monotonic() >= deadline


# ---------------------------------------------------------------- read


def _question(request: Request, root: Path, reader: TreeReader, max_bytes: int) -> Question:
    """Return what is looked for: of code that the hits are to be like, the words."""
    if request.similar_to is None:
        return request.question
    return Sample.at(request.similar_to, root, reader, max_bytes).shown_by(request.question)


def _in_order(records: Sequence[FileRecord], needles: Needles) -> list[FileRecord]:
    """Put the files first whose path says most of the question: time may end before the files do."""
    return sorted(records, key=lambda record: -sum(needles.in_path(record.relative)))


def _looked_at(
    records: Sequence[FileRecord],
    request: Request,
    needles: Needles,
    reader: TreeReader,
    max_bytes: int,
    is_late: Callable[[], bool],
) -> Iterator[tuple[FileRecord, Sighting | None]]:
    """Read files until time is over; one that is no text, not asked for or unreadable shows nothing."""
    for record in records:
        if is_late():
            return
        source = reader.read(record, max_bytes)
        if isinstance(source, Source) and source.skip is None:
            yield record, _sighting(record.relative, source.text, request, needles)
        else:
            yield record, None


def _sighting(relative: str, text: str, request: Request, needles: Needles) -> Sighting | None:
    """Look at one file; only one that says a name which is asked for is searched for its definition."""
    says_name = any(name in text for name in needles.question.names)
    if says_name or request.language is not None:
        text, language = searched_text(relative, text)
        if request.language not in {None, language}:
            return None
        defines = says_name and _defines(text, language, needles.question)
    return needles.look(relative, text, defines=says_name and defines)


def _defines(text: str, language: str | None, question: Question) -> bool:
    return any(head.definition.name in question.names for head in find_heads(text, language))


# ---------------------------------------------------------------- lay in


def _best_first(seen: Sequence[tuple[FileRecord, Sighting]], needles: Needles) -> list[FileRecord]:
    """Put the files first that are most likely to be among the hits."""
    scores = needles.scores([sighting for _, sighting in seen])
    return [seen[place][0] for place in np.argsort(-scores, kind="stable").tolist()]


def _as_many_as_fit(
    best: Sequence[FileRecord], lacking: Sequence[FileRecord], bounds: Bounds
) -> Iterator[FileRecord]:
    """Yield the best files; where filters leave few, others too, to tell common words from rare ones."""
    taken = set(best)
    others = [record for record in lacking if record not in taken]
    room = max(bounds.files - len(best), 0)
    sample = others[:: len(others) // room or 1][:room] if room else []
    size_bytes = 0
    for record in [*best[: bounds.files], *sample]:
        size_bytes += record.fingerprint.size_bytes
        if size_bytes > bounds.bytes:
            return
        yield record


def _documents(records: Iterable[FileRecord], root: Path, max_bytes: int) -> list[Document]:
    """Cut these files as they are now; those that cannot be read are not among them."""
    results = [read_document(root, record, max_bytes) for record in records]
    return [result for result in results if isinstance(result, Document)]


def _laid_in(
    pinned: Pinned | None, head: Head, documents: Sequence[Document], removed: Sequence[str], encoder: Encoder
) -> Pinned:
    """Return a snapshot, if there is one, with these files in place of what it says of them."""
    batch = replace(_batch(documents, head, encoder), removed=tuple(removed))
    return pinned.updated(head, batch) if pinned else Pinned.of_batch(head, batch)


def _batch(documents: Sequence[Document], head: Head, encoder: Encoder) -> Batch:
    """Embed the files, or leave them without vectors: a transformer takes too long while somebody waits."""
    return embedded(encoder if _is_quick(encoder, head) else cast("Encoder", _Without(head.dim)), documents)


def _is_quick(encoder: Encoder, head: Head) -> bool:
    """Return whether vectors that go with the snapshot's can be made while somebody waits."""
    return isinstance(encoder, StaticEncoder) and head.encoder == encoder.fingerprint


@dataclass(frozen=True, slots=True)
class _Without:
    """Gives chunks no vectors."""

    dim: int

    def encode_chunks(self, chunks: Sequence[Chunk], counts: WordCounts) -> Matrix:
        del counts
        return np.zeros((len(chunks), self.dim), np.float32)
