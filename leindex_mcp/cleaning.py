"""Which indexes nobody needs any more: their projects are gone, or were not searched for long."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from leindex_mcp.store import Store, last_use, remove_index

_DAY_SECONDS = 86_400
_INDEX_NAME = re.compile(r".+-[0-9a-f]{16}")  # as `roots.index_directory` makes them


@dataclass(frozen=True, slots=True)
class Unneeded:
    """An index that may go."""

    directory: Path
    root: str  #: the project; the name of the directory where nobody has noted it
    reason: str
    size_bytes: int

    def remove(self) -> bool:
        """Remove the index, or return False where a process uses it.

        Raises:
            StoreError: It cannot be removed.
        """
        return remove_index(self.directory)


def unneeded(home: Path, unused_days: int, now: float | None = None) -> list[Unneeded]:
    """Return the indexes below *home* that nobody needs, by project.

    A project on a disk that is not mounted counts as gone. A clock that was set back makes no index old.
    """
    found = _unneeded(home, unused_days, time.time() if now is None else now)
    return sorted(found, key=lambda index: index.root)


def _unneeded(home: Path, unused_days: int, now: float) -> Iterator[Unneeded]:
    for directory in home.iterdir() if home.is_dir() else ():
        if not _INDEX_NAME.fullmatch(directory.name) or directory.is_symlink() or not directory.is_dir():
            continue  # somebody else's
        use = last_use(directory)
        if use is None:
            continue
        days = int((now - use.at) / _DAY_SECONDS)
        if use.root is not None and not use.root.is_dir():
            reason = "the project is gone"
        elif days >= unused_days:
            reason = f"not used for {days} days"
        else:
            continue
        size_bytes = Store(directory).size_bytes()
        name = os.fsencode(use.root or directory.name).decode("utf-8", "backslashreplace")
        yield Unneeded(directory, name, reason, size_bytes)
