"""A root -> the records of the files that are worth indexing."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from leindex_mcp.errors import RootNotFoundError
from leindex_mcp.process.garbage import without_collections
from leindex_mcp.records import FileRecord, Skipped, SkipReason
from leindex_mcp.scan.explanation import explain
from leindex_mcp.scan.file_stat_cache import FileStatCache
from leindex_mcp.scan.ignore_rules import IgnoreRules
from leindex_mcp.scan.open_directory import CAN_USE_DESCRIPTORS
from leindex_mcp.scan.pattern_trie import PatternTrie
from leindex_mcp.scan.proof import Proof, git_places
from leindex_mcp.scan.survey import Survey
from leindex_mcp.scan.tally import Tally
from leindex_mcp.scan.walk import Walk, trunk
from leindex_mcp.settings import Settings


@dataclass(frozen=True, slots=True)
class ScanStatistics:
    """What a scan saw."""

    directories: int = 0  #: directories listed
    bytes: int = 0  #: sum of the sizes of the files found
    skipped: Mapping[str, int] = field(
        default_factory=dict
    )  #: reason -> paths; a pruned directory counts once
    verdicts: int = 0  #: names that the rules were asked about
    verdicts_computed: int = 0  #: of these, neither passed at a glance nor answered from memory
    seconds: float = 0
    matching_seconds: float = 0  #: spent on the rules
    walkers: int = 1  #: threads that walked

    @property
    def verdict_hit_rate(self) -> float:
        """Share of the verdicts for which no rule was looked up; 0 when none was needed."""
        return 1 - self.verdicts_computed / self.verdicts if self.verdicts else 0.0


@dataclass(frozen=True, slots=True)
class ScanResult:
    """The files of a tree, and the paths left out."""

    records: list[FileRecord]  #: sorted by relative path
    skipped: list[Skipped]  #: sorted by relative path
    complete: bool  #: False: stopped early, so a file that is not here may well exist
    unlisted: tuple[
        str, ...
    ]  #: directories that could not be listed, as prefixes; files below may well exist
    started_ns: int  #: wall clock before the first status was asked for
    statistics: ScanStatistics
    proof: Proof | None = None  #: of what was seen; None where the system's times prove nothing

    @classmethod
    def empty(cls) -> Self:
        """Return the result of a scan that has not begun."""
        return cls([], [], complete=False, unlisted=(), started_ns=0, statistics=ScanStatistics())


@dataclass(frozen=True, slots=True)
class WalkManner:
    """How a tree is walked; the defaults suit the system."""

    by_descriptor: bool = CAN_USE_DESCRIPTORS  #: from open directory to open directory, or by path
    slow_listing_seconds: float = 0.0005  #: a warm disk lists in a tenth of it, a cold or distant one hardly


class ParallelScanner:
    """Walks a root and records the files worth indexing; never follows a link.

    One loop walks; when listing a directory proves slow (cold or network disk), `max_workers` walk together.
    The result is the same.

    Args:
        root: The directory to walk.
        settings: Worker and time limits, rules, the largest file.
        cache: Is shown every file that was found.
        caller_rules: Rules that outrank the project's own.
        clock: Seconds for the time limit.
        manner: How to walk, where the system's own way is not to be taken.
    """

    def __init__(
        self,
        root: Path,
        settings: Settings,
        *,
        cache: FileStatCache | None = None,
        caller_rules: PatternTrie | None = None,
        clock: Callable[[], float] = time.monotonic,
        manner: WalkManner | None = None,
    ) -> None:
        self.root: Final = Path(os.path.realpath(root))
        self._settings: Final = settings
        self._cache: Final = cache
        self._caller_rules: Final = caller_rules
        self._clock: Final = clock
        self._manner: Final = manner or WalkManner()

    def scan(
        self,
        on_progress: Callable[[int], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> ScanResult:
        """Walk the whole tree.

        Args:
            on_progress: Called now and then with the number of files found so far, from one thread at a time.
            should_stop: Asked after each directory; a true answer ends the scan, which is then not complete.

        Raises:
            RootNotFoundError: The root is not a directory.
        """
        if not self.root.is_dir():
            raise RootNotFoundError(self.root)
        started_ns, started = time.time_ns(), self._clock()
        deadline = started + self._settings.performance.parallel_scanner.timeout_seconds
        rules = self.rules()
        survey = Survey(
            walk=lambda branch: Walk(self.root, rules, branch),
            max_workers=self._settings.performance.parallel_scanner.max_workers,
            max_file_size=self._settings.file_filtering.max_file_size,
            slow_listing_seconds=self._manner.slow_listing_seconds,
            is_to_stop=lambda: self._clock() > deadline or (should_stop is not None and should_stop()),
            on_progress=on_progress,
        )
        with without_collections():
            found = survey.run(trunk(self.root, rules, by_descriptor=self._manner.by_descriptor))
            records = sorted(found.records, key=attrgetter("relative"))
        if self._cache is not None:
            self._cache.renew(f"{self.root.as_posix()}/", records)
        return ScanResult(
            records=records,
            skipped=sorted(found.skipped, key=attrgetter("relative")),
            complete=not survey.was_stopped,
            unlisted=tuple(found.unlisted),
            started_ns=started_ns,
            statistics=ScanStatistics(
                directories=found.directories,
                bytes=found.bytes,
                skipped=MappingProxyType(Counter(skip.reason.value for skip in found.skipped)),
                verdicts=found.names,
                verdicts_computed=rules.verdicts_computed,
                seconds=self._clock() - started,
                matching_seconds=found.matching_seconds,
                walkers=survey.walkers,
            ),
            proof=self._proof(found, rules) if not survey.was_stopped else None,
        )

    def _proof(self, found: Tally, rules: IgnoreRules) -> Proof | None:
        """Return what shows later that nothing changed; what could not be read may be readable then."""
        if os.name == "nt" or any(skip.reason is SkipReason.UNREADABLE for skip in found.skipped):
            return None
        max_file_size = self._settings.file_filtering.max_file_size
        return Proof(self.root, max_file_size, found.walked, found.too_large, rules.evidence, git_places())

    def explain(self, relative: str) -> Skipped | None:
        """Say why a path is not among the records; None when it is, or is a directory that is walked."""
        return explain(self.root, relative, self.rules(), self._settings.file_filtering.max_file_size)

    def rules(self) -> IgnoreRules:
        """Return the ignore rules of the root as they are on disk now."""
        trie = self._settings.performance.pattern_trie
        return IgnoreRules(
            self.root,
            skip_large_directories=self._settings.directory_filtering.skip_large_directories,
            caller_rules=self._caller_rules,
            uses_trie=trie.enabled,
            cache_size=trie.cache_size,
        )
