"""Filling: a transformer's vectors are made behind the answers, most recently changed files first.

Contract. The cache is the only memory of what was made, so whatever is killed or stopped, the next fill goes
on from there. While vectors are missing, the index that answers is left alone. When none is, a run of `index`
writes the generation that has them all beside it, and one switch lets it answer. Later edits leave chunks
without a vector for a while: keyword search finds them, and a fill completes them. One process fills a root.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from anyio import to_thread
from filelock import FileLock, Timeout

from leindex_mcp import indexing
from leindex_mcp.embed.worker_encoder import WorkerEncoder
from leindex_mcp.errors import LeIndexError, StoreError
from leindex_mcp.extract.document import read_document
from leindex_mcp.indexing import Parts
from leindex_mcp.models import Models
from leindex_mcp.pinned import Pinned
from leindex_mcp.records import Document, EmbeddingStats, FileRecord, IndexReport
from leindex_mcp.turn import Progress

_MOST_ROUNDS = 5  # files that are edited meanwhile need another; whoever edits on gets the next fill
_FIRST_TEXTS, _FEWEST_TEXTS, _MOST_TEXTS = 32, 8, 4096  # of one request to the worker
_SHORT_SECONDS, _LONG_SECONDS = 1.0, 4.0  # how long a request should take; a kill loses no more
_LOCK = "fill.lock"


async def fill_up(
    report: IndexReport, parts: Parts, models: Models, *, tell: Progress | None = None
) -> IndexReport:
    """Make the vectors that are missing, and let them answer; without a transformer there is nothing to do.

    Cancelling keeps what was made. What goes wrong is remembered by *models*, and the index stays as it is.

    Args:
        report: Of the run before it.
        parts: What a run of `index` works with.
        models: Of the root.
        tell: Called with chunks done, chunks in all, and what is going on.

    Returns:
        The report, with what was added to it.
    """
    started = time.monotonic()
    encoder = await to_thread.run_sync(models.fetched)
    if encoder is not None:
        with suppress(Timeout):  # another process is at it
            try:
                with _only_one(parts.store.directory):
                    await _fill_up(parts, encoder, tell or (lambda *_: None))
                models.problem = ""
            except LeIndexError as error:
                models.fail(error)
    pinned = await to_thread.run_sync(parts.pin)
    stats = await to_thread.run_sync(embedding_stats, models, pinned, parts.root)
    return report if stats is None else _with(report, stats, time.monotonic() - started)


async def _fill_up(parts: Parts, encoder: WorkerEncoder, tell: Progress) -> None:
    for _ in range(_MOST_ROUNDS):
        pinned = await to_thread.run_sync(parts.pin)
        if pinned is None or not await _round(parts, encoder, pinned, tell):
            return


async def _round(parts: Parts, encoder: WorkerEncoder, pinned: Pinned, tell: Progress) -> bool:
    """Fill what is missing of one snapshot, then let it answer; return whether anything was missing."""
    files = without_vectors(pinned, encoder)
    if not files and pinned.head.encoder == encoder.fingerprint:
        return False
    is_stopped = threading.Event()
    run = _Run(parts, encoder, pinned, tell, is_stopped.is_set)
    try:
        await to_thread.run_sync(run.fill, files, abandon_on_cancel=True)
    finally:
        is_stopped.set()
    again = frozenset(record.relative for record in files)
    await indexing.index(replace(parts, encoder=lambda: encoder, again=again))
    return True


def is_due(pinned: Pinned, models: Models) -> bool:
    """Return whether a transformer lacks vectors, and nothing is known to be in the way."""
    encoder = models.behind
    if encoder is None or models.problem:
        return False
    return pinned.head.encoder != encoder.fingerprint or pinned.embedded_share < 1


def without_vectors(pinned: Pinned, encoder: WorkerEncoder) -> list[FileRecord]:
    """Return the files that have a chunk without a vector of this encoder, the newest first."""
    corpus = pinned.corpus
    is_answering = pinned.head.encoder == encoder.fingerprint
    files = np.unique(corpus.file[pinned.without_vector] if is_answering else corpus.file).astype(np.int64)
    newest_first = files[np.argsort(-pinned.fingerprints[files, 1], kind="stable")]
    return [FileRecord(corpus.paths[file], pinned.fingerprint(file)) for file in newest_first.tolist()]


class _Run:
    """One fill: what it has done, and how fast."""

    def __init__(
        self,
        parts: Parts,
        encoder: WorkerEncoder,
        pinned: Pinned,
        tell: Progress,
        is_stopped: Callable[[], bool],
    ) -> None:
        self._parts = parts
        self._encoder = encoder
        self._tell = tell
        self._is_stopped = is_stopped
        self._chunks = pinned.head.chunks
        self._seen = 0  # chunks that are there or were looked up
        self._asked = 0  # chunks that were looked up
        self._made = 0  # vectors
        self._before = _noted(encoder, parts.root)
        self._seconds = 0.0  # that making them took
        self._size = _FIRST_TEXTS
        self._texts: list[str] = []  # to be embedded

    def fill(self, files: Sequence[FileRecord]) -> None:
        """Embed what is missing of these files, in their order.

        Raises:
            EncoderError: The model cannot be used.
            StoreError: The cache cannot be used, or is too small for so many vectors.
        """
        cache = self._encoder.cache
        if not cache.has_room_for(self._chunks, self._encoder.dim):
            raise StoreError(
                f"the vectors of {self._chunks} chunks do not fit the cache {cache.path}: index a part of "
                "the project, or choose a model with shorter vectors"
            )
        self._seen = self._chunks - self._chunks_of(files)
        self._note()
        for record in files:
            document = read_document(
                self._parts.root, record, self._parts.settings.file_filtering.max_file_size
            )
            if isinstance(document, Document):
                self._texts += self._encoder.missing([chunk.text for chunk in document.chunks])
                self._seen += len(document.chunks)
                self._asked += len(document.chunks)
            while len(self._texts) >= self._size and not self._is_stopped():
                self._embed()
            if self._is_stopped():
                return
        while self._texts and not self._is_stopped():
            self._embed()
        self._note()

    def _chunks_of(self, files: Sequence[FileRecord]) -> int:
        pinned = self._parts.pin()
        stored = pinned.stored if pinned else {}
        return sum(stored[record.relative].chunks for record in files if record.relative in stored)

    def _embed(self) -> None:
        """Send one request, and choose the size of the next by how long it took."""
        some, self._texts = self._texts[: self._size], self._texts[self._size :]
        started = time.monotonic()
        self._encoder.fill(some)
        seconds = time.monotonic() - started
        if self._made:  # the first request may have waited for the model
            self._seconds += seconds
        self._made += len(some)
        if seconds < _SHORT_SECONDS:
            self._size = min(self._size * 2, _MOST_TEXTS)
        elif seconds > _LONG_SECONDS:
            self._size = max(self._size // 2, _FEWEST_TEXTS)
        self._note()

    def _note(self) -> None:
        """Tell whoever waits, and every process that asks for statistics, how far it is."""
        done = max(min(self._seen, self._chunks) - len(self._texts), 0)
        rate = (self._made - _FIRST_TEXTS) / self._seconds if self._seconds else None
        state = self._encoder.worker.state
        note = _Note(
            self._encoder.fingerprint,
            done,
            self._before.asked + self._asked,
            self._before.made + self._made,
            rate or self._before.rate,
            state.get("device", self._before.device),
            f"{state['reason']}, {state['dtype']}" if state else self._before.reason,
            tuple(state.get("fallbacks", self._before.fallbacks)),
        )
        self._encoder.cache.note(str(self._parts.root), json.dumps(asdict(note)))
        where = f"on {note.device}" if note.device else ""
        self._tell(done, self._chunks, f"embedding {where}".rstrip())


@dataclass(frozen=True, slots=True)
class _Note:
    """How far the fills of a root are, for other processes."""

    encoder: str
    done: int = 0  #: chunks that have a vector
    asked: int = 0  #: chunks that were looked up in the cache, by all fills
    made: int = 0  #: vectors that were not there
    rate: float | None = None  #: vectors made a second, by the newest fill that made any
    device: str = ""
    reason: str = ""
    fallbacks: tuple[str, ...] = ()


def _noted(encoder: WorkerEncoder, root: Path) -> _Note:
    """Return what the newest fill of this root noted, if it was one for this model."""
    said = None
    with suppress(StoreError):  # the fill that fails for it says so
        said = encoder.cache.noted(str(root))
    note = _Note(**json.loads(said)) if said else None
    return note if note and note.encoder == encoder.fingerprint else _Note(encoder.fingerprint)


def embedding_stats(models: Models, pinned: Pinned | None, root: Path) -> EmbeddingStats | None:
    """Return how far the transformer is that the settings name; None when they name none."""
    encoder, chunks = models.behind, pinned.head.chunks if pinned else 0
    if encoder is None:
        wanted = EmbeddingStats(
            models.settings.model, is_answering=False, chunks=chunks, problem=models.problem
        )
        return wanted if models.problem else None
    note = _noted(encoder, root)
    is_answering = pinned is not None and pinned.head.encoder == encoder.fingerprint
    done = chunks - int(pinned.without_vector.sum()) if pinned and is_answering else min(note.done, chunks)
    return EmbeddingStats(
        models.settings.model,
        is_answering=is_answering,
        chunks=chunks,
        chunks_done=done,
        chunks_per_second=note.rate,
        seconds_left=(chunks - done) / note.rate if note.rate else None,
        device=note.device,
        device_reason=note.reason,
        fallbacks=tuple(note.fallbacks),
        cache_hit_rate=1 - note.made / note.asked if note.asked else None,
        problem=models.problem,
    )


def _with(report: IndexReport, stats: EmbeddingStats, seconds: float) -> IndexReport:
    """Return the report of a run with what a fill added to it."""
    stages = dict(report.seconds)
    for stage in ("embed", "total"):
        stages[stage] = stages.get(stage, 0.0) + seconds
    return replace(report, embedding=stats, seconds=stages, device=stats.device or report.device)


@contextmanager
def _only_one(directory: Path) -> Iterator[None]:
    """Hold the right to fill this root; the kernel takes it back from the dead.

    Raises:
        Timeout: Another process has it.
    """
    lock = FileLock(directory / _LOCK, thread_local=False)
    with lock.acquire(blocking=False):
        yield
