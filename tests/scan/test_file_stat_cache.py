"""What is remembered of files between passes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from leindex_mcp.records import FileRecord, Fingerprint
from leindex_mcp.scan.file_stat_cache import FileStatCache
from leindex_mcp.scan.parallel_scanner import ParallelScanner
from leindex_mcp.settings import FileStatCacheSettings, Settings


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """Return the seconds."""
        return self.now


@pytest.fixture
def files(make_tree) -> list[Path]:
    """Three files on disk."""
    root = make_tree({"a": "1", "b": "22", "c": "333"})
    return [root / name for name in "abc"]


def test_a_second_look_up_does_not_ask_the_system(files, monkeypatch):
    """The original called os.stat on every hit."""
    cache = FileStatCache()
    first = cache.get(files[0])
    monkeypatch.setattr(os, "lstat", lambda _path: pytest.fail("the system was asked"))

    assert cache.get(str(files[0])) == first
    assert first is not None
    assert first.size_bytes == 1
    assert cache.get_stats()["hit_rate"] == 0.5


def test_a_new_cache_has_looked_nothing_up(files):
    """The guide prints the rate of a fresh cache: a float, not a division by zero."""
    stats = FileStatCache(max_size=10000).get_stats()

    assert stats["hit_rate"] == 0.0
    assert f"{stats['hit_rate']:.2%} {stats['memory_bytes'] / 1024 / 1024:.2f}MB" == "0.00% 0.00MB"


def test_an_entry_is_believed_for_its_time_to_live(files):
    """Then the system is asked again."""
    clock = Clock()
    cache = FileStatCache(ttl_seconds=10, clock=clock)
    before = cache.get(files[0])
    files[0].write_text("longer")

    clock.now = 10
    assert cache.get(files[0]) == before
    clock.now = 10.1
    assert cache.get(files[0]) != before


def test_the_least_recently_used_entry_gives_way(files):
    """A bound is a bound."""
    cache = FileStatCache(max_size=2)
    cache.get(files[0])
    cache.get(files[1])
    cache.get(files[0])
    cache.get(files[2])

    assert cache.get_stats()["size"] == 2
    assert cache.get_stats()["evictions"] == 1
    hits = cache.get_stats()["hits"]
    cache.get(files[0])
    assert cache.get_stats()["hits"] == hits + 1


def test_a_missing_file_is_none_and_is_not_remembered(files):
    """It may be there the next time."""
    cache = FileStatCache()
    assert cache.get(files[0].with_name("later")) is None
    assert cache.get("a\0b") is None
    files[0].with_name("later").write_text("")

    assert cache.get(files[0].with_name("later")) is not None


def test_warming_looks_up_ahead_of_time(files):
    """The guide's snippet: warm first, hit later."""
    cache = FileStatCache()

    assert cache.warm([*files, files[0].with_name("missing")]) == 3
    assert cache.get_stats()["misses"] == 4
    for file in files:
        cache.get(file)
    assert cache.get_stats()["hits"] == 3


def test_forgetting_one_and_all(files):
    """Counters go on: they are about the process, not about the entries."""
    cache = FileStatCache()
    cache.warm(files)
    cache.forget(files[0])
    assert cache.get_stats()["size"] == 2
    cache.clear()
    assert cache.get_stats()["size"] == 0
    assert cache.get_stats()["misses"] == 3


def test_memory_is_measured(files):
    """An int that rises with the entries and falls with them."""
    cache = FileStatCache()
    empty = cache.get_stats()["memory_bytes"]
    cache.warm(files)

    assert isinstance(empty, int)
    assert cache.get_stats()["memory_bytes"] > empty + 3 * 200


def test_a_scan_counts_the_files_that_are_as_they_were(files):
    """A second pass over an unchanged tree hits every file, and an edited one is a miss."""
    cache = FileStatCache()
    scanner = ParallelScanner(files[0].parent, Settings(), cache=cache)
    scanner.scan()
    assert (cache.get_stats()["hits"], cache.get_stats()["misses"]) == (0, 3)
    files[0].write_text("longer")

    scanner.scan()

    assert (cache.get_stats()["hits"], cache.get_stats()["misses"]) == (2, 4)
    assert cache.get(files[0]).size_bytes == 6


@pytest.mark.parametrize(
    "cache", [None, FileStatCache(), FileStatCache(max_size=1), FileStatCache(enabled=False)]
)
def test_a_scan_finds_the_same_with_any_cache_and_with_none(files, cache):
    """It is never asked whether a file changed."""
    scanner = ParallelScanner(files[0].parent, Settings(), cache=cache)
    before = scanner.scan().records
    status = files[0].stat()
    files[0].write_text("9")
    os.utime(files[0], ns=(status.st_atime_ns, status.st_mtime_ns))

    after = scanner.scan().records

    assert after[1:] == before[1:]
    assert after[0] != before[0]


def test_a_disabled_cache_remembers_nothing(files):
    """`enabled: false` changes the counters and nothing else."""
    cache = FileStatCache.from_settings(FileStatCacheSettings(enabled=False))

    assert cache.get(files[0]) == cache.get(files[0])
    assert cache.get_stats()["hits"] == 0
    assert cache.get_stats()["size"] == 0


def test_the_last_files_of_a_large_scan_stay():
    """So that a second pass hits as many as there are places, where strict LRU would hit none."""
    cache = FileStatCache(max_size=10)
    records = [FileRecord(f"{number:03}", Fingerprint(number, 0, 0, 0)) for number in range(100)]
    cache.renew("/root/", records)
    cache.renew("/root/", records)

    assert cache.get_stats()["hits"] == 10
    assert cache.get_stats()["size"] == 10


def test_threads_may_share_a_cache(files):
    """Every look-up is counted once, whoever asks."""
    cache = FileStatCache(max_size=2)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(cache.get, files * 200))

    assert answers[:3] == [cache.get(file) for file in files]
    stats = cache.get_stats()
    assert stats["hits"] + stats["misses"] == 603
    assert stats["size"] == 2
