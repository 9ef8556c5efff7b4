"""The cache of vectors: found by text, shared by processes, bounded, and never wrong."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.embed.vector_cache import VectorCache, key_of
from leindex_mcp.errors import StoreError

A, B = "transformer-a", "transformer-b"


def some(count: int, dim: int = 4, start: int = 0) -> dict[bytes, np.ndarray]:
    """Return vectors by key, each decided by its number."""
    numbers = range(start, start + count)
    return {
        key_of(f"text {n}"): np.random.default_rng(n).normal(size=dim).astype(np.float16) for n in numbers
    }


@pytest.fixture
def cache(tmp_path) -> VectorCache:
    """An empty cache."""
    return VectorCache(tmp_path / "vectors")


def test_what_was_added_is_found_by_another_process_and_by_its_model_only(cache, tmp_path):
    """The key is the model and the exact text."""
    vectors = some(3)
    cache.add(A, vectors)
    cache.close()

    other = VectorCache(tmp_path / "vectors")

    found = other.get(A, [*vectors, key_of("unknown")])
    assert {key: row.tolist() for key, row in found.items()} == {k: v.tolist() for k, v in vectors.items()}
    assert other.get(B, list(vectors)) == {}
    assert (other.dim(A), other.dim(B)) == (4, None)


@given(st.lists(st.text(), unique=True, max_size=30))
def test_no_two_texts_share_a_key(texts):
    """Whatever they hold, halves of surrogate pairs included."""
    assert len({key_of(text) for text in texts}) == len(texts)


def test_thousands_of_keys_are_asked_for_at_once(cache):
    """SQLite has a limit on arguments; nobody needs to know it."""
    vectors = some(2500)
    cache.add(A, vectors)

    assert len(cache.get(A, list(vectors))) == 2500


def test_a_row_that_was_damaged_counts_as_absent(cache):
    """A bit that flips on the disk must not become a vector of something else."""
    vectors = some(2)
    cache.add(A, vectors)
    cache.close()
    first = next(iter(vectors))
    with sqlite3.connect(cache.path) as connection:
        (blob,) = connection.execute("SELECT vector FROM vectors WHERE text = ?", [first]).fetchone()
        bad = bytes([blob[0] ^ 1]) + blob[1:]
        connection.execute("UPDATE vectors SET vector = ? WHERE text = ?", [bad, first])
    connection.close()

    assert set(cache.get(A, list(vectors))) == set(vectors) - {first}


def test_a_file_that_is_no_database_is_begun_anew(cache):
    """Everything in it can be made again; nobody who asks needs to know."""
    cache.path.parent.mkdir(parents=True)
    cache.path.write_bytes(b"nonsense" * 1000)

    assert cache.get(A, list(some(1))) == {}
    cache.add(A, some(1))

    assert len(cache.get(A, list(some(1)))) == 1


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path):
    """A full or read-only disk."""
    (tmp_path / "vectors").write_text("a file")

    with pytest.raises(StoreError, match=r"vector cache .* cannot be used"):
        VectorCache(tmp_path / "vectors").add(A, some(1))


def test_a_disk_that_is_full_is_one_sentence_and_what_is_there_stays(cache):
    """SQLite's own error, from a file that may not grow."""
    cache.add(A, some(10))
    cache._connection.execute("PRAGMA max_page_count = 12")  # noqa: SLF001  # a full disk, as SQLite sees it

    with pytest.raises(StoreError, match=r"vector cache .* cannot be used: database or disk is full"):
        cache.add(A, some(1000, start=10))

    assert len(cache.get(A, list(some(1010)))) == 10


def test_a_file_that_may_only_be_read_gives_what_it_has(cache):
    """A home on a read-only file system: what is there is found, although its use cannot be noted."""
    cache.add(A, some(10))
    cache._connection.execute("PRAGMA query_only = 1")  # noqa: SLF001  # root may write everywhere
    cache._clock = lambda: 9e9  # noqa: SLF001  # another day

    assert len(cache.get(A, list(some(10)))) == 10
    with pytest.raises(StoreError, match="readonly"):
        cache.add(A, some(11))


def test_what_was_used_longest_ago_goes_first(tmp_path):
    """The file outgrows its limit on day 3; what day 2 used stays."""
    day = 1
    cache = VectorCache(tmp_path, max_bytes=600_000, clock=lambda: day * 86_400.0)
    old, used = some(300, 256), some(300, 256, start=300)
    cache.add(A, old | used)
    day = 2
    cache.get(A, list(used))
    day = 3
    new = some(600, 256, start=600)
    cache.add(A, new)

    assert len(cache.get(A, list(used))) > len(cache.get(A, list(old)))
    assert len(cache.get(A, list(new))) == 600


def test_the_cache_says_when_so_many_vectors_never_fit(tmp_path):
    """They would drive each other out for ever."""
    cache = VectorCache(tmp_path, max_bytes=100_000)

    assert cache.has_room_for(50, 256)
    assert not cache.has_room_for(500, 256)


@pytest.mark.skipif(sys.platform == "win32", reason="modes of Windows are others")
def test_only_its_owner_may_enter_the_directory(cache):
    """Vectors tell about the source that they were made of."""
    cache.add(A, some(1))

    assert stat.S_IMODE(cache.path.parent.stat().st_mode) == 0o700


ADD = """
import sys, numpy as np
from pathlib import Path
from leindex_mcp.embed.vector_cache import VectorCache, key_of
cache = VectorCache(Path(sys.argv[1]))
for number in range(10_000):
    keys = [key_of(f"{sys.argv[2]} {number} {n}") for n in range(20)]
    cache.add("m", {key: np.full(64, 0.5, np.float16) for key in keys})
    print(number, flush=True)
"""


@pytest.mark.slow
def test_two_writers_one_of_them_killed_leave_whole_batches(tmp_path):
    """Kill -9 in the middle of a write; the other goes on, and nothing is half there."""
    writers = [
        subprocess.Popen([sys.executable, "-c", ADD, str(tmp_path), name], stdout=subprocess.PIPE, text=True)
        for name in ("first", "second")
    ]
    told = [max(int(writer.stdout.readline()) for _ in range(5)) for writer in writers]
    os.kill(writers[0].pid, signal.SIGKILL)
    told[1] = max(int(writers[1].stdout.readline()) for _ in range(5))
    writers[1].kill()
    for writer in writers:
        writer.communicate()

    cache = VectorCache(tmp_path)
    for name, last in zip(("first", "second"), told, strict=True):
        for number in range(last + 1):
            keys = [key_of(f"{name} {number} {n}") for n in range(20)]
            assert len(cache.get("m", keys)) == 20
