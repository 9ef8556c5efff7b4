"""The removal of a whole index that no process uses."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from leindex_mcp.errors import IndexBusyError, IndexGoneError
from leindex_mcp.store.disk import Disk, storage_errors
from leindex_mcp.store.use import unused
from leindex_mcp.store.writer_lock import WriterLock

_LAST = ("lock", "root")  # whose index it was must still be told when a removal was cut short


def remove_index(directory: Path, disk: Disk | None = None) -> bool:
    """Remove an index, or return False where another process reads or writes it.

    `HEAD` goes first: from then on there is no index, wherever the removal is cut short.

    Raises:
        StoreError: It cannot be locked or removed.
    """
    disk = disk or Disk()
    lock = WriterLock(directory, disk)
    try:
        lock.acquire(0)
        lock.verify()
    except (IndexBusyError, IndexGoneError):
        return False
    try:
        with unused(directory) as is_unused, storage_errors(directory, "removing"):
            if is_unused:
                _remove(directory, disk)
            return is_unused
    finally:
        lock.release()


def _remove(directory: Path, disk: Disk) -> None:
    disk.remove_file(directory / "HEAD", "remove.head")
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            disk.remove_directory(path, "remove")
        elif path.name not in _LAST:
            disk.remove_file(path, "remove")
    for name in _LAST:
        disk.remove_file(directory / name, "remove")
    with suppress(OSError):  # somebody has begun a new index here
        directory.rmdir()
