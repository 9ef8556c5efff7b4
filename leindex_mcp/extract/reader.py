"""The bytes of files below a root, read without ever following a link out of it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import aiofiles.os
import xxhash
from anyio import CancelScope, CapacityLimiter

from leindex_mcp.extract.decoding import decode
from leindex_mcp.records import FileRecord, Fingerprint, Skipped, SkipReason

T = TypeVar("T")

_HAS_DIRECTORY_FDS = os.open in os.supports_dir_fd
_ROOT = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_DIRECTORY = _ROOT | getattr(os, "O_NOFOLLOW", 0)
# O_NONBLOCK: opening a pipe that took the place of a file must not wait for a writer.
_FILE = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


@dataclass(frozen=True, slots=True)
class Source:
    """One file as it was read."""

    text: str  #: every line ends in a bare newline; empty when skipped
    content_hash: int  #: xxh3_64 of the bytes on disk
    size_bytes: int  #: bytes read
    fingerprint: Fingerprint  #: taken before the first byte was read: a later change cannot hide behind it
    skip: SkipReason | None = None  #: BINARY when the bytes are no text


class TreeReader:
    """Reads files of one tree; keeps the directory of the last file open, so sorted paths read fastest.

    Not safe for use by two threads at once. Close it, or use it as a context manager.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root)
        self._parent: tuple[str, ...] | None = None
        self._parent_fd: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the directory that is held open."""
        if self._parent_fd is not None:
            os.close(self._parent_fd)
        self._parent = self._parent_fd = None

    def read(self, record: FileRecord, max_bytes: int) -> Source | Skipped:
        """Read the file whole, or say why not; a vanished or replaced file is a skip, never an error."""
        try:
            fd = self._open(record.relative)
        except ValueError:
            return Skipped(record.relative, SkipReason.UNREADABLE, "not a name that the system can open")
        except OSError as exc:
            is_link = exc.errno == errno.ELOOP
            reason = SkipReason.SYMLINK if is_link else SkipReason.UNREADABLE
            return Skipped(record.relative, reason, exc.strerror or str(exc))
        try:
            return _read_open_file(fd, record.relative, max_bytes)
        except OSError as exc:
            return Skipped(record.relative, SkipReason.UNREADABLE, exc.strerror or str(exc))
        finally:
            os.close(fd)

    def _open(self, relative: str) -> int:
        parts = relative.split("/")
        if not {"", ".", ".."}.isdisjoint(parts):
            raise OSError(errno.EINVAL, "not a path below the root")
        if not _HAS_DIRECTORY_FDS:
            return _open_by_path(self._root, relative)
        *parent, name = parts
        return os.open(name, _FILE, dir_fd=self._directory(tuple(parent)))

    def _directory(self, parent: tuple[str, ...]) -> int:
        """Open *parent* one name at a time: O_NOFOLLOW guards only the last name of a path."""
        if self._parent == parent and self._parent_fd is not None:
            return self._parent_fd
        self.close()
        fd = os.open(self._root, _ROOT)  # which may be a link: the user named it
        for name in parent:
            outer = fd
            try:
                fd = os.open(name, _DIRECTORY, dir_fd=outer)
            finally:
                os.close(outer)
        self._parent, self._parent_fd = parent, fd
        return fd


def read(root: Path, record: FileRecord, max_bytes: int) -> Source | Skipped:
    """Read one file below *root*; for many files `TreeReader` is cheaper."""
    with TreeReader(root) as reader:
        return reader.read(record, max_bytes)


async def in_thread(work: Callable[[], T], *, limiter: CapacityLimiter) -> T:
    """Run *work* in a worker thread; the one hop that a whole batch of files pays.

    A thread cannot be interrupted, so cancellation waits for it: none outlives its caller's scope.
    """
    hop = aiofiles.os.wrap(work)
    async with limiter:
        with CancelScope(shield=True):
            result = await hop()
    return result


def _open_by_path(root: str, relative: str) -> int:
    """Open where directories have no descriptors: refuse a path that any link leads elsewhere."""
    path = os.path.join(os.path.realpath(root), *relative.split("/"))
    if os.path.realpath(path) != path:
        raise OSError(errno.ELOOP, "a link is on the way")
    return os.open(path, _FILE)


def _read_open_file(fd: int, relative: str, max_bytes: int) -> Source | Skipped:
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        return Skipped(relative, SkipReason.SPECIAL, "not a regular file")
    data = _read_up_to(fd, status.st_size, max_bytes)
    if data is None:
        return Skipped(relative, SkipReason.SIZE, f"more than {max_bytes} bytes")
    text = decode(data)
    return Source(
        text=text or "",
        content_hash=xxhash.xxh3_64_intdigest(data),
        size_bytes=len(data),
        fingerprint=Fingerprint(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino),
        skip=SkipReason.BINARY if text is None else None,
    )


def _read_up_to(fd: int, expected_bytes: int, max_bytes: int) -> bytes | None:
    """Read to the end, whatever the size was said to be; None when that is more than *max_bytes*."""
    if expected_bytes > max_bytes:
        return None
    data = os.read(fd, expected_bytes + 1)
    if len(data) == expected_bytes:
        return data
    # The file grew or shrank since: only an empty read means the end.
    while len(data) <= max_bytes:
        more = os.read(fd, max_bytes + 1 - len(data))
        if not more:
            return data
        data += more
    return None
