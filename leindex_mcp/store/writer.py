"""The writing half of a store: batches in, one switch of `HEAD` a batch.

Contract. A writer exists only while it holds the writer lock. It writes to one generation: the one that
answers, or one begun beside it. What it wrote since the last switch is invisible to every reader, and is
rolled back before the next write if the switch did not happen.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.errors import IndexDamagedError, IndexSchemaError, StoreError
from leindex_mcp.records import Batch, StoredFile
from leindex_mcp.store.disk import Disk, reading_errors, storage_errors
from leindex_mcp.store.generation import OpenGeneration
from leindex_mcp.store.integrity import Verifier
from leindex_mcp.store.retirement import next_number, still_needed, sweep
from leindex_mcp.store.room import require_files, require_room, size_of
from leindex_mcp.store.schema import FILES
from leindex_mcp.store.snapshot import Generation, Head, View, read_head, write_head
from leindex_mcp.store.view import require_names, write_view
from leindex_mcp.store.writer_lock import WriterLock

logger = logging.getLogger("leindex.store")

_DEAD_SHARE = 0.2  # above it, skipping dead rows costs readers more than one rewrite
_MANY_FILES = 200  # about fifty small commits; every reader opens all of them
_CHUNKS_A_FILE = 500  # a bulk commit holds more, so a large index is allowed more files


class Writer:
    """Writes one index; made by `Store.writer`, closed by `close` or its `with` block."""

    def __init__(
        self, directory: Path, disk: Disk, lock: WriterLock, verifier: Verifier, clock: Callable[[], float]
    ) -> None:
        self._directory = directory
        self._disk = disk
        self._lock = lock
        self._verifier = verifier
        self._clock = clock
        self._head: Head | None = None
        # Random at first: no reader may take an index for the one that stood here before it was removed.
        self._last_version = secrets.randbits(48)
        self._record: Generation | None = None  # what is written to, as at its last switch
        self._open: OpenGeneration | None = None  # None: to be opened, and rolled back, before the next write

    def begin(self, *, encoder: str, dim: int, rebuild: bool = False) -> dict[str, StoredFile]:
        """Open the index for vectors of this encoder, and return what is stored of each file.

        An index of another encoder or an older release, a damaged one, and with *rebuild* any, is built anew:
        what is whole answers until `finish`. A build that was cut short is continued by the next `begin`.

        Raises:
            IndexSchemaError: A newer release wrote the index.
            StoreError: The index cannot be read or written.
        """
        with self._changing("opening"):
            self._head = self._whole_head(thorough=rebuild)
            continued = None if rebuild else self._continued(encoder, dim)
            self._open = continued or self._new_generation(encoder, dim)
            self._record = self._open.record
            return self._open.files()

    def expect(self, files: int) -> None:
        """Raise `IndexTooLargeError` if the index may not hold that many files, before a long run."""
        require_files(self._directory, files)

    @property
    def head(self) -> Head | None:
        """Return the record that counts now; None before the first commit of a new index."""
        return self._head

    def files(self) -> dict[str, StoredFile]:
        """Return what is stored of each file now, by relative path."""
        with self._changing("opening"):
            return self._opened().files()

    def commit(self, batch: Batch) -> Head:
        """Replace the batch's files and remove those that it names: all of it, or nothing.

        Raises:
            DiskFullError: The disk has no room for it.
            IndexGoneError: The index directory was removed or replaced.
            IndexTooLargeError: The index would grow too large.
            StoreError: It could not be written; the last snapshot stands, and the batch may be tried again.
        """
        _require_fit(batch, self._begun())
        with self._changing("writing"):
            generation = self._opened()
            require_room(self._directory, size_of(batch), generation.record.data)
            self._open = None  # not to be written to again unless the switch happens
            record = generation.write(batch)
            head = self._switch(self._head_with(record))
            self._record, self._open = record, generation
        return head

    def publish_view(self, arrays: Mapping[str, NDArray[np.generic]]) -> Head:
        """Let readers map these arrays, which were derived from the snapshot that answers now."""
        require_names(arrays)
        with self._changing("writing"):
            head = self._head_with(self._begun()) if self._head is None else self._head
            view = View(next_number(self._directory, "view"), head.version)
            require_room(self._directory, sum(array.nbytes for array in arrays.values()))
            written = write_view(view, arrays, self._directory, self._disk)
            head = self._switch(replace(head, view=written))
            # No generation: the one that is being built is not named before its first commit.
            sweep(self._directory, head, self._disk, ["view"])
            return head

    def finish(self) -> Head:
        """Let what was written answer, rewrite it if it is worn, and remove what nobody needs any more."""
        with self._changing("writing"):
            opened, now = self._opened(), self._clock()
            record = opened.record
            head = self._head or self._head_with(record)
            if head.generation.number != record.number:
                head = head.promoting(record, now)
            if _is_worn(record, opened.files_on_disk):
                head = self._rewritten(head, now)
            head = replace(head, complete=True, building=None, retired=still_needed(head.retired, now))
            if head != self._head:
                self._switch(head)
            if head.generation != record:
                self._record, self._open = head.generation, None
            sweep(self._directory, head, self._disk)
            return head

    def report_progress(self, done: int, total: int | None) -> None:
        """Let other processes see how many files are done."""
        self._lock.report(done, total)

    def close(self) -> None:
        """Release the writer lock; what was committed stays."""
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _changing(self, doing: str) -> Iterator[None]:
        self._lock.verify()
        try:
            with storage_errors(self._directory, doing):
                yield
        except StoreError as error:
            self._blame_damage(error)
            raise

    def _blame_damage(self, error: StoreError) -> None:
        """Raise `IndexDamagedError` where that is the reason: LanceDB may say anything of a damaged file."""
        try:
            self._verifier.require_content(self._record.data if self._record else ())
        except IndexDamagedError as damage:
            raise damage from error
        except StoreError:
            return  # what hinders the write hinders this too

    def _begun(self) -> Generation:
        if self._record is None:
            raise RuntimeError("a writer must `begin` before it writes")
        return self._record

    def _opened(self) -> OpenGeneration:
        """Return the generation being written, at its last switch."""
        if self._open is None:
            record = self._begun()
            self._head = self._whole_head()  # a switch that reported an error may have happened
            named = (self._head.generation, self._head.building) if self._head else ()
            self._record = next((each for each in named if each and each.number == record.number), record)
            self._open = OpenGeneration(self._record, self._directory, self._disk)
        return self._open

    def _whole_head(self, *, thorough: bool = False) -> Head | None:
        """Return the record on disk if what it names can answer, else None."""
        try:
            head = read_head(self._directory)
            if head is None:
                return None
            self._last_version = head.version
            self._require_whole(head.generation, thorough=thorough)
        except IndexDamagedError as damage:
            logger.warning("%s", damage)
            return None
        except IndexSchemaError as other:
            if other.found > other.known:
                raise
            logger.info("%s", other)
            return None
        return head

    def _require_whole(self, generation: Generation, *, thorough: bool) -> None:
        """Check all sizes, and the content of what a writer reads; *thorough* checks all content."""
        self._verifier.require_sizes(generation.data)
        self._verifier.require_content(generation.data if thorough else generation.data_of(FILES))

    def _continued(self, encoder: str, dim: int) -> OpenGeneration | None:
        """Return the generation that can take more files, an unfinished one first; None if there is none."""
        for generation in (self._head.building, self._head.generation) if self._head else ():
            if generation is None or (generation.encoder, generation.dim) != (encoder, dim):
                continue
            try:
                with reading_errors(self._directory):
                    self._require_whole(generation, thorough=False)
                    return OpenGeneration(generation, self._directory, self._disk)
            except IndexDamagedError as damage:
                logger.warning("%s", damage)
                if self._head and generation == self._head.generation:
                    self._head = None  # it cannot answer, so what is built does from its first commit
        return None

    def _new_generation(self, encoder: str, dim: int) -> OpenGeneration:
        number = next_number(self._directory, "generation")
        return OpenGeneration.create(Generation(number, encoder, dim), self._directory, self._disk)

    def _head_with(self, record: Generation) -> Head:
        """Return what `HEAD` is to say once *record* is written."""
        now = self._clock()
        if self._head is None:
            return Head(self._last_version + 1, created=now, updated=now, generation=record)
        if self._head.generation.number != record.number:
            return replace(self._head, building=record)
        version = self._head.version + 1
        return replace(self._head, version=version, updated=now, generation=record, building=None)

    def _switch(self, head: Head) -> Head:
        self._lock.verify()  # as late as can be: what was removed must not come back half
        write_head(head, self._directory, self._disk)
        self._head, self._last_version = head, head.version
        return head

    def _rewritten(self, head: Head, now: float) -> Head:
        """Return *head* with its rows copied to a new generation, or as it is where that fails."""
        old = head.generation
        try:
            with storage_errors(self._directory, "rewriting"):
                self._verifier.require_content(old.data)  # a copy must not give damage a valid digest
                require_room(self._directory, sum(file.size_bytes for file in old.data))
                copy = self._new_generation(old.encoder, old.dim).copy_of(old)
        except StoreError as error:
            logger.warning("%s; the index stays as it is", error)
            return head
        return replace(head.retiring(old.directory, now), generation=copy)


def _is_worn(generation: Generation, files_on_disk: int) -> bool:
    """Return whether rewriting the generation saves its readers more than it costs."""
    dead = generation.dead_chunks > _DEAD_SHARE * (generation.chunks + generation.dead_chunks)
    return dead or files_on_disk > _MANY_FILES + generation.chunks / _CHUNKS_A_FILE


def _require_fit(batch: Batch, generation: Generation) -> None:
    """Raise ValueError for a batch whose parts do not belong together: a mistake of ours."""
    chunks = sum(len(document.chunks) for document in batch.documents)
    if len(batch.terms.offsets) != chunks + 1:
        raise ValueError(f"{len(batch.terms.offsets) - 1} rows of terms for {chunks} chunks")
    if batch.vectors.shape != (chunks, generation.dim):
        raise ValueError(f"vectors of shape {batch.vectors.shape} for {chunks} chunks of {generation.dim}")
    if not np.isfinite(batch.vectors).all():
        raise ValueError("a vector is not finite")
    if len({document.record.relative for document in batch.documents}) != len(batch.documents):
        raise ValueError("a file stands twice in one batch")
