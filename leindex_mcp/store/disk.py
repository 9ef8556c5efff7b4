"""Durable writes: every change that the store itself makes on disk passes here, under a name."""

from __future__ import annotations

import errno
import mmap
import os
import re
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import xxhash

from leindex_mcp.errors import IndexDamagedError, StoreError
from leindex_mcp.process.shortage import REMEDIES, errno_of

WritePoint = Callable[[str], None]
"""Called with the name of a write just before it happens; tests raise or kill from it."""

_REMEDIES = {
    errno.ENOSPC: "free some space and index again",
    errno.EDQUOT: "free some of your quota and index again",
    errno.EACCES: "make it writable, or set LEINDEX_HOME to a directory that is",
    errno.EPERM: "make it writable, or set LEINDEX_HOME to a directory that is",
    errno.EROFS: "set LEINDEX_HOME to a writable directory",
    **{number: f"{remedy} and index again" for number, remedy in REMEDIES.items()},
    errno.EFBIG: "raise the limit of file sizes (ulimit -f) and index again",
    errno.EIO: "check the disk, or set LEINDEX_HOME to another one",
}
# An index can be made anew: nothing in it is precious.
_LAST_REMEDY = "index again; if that fails too, remove what is there, or set LEINDEX_HOME to another place"
_CAN_SYNC_DIRECTORIES = os.name != "nt"
_CANNOT_SYNC = {errno.EINVAL, errno.ENOTSUP}  # what some network file systems say to a directory
_PANICS = {"pyo3_runtime", "pyo3_async_runtimes"}
_NATIVE_ERRNO = re.compile(r"\(os error (\d+)\)|Os \{ code: (\d+)")  # how Rust code quotes the system


class Disk:
    """The writing half of the file system, with a name for each write."""

    def __init__(self, at: WritePoint | None = None) -> None:
        self.at: WritePoint = at or _nowhere

    def make_directory(self, directory: Path, point: str) -> None:
        """Create *directory* and its parents, for its owner only."""
        self.at(point)
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def replace(self, path: Path, content: bytes, point: str, *, durable: bool = True) -> None:
        """Give *path* this content whole or not at all; after a power loss too if *durable*."""
        temporary = path.with_name(f"{path.name}.tmp")
        self.at(f"{point}.write")
        with temporary.open("wb") as stream:
            stream.write(content)
            if durable:
                stream.flush()
                self.at(f"{point}.sync")
                os.fsync(stream.fileno())
        self.at(f"{point}.rename")
        temporary.replace(path)
        if durable:
            self.sync_directories([path.parent], f"{point}.sync-directory")

    def sync(self, paths: Iterable[Path], point: str) -> None:
        """Force the content of *paths* to the disk."""
        for path in paths:
            self.at(point)
            _fsync(path)

    def sync_directories(self, directories: Iterable[Path], point: str) -> None:
        """Force the entries of *directories* to the disk, where the system can."""
        if not _CAN_SYNC_DIRECTORIES:
            return
        for directory in directories:
            self.at(point)
            try:
                _fsync(directory)
            except OSError as error:
                if error.errno not in _CANNOT_SYNC:
                    raise

    def remove_directory(self, directory: Path, point: str) -> None:
        """Remove a tree that nothing refers to; what cannot be removed now stays for the next time."""
        self.at(point)
        shutil.rmtree(directory, ignore_errors=True)

    def remove_file(self, path: Path, point: str) -> None:
        """Remove *path* if it is there."""
        self.at(point)
        path.unlink(missing_ok=True)


def digest(path: Path) -> int:
    """Return xxh3_64 of the file's bytes, without copying them."""
    with path.open("rb") as stream:
        if os.fstat(stream.fileno()).st_size == 0:
            return xxhash.xxh3_64_intdigest(b"")
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return xxhash.xxh3_64_intdigest(content)


@contextmanager
def storage_errors(directory: Path, doing: str) -> Iterator[None]:
    """Turn what LanceDB, Arrow or the system raise inside into one `StoreError` with a remedy."""
    try:
        yield
    except StoreError:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        raise StoreError(f"{doing} the index in {directory} failed: {_sentence(error)}") from error
    except BaseException as error:
        _raise_unless_panic(error)
        raise StoreError(
            f"{doing} the index in {directory} failed inside LanceDB: {_sentence(error)}"
        ) from error


@contextmanager
def reading_errors(directory: Path, what: str = "") -> Iterator[None]:
    """Turn what LanceDB, Arrow or the system raise inside into damage, unless the system merely refuses.

    A process that has run out of descriptors must not take its index for damaged, and build it anew.
    """
    of_what = f"{what}: " if what else ""
    try:
        yield
    except StoreError:
        raise
    except BaseException as error:
        if not isinstance(error, (OSError, RuntimeError, ValueError)):
            _raise_unless_panic(error)
        if _errno(error) in _REMEDIES:
            raise StoreError(
                f"reading the index in {directory} failed: {of_what}{_sentence(error)}"
            ) from error
        raise IndexDamagedError(directory, f"{of_what}{_said(error)}") from error


def _sentence(error: BaseException) -> str:
    """Return what the system said, and what can be done about it."""
    return f"{_said(error)}; {_REMEDIES.get(_errno(error) or 0, _LAST_REMEDY)}"


def _said(error: BaseException) -> str:
    number = _errno(error)
    return str(error).partition("\n")[0] if number is None else os.strerror(number)


def _errno(error: BaseException) -> int | None:
    """Return the system's number for the error, also where LanceDB passed it on as text."""
    quoted = _NATIVE_ERRNO.search(str(error))
    return errno_of(error) or (int(quoted[1] or quoted[2]) if quoted else None)


def _raise_unless_panic(error: BaseException) -> None:
    """Let everything pass but a panic in Rust code, whose classes cannot be imported, and want of memory."""
    if type(error).__module__ not in _PANICS and not isinstance(error, MemoryError | ImportError):
        raise error


def _fsync(path: Path) -> None:
    # Windows flushes only what was opened for writing; elsewhere a directory opens only for reading.
    descriptor = os.open(path, os.O_RDONLY if _CAN_SYNC_DIRECTORIES else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _nowhere(_point: str) -> None:
    """Let every write pass."""
