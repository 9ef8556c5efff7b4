"""A root -> the records of the files that are worth indexing."""

from __future__ import annotations

import os
import stat
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from leindex_mcp.errors import RootNotFoundError
from leindex_mcp.records import FileRecord, Fingerprint, Skipped, SkipReason
from leindex_mcp.scan.file_stat_cache import FileStatCache
from leindex_mcp.scan.ignore_rules import Context, IgnoreRules, read_rule_files
from leindex_mcp.scan.pattern_trie import PatternTrie
from leindex_mcp.scan.walk import Listing, Walk
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
    verdicts_computed: int = 0  #: of these, not answered from memory
    seconds: float = 0
    matching_seconds: float = 0  #: spent on the rules

    @property
    def verdict_hit_rate(self) -> float:
        """Share of the verdicts that came from memory; 0 when none was needed."""
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

    @classmethod
    def empty(cls) -> Self:
        """Return the result of a scan that has not begun."""
        return cls([], [], complete=False, unlisted=(), started_ns=0, statistics=ScanStatistics())


class ParallelScanner:
    """Walks a root and records the files worth indexing; never follows a link."""

    def __init__(
        self,
        root: Path,
        settings: Settings,
        *,
        cache: FileStatCache | None = None,
        caller_rules: PatternTrie | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root: Final = Path(os.path.realpath(root))
        self._settings: Final = settings
        self._cache = cache
        self._caller_rules = caller_rules
        self._clock = clock

    def scan(
        self,
        on_progress: Callable[[int], None] | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> ScanResult:
        """Walk the whole tree.

        Args:
            on_progress: Called after each directory with the number of files found so far.
            should_stop: Asked after each directory; a true answer ends the scan, which is then not complete.

        Raises:
            RootNotFoundError: The root is not a directory.
        """
        if not self._root.is_dir():
            raise RootNotFoundError(self._root)
        started_ns, started = time.time_ns(), self._clock()
        deadline = started + self._settings.performance.parallel_scanner.timeout_seconds
        rules = self.rules()
        found = _Found(self._settings.file_filtering.max_file_size, self._root, self._cache)
        complete = True
        walk = iter(Walk(self._root, rules))
        for listing in walk:
            found.add(listing)
            if on_progress is not None:
                on_progress(len(found.records))
            if self._clock() > deadline or (should_stop is not None and should_stop()):
                complete = next(walk, None) is None
                break
        return found.result(
            complete=complete,
            started_ns=started_ns,
            seconds=self._clock() - started,
            verdicts_computed=rules.verdicts_computed,
        )

    def explain(self, relative: str) -> Skipped | None:
        """Say why a path is not among the records; None when it is.

        O(depth): looks only at the directories above the path.
        """
        rules = self.rules()
        context = rules.with_rule_files(rules.at_root(), "", read_rule_files(self._root))
        *parents, name = relative.split("/")
        prefix = ""
        for parent in parents:
            if (skipped := _why_no_directory(self._root, prefix, parent, context)) is not None:
                return skipped
            prefix += f"{parent}/"
            context = rules.within(context, self._root / prefix, prefix)
        return self._why_no_file(prefix, name, context)

    def rules(self) -> IgnoreRules:
        """Return the ignore rules of the root as they are on disk now."""
        trie = self._settings.performance.pattern_trie
        return IgnoreRules(
            self._root,
            skip_large_directories=self._settings.directory_filtering.skip_large_directories,
            caller_rules=self._caller_rules,
            uses_trie=trie.enabled,
            cache_size=trie.cache_size,
        )

    def _why_no_file(self, prefix: str, name: str, context: Context) -> Skipped | None:
        relative = prefix + name
        try:
            status = os.lstat(self._root / relative)
        except (OSError, ValueError) as error:
            return Skipped(relative, SkipReason.UNREADABLE, getattr(error, "strerror", None) or str(error))
        is_directory = stat.S_ISDIR(status.st_mode)
        rule = context.directory_rule(name) if is_directory else context.file_rule(name)
        if rule is not None:
            return Skipped(relative, rule.reason, rule.where)
        if is_directory:
            return Skipped(relative, SkipReason.SPECIAL, "it is a directory")
        return why_not(relative, status, self._settings.file_filtering.max_file_size)


class _Found:
    """What a scan has found so far."""

    def __init__(self, max_file_size: int, root: Path, cache: FileStatCache | None) -> None:
        self._max_file_size = max_file_size
        self._root = root
        self._cache = cache
        self.records: list[FileRecord] = []
        self._skipped: list[Skipped] = []
        self._unlisted: list[str] = []
        self._directories = self._bytes = self._verdicts = 0
        self._matching_seconds = 0.0

    def add(self, listing: Listing) -> None:
        """Record the files of one directory; asks the system for their status."""
        self._skipped += listing.skipped
        self._matching_seconds += listing.matching_seconds
        if not listing.is_known:
            self._unlisted.append(listing.prefix)
            return
        self._directories += 1
        self._verdicts += len(listing.files) + len(listing.directories) + len(listing.skipped)
        before = len(self.records)
        for entry in listing.files:
            self._add_file(listing.prefix + entry.name, entry)
        if self._cache is not None:
            self._cache.renew(f"{self._root}/", self.records[before:])

    def _add_file(self, relative: str, entry: os.DirEntry[str]) -> None:
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return  # it is gone since its directory was listed
        except OSError as error:
            self._skipped.append(Skipped(relative, SkipReason.UNREADABLE, error.strerror or str(error)))
            return
        skipped = why_not(relative, status, self._max_file_size)
        if skipped is not None:
            self._skipped.append(skipped)
            return
        self._bytes += status.st_size
        self.records.append(FileRecord(relative, fingerprint_of(status)))

    def result(
        self, *, complete: bool, started_ns: int, seconds: float, verdicts_computed: int
    ) -> ScanResult:
        """Return everything found, sorted."""
        return ScanResult(
            records=sorted(self.records, key=attrgetter("relative")),
            skipped=sorted(self._skipped, key=attrgetter("relative")),
            complete=complete,
            unlisted=tuple(self._unlisted),
            started_ns=started_ns,
            statistics=ScanStatistics(
                directories=self._directories,
                bytes=self._bytes,
                skipped=MappingProxyType(Counter(skip.reason.value for skip in self._skipped)),
                verdicts=self._verdicts,
                verdicts_computed=verdicts_computed,
                seconds=seconds,
                matching_seconds=self._matching_seconds,
            ),
        )


def why_not(relative: str, status: os.stat_result, max_file_size: int) -> Skipped | None:
    """Return why a path that no rule keeps out is no file to index, judged by its status alone."""
    if stat.S_ISREG(status.st_mode):
        if status.st_size <= max_file_size:
            return None
        return Skipped(relative, SkipReason.SIZE, f"{status.st_size} bytes, more than {max_file_size}")
    if stat.S_ISLNK(status.st_mode):
        return Skipped(relative, SkipReason.SYMLINK, "links are not followed")
    return Skipped(relative, SkipReason.SPECIAL, "neither a file nor a directory")


def fingerprint_of(status: os.stat_result) -> Fingerprint:
    """Return the fingerprint that a status holds."""
    return Fingerprint(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _why_no_directory(root: Path, prefix: str, name: str, context: Context) -> Skipped | None:
    rule = context.directory_rule(name)
    relative = prefix + name
    if rule is not None:
        return Skipped(relative, rule.reason, rule.where)
    if (root / relative).is_symlink():
        return Skipped(relative, SkipReason.SYMLINK, "links are not followed")
    return None
