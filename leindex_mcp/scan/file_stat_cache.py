"""What is remembered of files between passes of one process."""

from __future__ import annotations

import os
import sys
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple, Self, TypedDict

from leindex_mcp.records import FileRecord, Fingerprint
from leindex_mcp.settings import FileStatCacheSettings


class CacheStatistics(TypedDict):
    """The counters of a cache at one moment."""

    hits: int
    misses: int
    hit_rate: float  #: 0 to 1; 0 when nothing was looked up
    size: int  #: entries
    max_size: int
    evictions: int
    memory_bytes: int  #: measured, of the entries and their keys


class FileStatCache:
    """The fingerprints seen last, by absolute path; the least recently used give way.

    `get` answers from memory for `ttl_seconds`, so it may be that much behind the disk: it is for callers who
    ask again and again. An index pass never trusts it so far: a scan asks the system for every file, shows
    the cache what it saw, and counts as hits the files that are as they were.

    Thread-safe; the system is never asked while the lock is held.
    """

    def __init__(
        self,
        max_size: int = 10_000,
        ttl_seconds: float = 300,
        clock: Callable[[], float] = time.monotonic,
        *,
        enabled: bool = True,
    ) -> None:
        self._max_size: Final = max_size if enabled else 0
        self._ttl_seconds: Final = ttl_seconds
        self._clock = clock
        self._lock = Lock()
        # Guarded by the lock: entries, oldest use first, and the counters.
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._hits = self._misses = self._evictions = 0

    @classmethod
    def from_settings(cls, settings: FileStatCacheSettings) -> Self:
        """Make the cache that the settings describe; a disabled one remembers nothing."""
        return cls(settings.max_size, settings.ttl_seconds, enabled=settings.enabled)

    def get(self, path: Path | str) -> Fingerprint | None:
        """Return the fingerprint of a file, at most `ttl_seconds` old; None when there is no such file."""
        key, now = _key(path), self._clock()
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and self._is_believed(entry, now):
                self._entries.move_to_end(key)
                self._hits += 1
                return entry.fingerprint
            self._misses += 1
        fingerprint = _fingerprint_on_disk(key)
        with self._lock:
            if fingerprint is None:
                self._entries.pop(key, None)
            else:
                self._remember(key, fingerprint, now)
        return fingerprint

    def warm(self, paths: Iterable[Path | str]) -> int:
        """Look the files up ahead of time; return how many exist."""
        return sum(self.get(path) is not None for path in paths)

    def renew(self, directory: str, records: Sequence[FileRecord]) -> None:
        """Take in what a scan has just seen below a directory, which is given with its closing slash.

        A file that is remembered as it is counts as a hit, any other as a miss. When there are more files
        than places, the last ones stay.
        """
        now, oldest = self._clock(), self._clock() - self._ttl_seconds
        passed_over = max(0, len(records) - self._max_size)
        with self._lock:
            entries = self._entries
            for position, record in enumerate(records):
                key = directory + record.relative
                entry = entries.get(key)
                if entry is None or entry.fingerprint != record.fingerprint or entry.seen_at < oldest:
                    self._misses += 1
                else:
                    self._hits += 1
                if position >= passed_over:
                    entries[key] = _Entry(record.fingerprint, now)
                    entries.move_to_end(key)
            self._evict()

    def forget(self, path: Path | str) -> None:
        """Drop what is remembered of one file."""
        with self._lock:
            self._entries.pop(_key(path), None)

    def clear(self) -> None:
        """Drop everything that is remembered; the counters go on."""
        with self._lock:
            self._entries.clear()

    def get_stats(self) -> CacheStatistics:
        """Return the counters; measuring the memory takes O(entries)."""
        with self._lock:
            lookups = self._hits + self._misses
            return CacheStatistics(
                hits=self._hits,
                misses=self._misses,
                hit_rate=self._hits / lookups if lookups else 0.0,
                size=len(self._entries),
                max_size=self._max_size,
                evictions=self._evictions,
                memory_bytes=_memory_bytes(self._entries),
            )

    def _is_believed(self, entry: _Entry, now: float) -> bool:
        return now - entry.seen_at <= self._ttl_seconds

    def _remember(self, key: str, fingerprint: Fingerprint, now: float) -> None:
        """Store an entry as the most recently used; the caller holds the lock."""
        self._entries[key] = _Entry(fingerprint, now)
        self._entries.move_to_end(key)
        self._evict()

    def _evict(self) -> None:
        """Drop the least recently used entries that are too many; the caller holds the lock."""
        while len(self._entries) > self._max_size:
            self._entries.popitem(last=False)
            self._evictions += 1


class _Entry(NamedTuple):
    fingerprint: Fingerprint
    seen_at: float  #: clock seconds


def _key(path: Path | str) -> str:
    """Return the absolute path, with slashes everywhere."""
    key = os.path.abspath(path)
    return key if os.sep == "/" else key.replace(os.sep, "/")


def _fingerprint_on_disk(path: str) -> Fingerprint | None:
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return None
    return Fingerprint(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)


def _memory_bytes(entries: OrderedDict[str, _Entry]) -> int:
    """Return what the entries take up, objects that they alone hold included."""
    return sys.getsizeof(entries) + sum(
        sys.getsizeof(key)
        + sys.getsizeof(entry)
        + sys.getsizeof(entry.seen_at)
        + sys.getsizeof(entry.fingerprint)
        + sum(map(sys.getsizeof, entry.fingerprint))
        for key, entry in entries.items()
    )
