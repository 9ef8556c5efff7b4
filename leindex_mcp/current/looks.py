"""Comparisons of a tree with what answers for it, as cheap as the tree allows."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import Final, NamedTuple

import numpy as np

from leindex_mcp.current.standing import Standing, Standings
from leindex_mcp.current.watch import Touched
from leindex_mcp.pinned import Pinned
from leindex_mcp.records import FileRecord, Fingerprint
from leindex_mcp.scan.ignore_rules import RULE_FILES
from leindex_mcp.scan.parallel_scanner import ParallelScanner
from leindex_mcp.scan.proof import Proof
from leindex_mcp.search.strings import Strings
from leindex_mcp.settings import Settings

_MOST_FILES: Final = 100  # taken in at once; more are work for a run, which reads in several threads
_MOST_OWED: Final = 500  # beyond, every change in memory costs more than the run that it spares
_PROOF_SECONDS: Final = 30.0  # how old a proof may be: not every file system keeps directory times
_MOST_TURNS: Final = 4  # times that a look begins again because something else was shown meanwhile

_ALWAYS_CHEAP_FILES: Final = 2_000  # up to here every search looks first, whatever it costs
_PRESUMED_CHEAP_FILES: Final = 20_000  # up to here as long as nobody knows what it costs
_CHEAP_SECONDS: Final = 0.05
_BUSY: Final = 20  # times its CPU time that a look takes, beyond which it is a disk that it waits for
_INTERVAL_SECONDS: Final = 30.0  # between looks behind the answers, at a tree that is not cheap
_WATCHED_INTERVAL_SECONDS: Final = 300.0  # the same when the system tells of changes: it may lose some
_HEARING_SECONDS: Final = 1.0  # that the system may be late in telling
_LOOKS_JUDGED: Final = 3  # the cheapest of the last few: one slow moment of the machine says nothing


class Freshness(Enum):
    """What a search knows of the tree."""

    CHECKED = "checked"  #: compared just now: whatever changed before is in the answer
    RECENT = "recent"  #: compared a moment ago; a tree of this size is not compared before each answer
    LOOK_DUE = "look due"  #: to be compared behind the answer
    RUN_NEEDED = "run needed"  #: what is indexed is not whole, or too far from the tree
    RUN_BEHIND = "run behind"  #: the same, and the run takes longer than a question should wait
    UNWRITABLE = "unwritable"  #: the same, and no run can write


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
    shown_paths: Strings  #: of the snapshot that has the files of the scan; perhaps mapped, so not to be read
    paths: Strings  #: a copy of them
    scanned_at: float  #: monotonic seconds

    def covers(self, shown: Pinned, settings: Settings) -> bool:
        """Return whether it says something about this snapshot, and is young enough to be believed."""
        return (
            (self.settings is settings or self.settings == settings)
            and time.monotonic() - self.scanned_at < _PROOF_SECONDS
            and (self.shown_paths is shown.corpus.paths or _are_equal(self.paths, shown.corpus.paths))
        )

    def is_concerned(self, path: str, *, is_entry: bool) -> bool:
        """Return whether the files of the scan, or their content, may be others after this path changed."""
        relative = path.removeprefix(f"{self.proof.root}/")
        directory, _, name = relative.rpartition("/")
        if (directory or ".") not in self.proof.walked:
            return False
        if is_entry or name in RULE_FILES or relative in self.proof.too_large:
            return True
        place = bisect_left(self.paths, relative)
        return place < len(self.paths) and self.paths[place] == relative


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
        self._silent_at: float | None = None  # monotonic time up to which a watch told of nothing since
        self._is_current = False  # the last look took in all that it found
        self.checked_at: float | None = None  #: monotonic time at which the last whole comparison began
        self.is_watched = False

    def are_cheap(self, files: int) -> bool:
        """Return whether each search can look before it answers."""
        if files <= _ALWAYS_CHEAP_FILES:
            return True
        if len(self._unchanged_seconds) < _LOOKS_JUDGED:
            return files <= _PRESUMED_CHEAP_FILES
        return min(self._unchanged_seconds) <= _CHEAP_SECONDS

    def age_seconds(self) -> int | None:
        """Return how old the view of the tree is, which a watch that hears nothing keeps young."""
        if self.checked_at is None:
            return None
        return round(time.monotonic() - max(self.checked_at, self._silent_at or self.checked_at))

    def are_due(self) -> bool:
        """Return whether a tree that is not looked at before each answer should be looked at behind it."""
        interval = _WATCHED_INTERVAL_SECONDS if self.is_watched else _INTERVAL_SECONDS
        return self.checked_at is None or time.monotonic() - self.checked_at > interval

    # ---------------------------------------------------------------- with a watch

    def directories(self) -> tuple[str, ...]:
        """Return the directories to watch, by relative path; none as long as no look has proved them."""
        return () if self._proved is None else tuple(self._proved.proof.walked)

    def concerns(self, touched: Iterable[Touched]) -> bool:
        """Return whether what the system tells can change what answers; silence makes the view younger."""
        proved, is_silent = self._proved, True
        for path, is_entry in touched:
            is_silent = False
            if proved is None or proved.is_concerned(path, is_entry=is_entry):
                return True
        if is_silent and self._is_current:
            self._silent_at = time.monotonic() - _HEARING_SECONDS
        return False

    # ---------------------------------------------------------------- the look

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
            self._is_current = False
            for _ in range(_MOST_TURNS):
                began_at, began_cpu_seconds = time.monotonic(), time.thread_time()
                standing = self._standings.usable()
                if standing is None or not standing.on_disk.head.complete:
                    return None
                found = self._differences(standing.shown, scanner, settings)
                if found is None or len(found.changed) + len(found.removed) > _MOST_FILES:
                    return None
                current = self._taken_in(standing, found, settings)
                if current is not None:
                    cpu_seconds = time.thread_time() - began_cpu_seconds
                    self._keep(current, found, settings, began_at, cpu_seconds)
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

    def _keep(
        self, current: Standing, found: _Found, settings: Settings, began_at: float, cpu_seconds: float
    ) -> None:
        """Remember the outcome for the next look."""
        is_whole_look = found.proof is None or (self._proved and found.proof is self._proved.proof)
        if is_whole_look and not found.changed and not found.removed:
            # A busy machine makes no tree dear, and a slow disk makes no tree cheap.
            wall_seconds = time.monotonic() - began_at
            is_busy = wall_seconds < _BUSY * cpu_seconds
            self._unchanged_seconds.append(cpu_seconds if is_busy else wall_seconds)
        before, self._proved = self._proved, None
        if found.proof is not None:
            paths = current.shown.corpus.paths
            copied = before.paths if before and before.shown_paths is paths else paths.copied()
            self._proved = _Proved(found.proof, settings, paths, copied, found.scanned_at)
        self._last, self.checked_at, self._is_current = current, began_at, True

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
    return np.array_equal(some.offsets, others.offsets) and np.array_equal(some.buffer, others.buffer)
