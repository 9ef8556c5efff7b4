"""What may be removed: directories that no reader can still need.

A generation stays a while for readers that are about to open its tables. A view does not: whoever has mapped
it keeps it although its names are gone, and who comes too late pins again. Where the system refuses to remove
mapped files, as Windows does, they stay until a later sweep.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Literal

from leindex_mcp.store.disk import Disk
from leindex_mcp.store.snapshot import Head, Retired

_GRACE_SECONDS = 600  # how long a reader may hold a snapshot before it reads from it
_OURS = re.compile(r"(?P<kind>generation|view)-(?P<number>[0-9]+)")


def still_needed(retired: Iterable[Retired], now: float) -> tuple[Retired, ...]:
    """Return the last that went out of use, if that was a short while ago; a clock set back starts it anew.

    One is enough: a reader of an older one pins again. If all were kept, fifty updates in ten minutes would
    take fifty times the disk.
    """
    entries = (Retired(entry.directory, min(entry.at, now)) for entry in tuple(retired)[-1:])
    return tuple(entry for entry in entries if now - entry.at < _GRACE_SECONDS)


def sweep(directory: Path, head: Head, disk: Disk, kinds: Container[str] = ("generation", "view")) -> None:
    """Remove every generation and view that *head* neither names nor keeps for its readers."""
    named = {head.generation.directory} | {entry.directory for entry in head.retired}
    named |= {part.directory for part in (head.building, head.view) if part}
    for path in directory.iterdir():
        ours = _OURS.fullmatch(path.name)
        if ours and ours["kind"] in kinds and path.name not in named:
            disk.remove_directory(path, "sweep")


def next_number(directory: Path, kind: Literal["generation", "view"]) -> int:
    """Return a number that no directory of that kind has, named or left over: none is ever used twice."""
    matches = (_OURS.fullmatch(path.name) for path in directory.iterdir())
    return 1 + max((int(match["number"]) for match in matches if match and match["kind"] == kind), default=0)
