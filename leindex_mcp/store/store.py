"""The store of one index: the door to its writer, its snapshots and its check."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

from leindex_mcp.errors import IndexDamagedError, IndexGoneError, SnapshotGoneError
from leindex_mcp.store.check import problems
from leindex_mcp.store.disk import Disk, WritePoint, storage_errors
from leindex_mcp.store.integrity import Verifier
from leindex_mcp.store.reader import Snapshot
from leindex_mcp.store.snapshot import Head, HeadIdentity, head_identity, read_head
from leindex_mcp.store.use import Use
from leindex_mcp.store.writer import Writer
from leindex_mcp.store.writer_lock import Progress, WriterLock, read_progress

Result = TypeVar("Result")

_MOVED_ON = 4  # times that a reader is overtaken before it says so: a writer that fast is a loop


class _Seen(NamedTuple):
    """The record that was read last, and the file that it was read from."""

    identity: HeadIdentity
    head: Head | None


class Store:
    """One index in *directory*; cheap to make, and safe to use from several threads and processes.

    Args:
        root: The project that the index is of; noted in it, so that `leindex clean` can tell.
        at: Called with the name of each write just before it happens, for tests.
        clock: Seconds since the epoch.
    """

    def __init__(
        self,
        directory: Path,
        *,
        root: Path | None = None,
        at: WritePoint | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.directory = directory.absolute()
        self._disk = Disk(at)
        self._use = None if root is None else Use(self.directory, root, self._disk)
        self._clock = clock
        self._verifier = Verifier(self.directory)
        self._seen: _Seen | None = None

    def head(self) -> Head | None:
        """Return what the index holds now, or None where there is none; read again only when it was replaced.

        Raises:
            IndexDamagedError: `HEAD` is not as it was written.
            IndexSchemaError: Another release wrote it.
        """
        identity = head_identity(self.directory)
        if identity is None:
            return None
        seen = self._seen
        if seen is None or seen.identity != identity:
            # Identity first: a record that is newer than its identity is only read once more.
            self._seen = seen = _Seen(identity, read_head(self.directory))
        return seen.head

    def exists(self) -> bool:
        """Return whether there is a record of an index, whole or not."""
        return head_identity(self.directory) is not None

    def size_bytes(self) -> int:
        """Return what the index takes on the disk, leftovers included."""
        # `os.walk` passes over a directory that is removed meanwhile; `Path.rglob` stops at it.
        walked = os.walk(self.directory)
        return sum(_size_bytes(Path(place, name)) for place, _, names in walked for name in names)

    def pin(self) -> Snapshot:
        """Return the snapshot that answers now; nothing that is written later is seen through it.

        Raises:
            IndexGoneError: There is no index.
            IndexDamagedError: A file is missing or cut short.
            IndexSchemaError: Another release wrote it.
        """
        head = self._require_head()
        self._note_use()
        try:
            self._verifier.require_sizes(head.generation.data)
        except IndexDamagedError:
            # The writer may have switched and cleaned up since `HEAD` was read; once is enough to tell.
            again = self._require_head()
            if again.generation.number == head.generation.number:
                raise
            self._verifier.require_sizes(again.generation.data)
            head = again
        return Snapshot(head, self.directory, self._verifier)

    def read(self, use: Callable[[Snapshot], Result]) -> Result:
        """Return what *use* makes of the snapshot that answers now; again if it is cleared away meanwhile.

        Raises:
            SnapshotGoneError: It happened time and again.
        """
        for _ in range(_MOVED_ON):
            with suppress(SnapshotGoneError):
                return use(self.pin())
        return use(self.pin())

    def is_untouched(self, head: Head) -> bool:
        """Return whether nobody wrote to the view that this store has mapped for *head*, in place."""
        view = head.view
        return view is None or view.version != head.version or self._verifier.are_untouched(view.data)

    def writer(self, wait_seconds: float = 0) -> Writer:
        """Take the writer lock, and return the writer that holds it until it is closed.

        Raises:
            IndexBusyError: Another process or thread writes, after *wait_seconds* still.
            StoreError: The directory cannot be made or locked.
        """
        with storage_errors(self.directory, "creating"):
            self._disk.make_directory(self.directory, "create")
        lock = WriterLock(self.directory, self._disk)
        lock.acquire(wait_seconds)
        self._note_use()
        return Writer(self.directory, self._disk, lock, self._verifier, self._clock)

    def progress(self) -> Progress | None:
        """Return how far the process that writes is, or None where nobody writes or it has not said."""
        return read_progress(self.directory)

    def check(self) -> list[str]:
        """Read the whole index, and return a sentence for each thing in it that is wrong.

        Raises:
            IndexSchemaError: Another release wrote it.
            StoreError: The system refuses to read it.
        """
        return list(problems(self.directory, self._verifier))

    def _note_use(self) -> None:
        if self._use is not None:
            self._use.note()

    def _require_head(self) -> Head:
        head = self.head()
        if head is None:
            raise IndexGoneError(self.directory)
        return head


def _size_bytes(path: Path) -> int:
    """Return the size of a file that may be removed at any moment; a directory has none."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0
