"""Indexing, top to bottom: scan a tree, extract its changed files, embed their chunks, store them."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from anyio import CapacityLimiter, create_memory_object_stream, create_task_group, to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from leindex_mcp import words
from leindex_mcp.batch_plan import batches_of
from leindex_mcp.embed.encoder import Encoder
from leindex_mcp.errors import (
    IndexDamagedError,
    IndexGoneError,
    RootVanishedError,
    ScanTimeoutError,
)
from leindex_mcp.extract.document import read_documents
from leindex_mcp.pinned import Pinned
from leindex_mcp.pinned_update import PinnedUpdate, PinnedWhole, publish
from leindex_mcp.process.garbage import without_collections
from leindex_mcp.process.one_error import one_error
from leindex_mcp.process.peak_memory import peak_memory_bytes
from leindex_mcp.records import Batch, Document, FileRecord, IndexReport, Skipped, StoredFile
from leindex_mcp.scan.file_stat_cache import FileStatCache
from leindex_mcp.scan.freshness import changes, is_unchanged, settled
from leindex_mcp.scan.parallel_scanner import ParallelScanner, ScanResult
from leindex_mcp.settings import Settings
from leindex_mcp.store import Store, Writer
from leindex_mcp.turn import Progress, turn

logger = logging.getLogger("leindex.indexing")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a run works on, and with."""

    root: Path
    settings: Settings
    encoder: Callable[[], Encoder]  #: the one to write with, by what the index holds now
    store: Store
    cache: FileStatCache
    pin: Callable[[], Pinned | None]
    again: frozenset[str] = frozenset()  #: files to be written again though nobody changed them


async def index(parts: Parts, *, force: bool = False, on_progress: Progress | None = None) -> IndexReport:
    """Bring the index up to date with the files below the root; unchanged files are not read.

    Several processes may call this for one root: one writes, the others wait and then find little to do.
    Cancelling keeps every batch that was committed.

    Args:
        force: Build a new index beside the old one, and believe a root that lost all its files.

    Raises:
        RootVanishedError: The root lost all its files, and *force* is not given.
        ScanTimeoutError: The walk took too long; what was seen is indexed, nothing is removed.
        StoreError: The index could not be written.
    """
    run = _Run(parts, force=force, tell=on_progress or (lambda *_: None))
    with one_error():
        if force or not await run.is_up_to_date():
            async with turn(parts.store, run.tell) as writer:
                with without_collections():
                    await run.catch_up(writer)
    return await run.report()


class _Run:
    """One run of `index`: the stages, and what they have done so far."""

    def __init__(self, parts: Parts, *, force: bool, tell: Progress) -> None:
        self.tell = tell
        self._parts = parts
        self._encoder: Encoder
        self._force = force
        self._threads = CapacityLimiter(parts.settings.performance.parallel_processor.max_workers)
        self._started = time.perf_counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._scan: ScanResult | None = None
        self._compared: dict[str, StoredFile] | None = None
        self._update: PinnedUpdate | PinnedWhole = PinnedUpdate()
        self._changed: Sequence[FileRecord] = ()
        self._removed: Sequence[str] = ()
        self._indexed = 0
        self._bytes_read = 0

    async def is_up_to_date(self) -> bool:
        """Compare the tree with the snapshot in memory: an unchanged project needs no lock and no table."""
        pinned = await to_thread.run_sync(self._parts.pin)
        if pinned is None or not pinned.head.complete or pinned.is_view_lost:
            return False
        self._encoder = await to_thread.run_sync(self._parts.encoder)
        if pinned.head.encoder != self._encoder.fingerprint:
            return False
        self._update, self._scan = PinnedUpdate(pinned), (scan := await self._walk())
        # Whole columns first: for a tree that nobody touched, nothing is built file by file.
        if not self._parts.again and await to_thread.run_sync(
            is_unchanged, scan, pinned.corpus.paths, pinned.fingerprints.tolist()
        ):
            return True
        await self._tell_apart(scan, await to_thread.run_sync(lambda: pinned.stored))
        return not self._changed and not self._removed

    async def catch_up(self, writer: Writer) -> None:
        """Write what differs, or all of it where what is stored proves damaged."""
        try:
            with one_error():
                await self._write(writer, rebuild=self._force)
        except IndexDamagedError as damage:
            logger.warning("%s: it is made anew", damage.problem)
            self._indexed = self._bytes_read = 0
            await self._write(writer, rebuild=True)

    async def _write(self, writer: Writer, *, rebuild: bool) -> None:
        """Write what differs; compare again if somebody else has written meanwhile."""
        # Asked again under the lock: another run may have let another model answer meanwhile.
        self._encoder = encoder = await to_thread.run_sync(self._parts.encoder)
        stored = await to_thread.run_sync(
            lambda: writer.begin(encoder=encoder.fingerprint, dim=encoder.dim, rebuild=rebuild)
        )
        if not stored:
            self._update = PinnedWhole()
        if stored != self._compared:
            await self._compare(stored)
        writer.expect(len(self._scan.records) if self._scan else 0)
        if stored:
            writer.report_progress(0, len(self._changed))  # before the first switch: readers go by it
        await self._replace_changed(writer)
        await self._remove_deleted(writer)
        with self._timing("store"):
            await to_thread.run_sync(publish, self._update, self._parts.store, writer)

    # ------------------------------------------------------------ scan

    async def _compare(self, stored: dict[str, StoredFile]) -> None:
        """Walk the tree and tell what of it is not stored as it is."""
        self._scan = await self._walk()
        await self._tell_apart(self._scan, stored)

    async def _tell_apart(self, scan: ScanResult, stored: dict[str, StoredFile]) -> None:
        if stored and not scan.records and not self._force:
            raise RootVanishedError(self._parts.root, len(stored))
        work = await to_thread.run_sync(changes, scan, stored, self._parts.again)
        self._compared, self._changed, self._removed = stored, work.changed, work.removed

    async def _walk(self) -> ScanResult:
        """Walk the tree in a thread that stops soon after a cancellation."""
        cancelled = threading.Event()
        scanner = ParallelScanner(self._parts.root, self._parts.settings, cache=self._parts.cache)
        try:
            with self._timing("scan"):
                return await to_thread.run_sync(
                    lambda: scanner.scan(lambda files: self.tell(files, None, "scanning"), cancelled.is_set),
                    abandon_on_cancel=True,
                )
        finally:
            cancelled.set()

    # ------------------------------------------------------------ extract, embed, store

    async def _replace_changed(self, writer: Writer) -> None:
        """Send the changed files through the stages, a batch at a time, each batch one commit."""
        workers = self._parts.settings.performance.parallel_processor.max_workers
        records_out, records_in = create_memory_object_stream[Sequence[FileRecord]](workers)
        batches_out, batches_in = create_memory_object_stream[Batch](1)
        async with create_task_group() as stages:
            stages.start_soon(self._plan, records_out)
            for _ in range(workers):
                stages.start_soon(self._prepare, records_in.clone(), batches_out.clone())
            records_in.close()
            batches_out.close()  # the clones keep both streams open until the last worker leaves
            stages.start_soon(self._commit, writer, batches_in)

    async def _plan(self, out: MemoryObjectSendStream[Sequence[FileRecord]]) -> None:
        """Cut the changed files into batches."""
        batch_size = self._parts.settings.performance.parallel_processor.batch_size
        async with out:
            for records in batches_of(self._changed, batch_size):
                await out.send(records)

    async def _prepare(
        self,
        records_in: MemoryObjectReceiveStream[Sequence[FileRecord]],
        out: MemoryObjectSendStream[Batch],
    ) -> None:
        """Read, cut and embed batches of files until there are no more."""
        max_bytes = self._parts.settings.file_filtering.max_file_size
        async with records_in, out:
            async for records in records_in:
                read_ns = time.time_ns()
                with self._timing("extract"):
                    results = await read_documents(
                        self._parts.root, records, max_bytes=max_bytes, limiter=self._threads
                    )
                with self._timing("embed"):
                    batch = await to_thread.run_sync(
                        embedded, self._encoder, results, read_ns, limiter=self._threads
                    )
                await out.send(batch)

    async def _commit(self, writer: Writer, batches_in: MemoryObjectReceiveStream[Batch]) -> None:
        """Write the batches in turn, each in one commit."""
        total = len(self._changed)
        async with batches_in:
            async for batch in batches_in:
                with self._timing("store"):
                    await to_thread.run_sync(writer.commit, batch)
                self._update.add(batch)
                self._indexed += len(batch.documents)
                self._bytes_read += sum(d.record.fingerprint.size_bytes for d in batch.documents)
                writer.report_progress(self._indexed, total)
                self.tell(self._indexed, total, "indexing")

    async def _remove_deleted(self, writer: Writer) -> None:
        """Take out the files that are gone, unless the walk did not see everything."""
        if self._removed:
            removal = replace(embedded(self._encoder, ()), removed=tuple(self._removed))
            with self._timing("store"):
                await to_thread.run_sync(writer.commit, removal)
            self._update.add(removal)

    # ------------------------------------------------------------ report

    @contextmanager
    def _timing(self, stage: str) -> Iterator[None]:
        """Add the wall time of the block to *stage*; workers that overlap add up."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds[stage] += time.perf_counter() - start

    async def report(self) -> IndexReport:
        """Close the run.

        Raises:
            ScanTimeoutError: The walk was cut short, so there may be more than what was indexed.
        """
        pinned, scan = await to_thread.run_sync(self._parts.pin), self._scan
        if scan is None or pinned is None:
            raise IndexGoneError(self._parts.store.directory)
        if not scan.complete:
            timeout_seconds = self._parts.settings.performance.parallel_scanner.timeout_seconds
            raise ScanTimeoutError(self._parts.root, timeout_seconds)
        seconds = {**self._seconds, "match": scan.statistics.matching_seconds}
        return IndexReport(
            root=str(self._parts.root),
            files=len(pinned.corpus) - sum(pinned.skipped.values()),
            chunks=pinned.head.chunks,
            indexed=self._indexed,
            unchanged=len(scan.records) - len(self._changed),
            removed=len(self._removed),
            bytes_read=self._bytes_read,
            skipped=dict(Counter(scan.statistics.skipped) + Counter(pinned.skipped)),
            seconds=seconds | {"total": time.perf_counter() - self._started},
            stat_cache_hit_rate=self._parts.cache.get_stats()["hit_rate"],
            pattern_hit_rate=scan.statistics.verdict_hit_rate,
            peak_memory_bytes=peak_memory_bytes(),
        )


def embedded(encoder: Encoder, results: Sequence[Document | Skipped], read_ns: int = 0) -> Batch:
    """Count the words of all chunks once: the keyword terms and the vectors both come from them."""
    documents = tuple(_settled(result, read_ns) for result in results if isinstance(result, Document))
    chunks = [chunk for document in documents for chunk in document.chunks]
    counts = words.count([chunk.text for chunk in chunks])
    return Batch(
        documents=documents,
        terms=words.keyword_terms(counts),
        vectors=encoder.encode_chunks(chunks, counts),
        removed=tuple(result.relative for result in results if isinstance(result, Skipped)),
    )


def _settled(document: Document, read_ns: int) -> Document:
    """Distrust the fingerprint of a file that changed a moment before it was read."""
    fingerprint = settled(document.record.fingerprint, read_ns)
    if fingerprint == document.record.fingerprint:
        return document
    return replace(document, record=replace(document.record, fingerprint=fingerprint))
