"""Comparisons of a tree with what answers for it, as cheap as the tree allows."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import Final, NamedTuple

import numpy as np

from leindex_mcp.pinned import Pinned
from leindex_mcp.records import FileRecord, Fingerprint
from leindex_mcp.scan.parallel_scanner import ParallelScanner
from leindex_mcp.scan.proof import Proof
from leindex_mcp.search.strings import Strings
from leindex_mcp.settings import Settings
from leindex_mcp.standing import Standing, Standings

_MOST_FILES: Final = 100  # taken in at once; more are work for a run, which reads in several threads
_MOST_OWED: Final = 500  # beyond, every change in memory costs more than the run that it spares
_PROOF_SECONDS: Final = 30.0  # how old a proof may be: not every file system keeps directory times
_MOST_TURNS: Final = 4  # times that a look begins again because something else was shown meanwhile

_ALWAYS_CHEAP_FILES: Final = 2_000  # up to here every search looks first, whatever it costs
_PRESUMED_CHEAP_FILES: Final = 20_000  # up to here as long as nobody knows what it costs
_CHEAP_SECONDS: Final = 0.05
_LOOKS_JUDGED: Final = 3  # the cheapest of the last few: one slow moment of the machine says nothing


class Freshness(Enum):
    """What a search knows of the tree."""

    CHECKED = "checked"  #: compared just now: whatever changed before is in the answer
    RECENT = "recent"  #: compared a moment ago; a tree of this size is not compared before each answer
    LOOK_DUE = "look due"  #: to be compared behind the answer
    RUN_NEEDED = "run needed"  #: what is indexed is not whole, or too far from the tree


class Ground(NamedTuple):
    """What an answer rests on."""

    freshness: Freshness
    standing: Standing | None = None  #: None when a run is needed


class _Found(NamedTuple):
    """How the tree differs from what is shown."""

    changed: Sequence[FileRecord]
    removed: Sequence[str]
    proof: Proof | None  #: of the paths that were seen
    scanned_at: float  #: monotonic seconds


@dataclass(frozen=True, slots=True)
class _Proved:
    """A proof, with what it belongs to."""

    proof: Proof
    settings: Settings
    paths: Strings  #: of the snapshot that has the files of the scan
    scanned_at: float  #: monotonic seconds

    def covers(self, shown: Pinned, settings: Settings) -> bool:
        """Return whether it says something about this snapshot, and is young enough to be believed."""
        return (
            self.settings is settings
            and time.monotonic() - self.scanned_at < _PROOF_SECONDS
            and _are_equal(self.paths, shown.corpus.paths)
        )


class Looks:
    """The looks at one tree. Thread-safe: they wait for each other, and nothing else waits for them."""

    def __init__(self, standings: Standings) -> None:
        self._standings = standings
        self._looking = threading.Lock()
        # Guarded by the lock: what the last looks left behind.
        self._proved: _Proved | None = None
        self._unreadable: dict[str, Fingerprint] = {}  # that a scan sees and nobody can read as they are
        self._unchanged_seconds: deque[float] = deque(maxlen=_LOOKS_JUDGED)
        self._last: Standing | None = None  # what it ended with
        self.checked_at: float | None = None  #: monotonic time at which the last whole comparison began

    def are_cheap(self, files: int) -> bool:
        """Return whether each search can look before it answers."""
        if files <= _ALWAYS_CHEAP_FILES:
            return True
        if len(self._unchanged_seconds) < _LOOKS_JUDGED:
            return files <= _PRESUMED_CHEAP_FILES
        return min(self._unchanged_seconds) <= _CHEAP_SECONDS

    def age_seconds(self) -> int | None:
        """Return how long ago the last whole comparison began; None before the first."""
        return None if self.checked_at is None else round(time.monotonic() - self.checked_at)

    def look(self, scanner: ParallelScanner, settings: Settings) -> Standing | None:
        """Compare the tree with what is shown, and take in what differs.

        Args:
            scanner: Of the root.
            settings: Those that the scanner was made from.

        Returns:
            What answers now, true to the tree; None if that is work for a run: nothing whole is indexed, or
            too much differs.
        """
        asked_at = time.monotonic()
        with self._looking:
            if self.checked_at is not None and self.checked_at > asked_at:
                return self._last  # another thread's look began after this one was asked for
            for _ in range(_MOST_TURNS):
                began_at = time.monotonic()
                standing = self._standings.usable()
                if standing is None or not standing.on_disk.head.complete:
                    return None
                found = self._differences(standing.shown, scanner, settings)
                if found is None or len(found.changed) + len(found.removed) > _MOST_FILES:
                    return None
                current = self._taken_in(standing, found, settings)
                if current is not None:
                    self._keep(current, found, settings, began_at)
                    return current if len(current.owed) <= _MOST_OWED else None
            return None

    def _taken_in(self, standing: Standing, found: _Found, settings: Settings) -> Standing | None:
        """Return what answers with the differences; None when something else is shown by now."""
        if not found.changed and not found.removed:
            return standing
        max_bytes = settings.file_filtering.max_file_size
        taken = self._standings.take_in(standing, found.changed, found.removed, max_bytes)
        if taken is None:
            return None
        seen = {record.relative: record.fingerprint for record in found.changed}
        self._unreadable |= {relative: seen[relative] for relative in taken.unreadable}
        return taken.standing

    def _keep(self, current: Standing, found: _Found, settings: Settings, began_at: float) -> None:
        """Remember the outcome for the next look."""
        is_whole_look = found.proof is None or (self._proved and found.proof is self._proved.proof)
        if is_whole_look and not found.changed and not found.removed:
            self._unchanged_seconds.append(time.monotonic() - began_at)
        self._proved = None
        if found.proof is not None:
            self._proved = _Proved(found.proof, settings, current.shown.corpus.paths, found.scanned_at)
        self._last, self.checked_at = current, began_at

    def _differences(self, shown: Pinned, scanner: ParallelScanner, settings: Settings) -> _Found | None:
        """Return what differs, by proof if there is one; None when a scan did not see everything."""
        proved = self._proved
        if proved is not None and proved.covers(shown, settings):
            changed = proved.proof.changed(chain(shown.known, self._unreadable.items()))
            if changed is not None:
                return _Found(changed, (), proved.proof, proved.scanned_at)
        scanned_at = time.monotonic()
        scan = scanner.scan()
        if not scan.complete or (len(shown.corpus) and not scan.records):
            return None
        seen = {record.relative: record.fingerprint for record in scan.records}
        self._unreadable = {
            relative: known for relative, known in self._unreadable.items() if seen.get(relative) == known
        }
        known: dict[str, tuple[int, ...]] = {**dict(shown.known), **self._unreadable}
        return _Found(
            [record for record in scan.records if known.get(record.relative) != record.fingerprint],
            [r for r in known if r not in seen and not r.startswith(scan.unlisted)],
            scan.proof,
            scanned_at,
        )


def _are_equal(some: Strings, others: Strings) -> bool:
    """Return whether two snapshots have the same paths."""
    return some is others or (
        np.array_equal(some.offsets, others.offsets) and np.array_equal(some.buffer, others.buffer)
    )
