"""The guide's own snippets, with `leindex_mcp` for `leindex`, run as plain scripts."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]  # tracemalloc slows the imports down

SEARCH = """
import time
from leindex_mcp import LeIndex

indexer = LeIndex("/path/to/project")

# Measure search latency
start = time.time()
results = indexer.search("authentication flow")
latency = time.time() - start

print(f"Search latency: {latency*1000:.2f}ms")
"""
CACHE = """
from leindex_mcp.file_stat_cache import FileStatCache

cache = FileStatCache(max_size=10000)
stats = cache.get_stats()

print(f"Hit rate: {stats['hit_rate']:.2%}")
print(f"Memory usage: {stats['memory_bytes'] / 1024 / 1024:.2f}MB")
"""
PROFILE = """
from leindex_mcp import LeIndex
import logging
logging.getLogger('leindex').setLevel(logging.DEBUG)

# Index with profiling
indexer = LeIndex("/path/to/project")
indexer.index(profile=True)
"""
MEMORY = """
from leindex_mcp import LeIndex
import tracemalloc

tracemalloc.start()

indexer = LeIndex("/path/to/project")
indexer.index()

snapshot = tracemalloc.take_snapshot()
top_stats = snapshot.statistics('lineno')

for stat in top_stats[:10]:
    print(stat)
"""
WARMING = """
from leindex_mcp.file_stat_cache import FileStatCache
frequently_accessed_files = ["/path/to/project/login.py"]

cache = FileStatCache(max_size=10000)

# Warm cache with frequently accessed files
for file_path in frequently_accessed_files:
    cache.get(file_path)
for file_path in frequently_accessed_files:
    cache.get(file_path)
print(cache.get_stats())
"""
IN_A_LOOP = """
import asyncio
from leindex_mcp import LeIndex

async def main():
    indexer = LeIndex("/path/to/project")
    indexer.index()
    print([hit.path for hit in indexer.search("authentication flow")])

asyncio.run(main())
"""
BATCH = """
import asyncio
from leindex_mcp.embed.encoder import load_encoder
from leindex_mcp import Settings

file_contents = ["def login(): pass", "def logout(): pass"]

async def main():
    model = load_encoder(Settings().performance.embeddings)
    embeddings = await model.encode_batch(
        texts=file_contents,
        batch_size=32,
        device="cuda"  # Auto-detected
    )
    print(embeddings.shape[0], embeddings.dtype, (embeddings ** 2).sum(axis=1).round(3).tolist())

asyncio.run(main())
"""


@pytest.fixture
def script(tmp_path, make_tree):
    """Run a snippet as a file without a `__main__` guard; return what it printed and logged."""
    root = make_tree({"login.py": "def authenticate(user):\n    '''The authentication flow.'''\n"})

    def script(snippet: str) -> tuple[str, str]:
        path = Path(tmp_path / "snippet.py")
        path.write_text(snippet.replace("/path/to/project", str(root)))
        done = subprocess.run(
            [sys.executable, path], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout, done.stderr

    return script


@pytest.mark.parametrize(
    ("snippet", "expected"),
    [
        (SEARCH, r"Search latency: \d+\.\d\dms\n"),
        (CACHE, r"Hit rate: 0\.00%\nMemory usage: 0\.00MB\n"),
        (MEMORY, r"(.*:\d+: size=.*\n){10}"),
        (WARMING, r"\{'hits': 1, 'misses': 1, .*\n"),
        (IN_A_LOOP, r"\['login\.py'\]\n"),
        (BATCH, r"2 float32 \[1\.0, 1\.0\]\n"),
    ],
    ids=["search", "cache", "memory", "warming", "in a running loop", "encode_batch"],
)
def test_a_snippet_of_the_guide_prints_what_the_guide_says(script, snippet, expected):
    """A reader of the guide pastes it into a file and runs it."""
    printed, logged = script(snippet)

    assert re.fullmatch(expected, printed)
    assert logged == ""


def test_the_profiling_snippet_prints_the_six_lines(script):
    """The guide sets a level, adds no handler, and shows the lines with `[DEBUG]` before them."""
    printed, logged = script(PROFILE)

    stages = [
        "File scanning",
        "Pattern matching",
        "Content extraction",
        "Embedding generation",
        "Index update",
    ]
    assert printed == ""
    assert re.findall(r"^\[DEBUG\] ([A-Z][\w ]+): \d+\.\ds", logged, flags=re.MULTILINE) == [
        *stages,
        "Total indexing time",
    ]
