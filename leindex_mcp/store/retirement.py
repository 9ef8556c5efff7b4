"""What may be removed: directories that no reader can still need."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from leindex_mcp.store.disk import Disk
from leindex_mcp.store.snapshot import Head, Retired

_GRACE_SECONDS = 600  # how long a reader may hold a snapshot before it reads from it
_OURS = re.compile(r"(?:generation-(?P<number>[0-9]+)|view-[0-9]+)")


def still_needed(retired: Iterable[Retired], now: float) -> tuple[Retired, ...]:
    """Return those that went out of use a short while ago; a clock set back starts their time anew."""
    entries = (Retired(entry.directory, min(entry.at, now)) for entry in retired)
    return tuple(entry for entry in entries if now - entry.at < _GRACE_SECONDS)


def sweep(directory: Path, head: Head, disk: Disk) -> None:
    """Remove every generation and view that *head* neither names nor keeps for its readers."""
    named = {head.generation.directory} | {entry.directory for entry in head.retired}
    named |= {part.directory for part in (head.building, head.view) if part}
    for path in directory.iterdir():
        if _OURS.fullmatch(path.name) and path.name not in named:
            disk.remove_directory(path, "sweep")


def highest_generation(directory: Path) -> int:
    """Return the highest number of a generation on the disk, named or not; 0 where there is none."""
    matches = (_OURS.fullmatch(path.name) for path in directory.iterdir())
    return max((int(match["number"]) for match in matches if match and match["number"]), default=0)
