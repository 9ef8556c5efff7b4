"""The use of an index: whose it is, when it was used last, and that a process uses it now.

Contract. A file beside `HEAD` holds the path of the project; its time is that of the last use. Each process
that reads or writes the index keeps that file open under a shared lock, which the kernel releases with it.
None of it is needed for an answer: on a read-only disk there is none, and nothing else changes.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from leindex_mcp.store.disk import Disk

if sys.platform != "win32":  # pragma: no branch  # nobody has tested on Windows yet
    import fcntl

_NAME = "root"


class LastUse(NamedTuple):
    """What an index tells of its use."""

    root: Path | None  #: the project; None where nobody has noted it
    at: float  #: seconds since the epoch


class Use:
    """The use that this process makes of the index of *root* in *directory*."""

    def __init__(self, directory: Path, root: Path, disk: Disk) -> None:
        self._path = directory / _NAME
        self._root = root
        self._disk = disk
        self._held: int | None = None  # descriptor
        self._close: Callable[[], object]

    def note(self) -> None:
        """Let others see that the index is used, now and as long as this process lives; never fails."""
        with suppress(OSError):
            if not self._path.exists():
                self._disk.replace(self._path, os.fsencode(self._root), "use", durable=False)
            self._hold()
            os.utime(self._path)

    def _hold(self) -> None:
        if self._held is not None:
            if os.path.samestat(os.fstat(self._held), self._path.stat()):
                return
            self._close()  # the index was removed, and another one stands in its place
        self._held = os.open(self._path, os.O_RDONLY)
        self._close = weakref.finalize(self, os.close, self._held)
        if sys.platform != "win32":  # pragma: no branch  # as above
            fcntl.flock(self._held, fcntl.LOCK_SH | fcntl.LOCK_NB)


def last_use(directory: Path) -> LastUse | None:
    """Return what an index tells of its use; None where there is no trace of one."""
    times = []
    for name in (_NAME, "HEAD", "lock"):
        with suppress(OSError):
            times.append((directory / name).stat().st_mtime)
    root = None
    with suppress(OSError):
        root = Path(os.fsdecode((directory / _NAME).read_bytes()))
    return LastUse(root, max(times)) if times else None


@contextmanager
def unused(directory: Path) -> Iterator[bool]:
    """Tell whether no process uses the index, and let none note its use until the end of the block.

    On Windows this always says yes: what a process has open cannot be removed there.
    """
    try:
        descriptor = os.open(directory / _NAME, os.O_RDONLY)
    except FileNotFoundError:
        yield True
        return
    try:
        yield _is_alone(descriptor)
    finally:
        os.close(descriptor)


def _is_alone(descriptor: int) -> bool:
    if sys.platform != "win32":  # pragma: no branch  # as above
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
