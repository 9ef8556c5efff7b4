"""What a path looks like at one moment, to be compared with what it looks like later."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable
from typing import Final

Sight = tuple[int, ...]
"""Device, inode, size, modification and change time; empty for nothing there or nothing to believe."""

Note = Callable[[str | os.PathLike[str]], None]
"""Is told of a path before anything about it is believed."""

#: A second change within a tick of the file system's clock may leave no trace. Those that keep nanoseconds
#: tick with the kernel, at least 100 times a second; the coarsest in use (FAT) keeps every other second.
_FINE_TICK_NS: Final = 20_000_000
_COARSE_TICK_NS: Final = 2_000_000_000
_MILLISECOND_NS: Final = 1_000_000
_IS_CTIME_CREATION: Final = os.name == "nt"
_FOREVER_NS: Final = 2**63  # later than any change
_ABSENT: Final = (0,)
_DIRECTORY: Final = (1,)


def sight_of(status: os.stat_result) -> Sight:
    """Return what a status says of a path, whoever asked for it and when."""
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def believed(status: os.stat_result, seen_ns: int) -> Sight:
    """Return the sight of something that is listed or read from *seen_ns* on; empty if it changed too late.

    An empty sight equals none that is compared with it, so whoever compares looks closer.
    """
    is_settled = is_long_past(status.st_mtime_ns, status.st_ctime_ns, seen_ns)
    return sight_of(status) if is_settled else ()


def is_long_past(mtime_ns: int, ctime_ns: int, now_ns: int) -> bool:
    """Return whether a change after *now_ns* cannot have left these times as they are.

    git's racy rule. The change time is what counts: no program can set it back.
    """
    changed_ns = max(mtime_ns, ctime_ns) if _IS_CTIME_CREATION else ctime_ns
    tick_ns = _FINE_TICK_NS if changed_ns % _MILLISECOND_NS else _COARSE_TICK_NS
    return changed_ns < now_ns - tick_ns


class Evidence:
    """The files outside a walk's own listings that decided it: rule files, git's files, and their absence.

    Threads may share it.
    """

    def __init__(self) -> None:
        self._sights: dict[str, Sight] = {}

    def note(self, path: str | os.PathLike[str]) -> None:
        """Remember what stands at this path now; call it before reading. The first look counts."""
        key = os.fspath(path)
        if key not in self._sights:
            self._sights[key] = _look(key, time.time_ns())

    def stands(self) -> bool:
        """Return whether everything looks as it did."""
        return all(sight and _look(path, _FOREVER_NS) == sight for path, sight in self._sights.items())


def _look(path: str, now_ns: int) -> Sight:
    """Return the sight of a link and of what it leads to; of a directory only that it is one."""
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return _ABSENT
    if not stat.S_ISLNK(status.st_mode):
        return _DIRECTORY if stat.S_ISDIR(status.st_mode) else believed(status, now_ns)
    try:
        target = os.stat(path)
    except OSError:
        return believed(status, now_ns)
    of_target = _DIRECTORY if stat.S_ISDIR(target.st_mode) else believed(target, now_ns)
    of_link = believed(status, now_ns)
    return of_link + of_target if of_link and of_target else ()
