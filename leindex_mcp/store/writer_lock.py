"""The writer lock: at most one writer an index, and none that is dead.

Contract. The kernel releases the lock when its holder dies, so it is never stale and never broken by force.
The note beside it, which says who writes and how far it is, is for people only and may be old.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from leindex_mcp.errors import IndexBusyError, IndexGoneError
from leindex_mcp.store.disk import Disk, storage_errors

_LOCK = "lock"
_NOTE = "writer.json"
_POLL_SECONDS = 0.02
_RIDE_OUT_SECONDS = 0.06  # longer than `progress` of another process holds the lock to probe it


class Progress(NamedTuple):
    """How far the writer is."""

    pid: int
    done: int  #: files
    total: int | None  #: files, once the writer knows


class WriterLock:
    """The right to write the index in one directory, from `acquire` to `release`."""

    def __init__(self, directory: Path, disk: Disk) -> None:
        self._directory = directory
        self._disk = disk
        self._lock = _file_lock(directory, self._remember)
        self._identities: tuple[_Identity, _Identity] | None = None

    def acquire(self, wait_seconds: float) -> None:
        """Take the lock.

        Raises:
            IndexBusyError: Another process or thread still has it after *wait_seconds*.
            StoreError: The lock file cannot be made.
        """
        with storage_errors(self._directory, "locking"):
            self._disk.at("lock")
            try:
                self._lock.acquire(timeout=max(wait_seconds, _RIDE_OUT_SECONDS))
            except Timeout:
                note = _read_note(self._directory)
                raise _busy(self._directory, note) from None

    def verify(self) -> None:
        """Make sure that what is locked is still what stands at this path.

        LanceDB would silently re-create a directory that was removed, with nearly nothing in it.

        Raises:
            IndexGoneError: The directory or its lock file was removed or replaced.
        """
        try:
            found = (_identity(self._directory.stat()), _identity((self._directory / _LOCK).stat()))
        except OSError:
            found = None
        if found is None or found != self._identities:
            raise IndexGoneError(self._directory)

    def report(self, done: int, total: int | None) -> None:
        """Let other processes see how far the writer is; no run fails because they cannot."""
        note = json.dumps(Progress(os.getpid(), done, total)._asdict())
        with suppress(OSError):
            self._disk.replace(self._directory / _NOTE, note.encode(), "note", durable=False)

    def release(self) -> None:
        """Give the lock back; does nothing where it is not held."""
        if not self._lock.is_locked:
            return
        try:
            with suppress(OSError):  # the note is for people; the directory may be gone
                self._disk.remove_file(self._directory / _NOTE, "note.remove")
        finally:
            self._lock.release()

    def _remember(self, descriptor: int) -> None:
        """Keep the identity of what was locked, seen through the lock's own descriptor."""
        self._identities = (_identity(self._directory.stat()), _identity(os.fstat(descriptor)))


def read_progress(directory: Path) -> Progress | None:
    """Return how far the writer of this index is, or None where nobody writes."""
    note = _read_note(directory)
    if note is None:
        return None
    probe = _file_lock(directory)
    try:
        probe.acquire(blocking=False)
    except Timeout:
        return note
    except OSError:
        return None
    probe.release()  # the writer died and left its note
    return None


class _Identity(NamedTuple):
    device: int
    inode: int


def _identity(status: os.stat_result) -> _Identity:
    return _Identity(status.st_dev, status.st_ino)


def _file_lock(directory: Path, on_acquired: Callable[[int], None] | None = None) -> FileLock:
    # `thread_local=False`: the worker thread that commits need not be the one that took the lock.
    return FileLock(
        directory / _LOCK,
        thread_local=False,
        poll_interval=_POLL_SECONDS,
        fallback_to_soft=False,  # a lock that outlives its holder is worse than none
        on_acquired=on_acquired,
    )


def _read_note(directory: Path) -> Progress | None:
    try:
        return Progress(**json.loads((directory / _NOTE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _busy(directory: Path, note: Progress | None) -> IndexBusyError:
    if note is None:
        return IndexBusyError(directory)
    return IndexBusyError(directory, pid=note.pid, done=note.done, total=note.total)
