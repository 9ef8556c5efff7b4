"""A directory that is held open while its entries are looked at.

Where the system allows it, every step goes from an open directory to a name in it and follows no link: depth
has no limit, and a directory that is swapped for a link leads nowhere. Elsewhere (Windows) it goes by path.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple, Protocol, Self

from leindex_mcp.scan.ignore_file import read_regular_file

CAN_USE_DESCRIPTORS: Final = os.scandir in os.supports_fd and os.open in os.supports_dir_fd
_FLAGS: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)
_FLAGS_BELOW: Final = _FLAGS | getattr(os, "O_NOFOLLOW", 0)


class Entries(NamedTuple):
    """What a directory holds, in the system's order."""

    directories: list[str]
    others: list[os.DirEntry[str]]  #: files, links and whatever else; they can be asked while it is open


class OpenDirectory(Protocol):
    """One directory; what it hands out is valid until it is closed."""

    @property
    def is_open(self) -> bool:
        """Whether its children can be opened now."""

    def status(self) -> os.stat_result:
        """Return the status of the directory itself."""

    def entries(self) -> Entries:
        """Return what the directory holds."""

    def read_rule_file(self, name: str) -> bytes | None:
        """Return the content of an ignore file in it."""

    def open_child(self, name: str) -> Self:
        """Open a sub-directory, not a link to one."""

    def suspend(self) -> None:
        """Give back the system's handle while only directories below are looked at."""

    def resume(self, child: Self) -> None:
        """Take up a handle again by way of a child that is open."""

    def close(self) -> None:
        """Give back the system's handle."""


def open_directory(path: Path, *, by_descriptor: bool = CAN_USE_DESCRIPTORS) -> OpenDirectory:
    """Open the directory where a walk begins; here a link is followed."""
    return DescriptorDirectory(os.open(path, _FLAGS)) if by_descriptor else PathDirectory(str(path))


class DescriptorDirectory:
    """A directory held by a file descriptor."""

    __slots__ = ("_descriptor", "_identity", "is_open")

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        self._identity: tuple[int, int] | None = None
        self.is_open = True

    def status(self) -> os.stat_result:
        """Return the status of the directory itself."""
        return os.stat(self._descriptor if self._descriptor is not None else -1)

    def entries(self) -> Entries:
        """Return what the directory holds."""
        with os.scandir(self._descriptor) as entries:
            return _sorted_out(entries)

    def read_rule_file(self, name: str) -> bytes | None:
        """Return the content of an ignore file in it."""
        return read_regular_file(name, follows_links=False, dir_fd=self._descriptor)

    def open_child(self, name: str) -> DescriptorDirectory:
        """Open a sub-directory, not a link to one."""
        return DescriptorDirectory(os.open(name, _FLAGS_BELOW, dir_fd=self._descriptor))

    def suspend(self) -> None:
        """Close the descriptor, but remember which directory it was."""
        if self._descriptor is not None:
            self._identity = _identity(self._descriptor)
            self.close()

    def resume(self, child: DescriptorDirectory) -> None:
        """Open the directory again as the parent of its child.

        Raises:
            OSError: The child's parent is another directory by now.
        """
        if self._descriptor is not None:
            return
        if child._descriptor is None:
            raise OSError("the way back to it is lost")
        self._descriptor = os.open("..", _FLAGS_BELOW, dir_fd=child._descriptor)
        if _identity(self._descriptor) != self._identity:
            raise OSError("the directory was moved while it was scanned")
        self.is_open = True

    def close(self) -> None:
        """Close the descriptor."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            self.is_open = False


class PathDirectory:
    """A directory known by its path; it holds no handle, so it is always open."""

    is_open = True

    def __init__(self, path: str) -> None:
        self._path = path

    def status(self) -> os.stat_result:
        """Return the status of the directory itself."""
        return os.stat(self._path)

    def entries(self) -> Entries:
        """Return what the directory holds."""
        with os.scandir(self._path) as entries:
            return _sorted_out(entries)

    def read_rule_file(self, name: str) -> bytes | None:
        """Return the content of an ignore file in it."""
        path = os.path.join(self._path, name)
        return None if os.path.islink(path) else read_regular_file(path, follows_links=False)

    def open_child(self, name: str) -> PathDirectory:
        """Open a sub-directory."""
        return PathDirectory(os.path.join(self._path, name))

    def suspend(self) -> None:
        """Do nothing: no handle is held."""

    def resume(self, child: PathDirectory) -> None:
        """Do nothing: no handle is held."""

    def close(self) -> None:
        """Do nothing: no handle is held."""


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def _sorted_out(entries: Iterable[os.DirEntry[str]]) -> Entries:
    directories = []
    others = []
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            directories.append(entry.name)
        else:
            others.append(entry)
    return Entries(directories, others)
