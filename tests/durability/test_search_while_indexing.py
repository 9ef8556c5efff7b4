"""P1: while another process indexes again and again, each search answers from one snapshot of whole files."""

from __future__ import annotations

import os
import selectors
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest
import xxhash
from campaign import TIMEOUT, report, size

from leindex_mcp import LeIndex
from leindex_mcp.extract.document import extract_text
from leindex_mcp.pinned import Pinned
from leindex_mcp.records import FileRecord, Fingerprint
from leindex_mcp.request import Request

FILES = 250
RUNS = 20
SEARCHES = size(2_000, 10_000)
INDEXER = """
import sys
from pathlib import Path
from durability.test_search_while_indexing import write
from leindex_mcp import LeIndex
project = LeIndex(sys.argv[1])
for line in sys.stdin:
    write(project.root, int(line))
    project.index()
    print("done", flush=True)
"""


def source(number: int, generation: int) -> str:
    """Return a file whose every line, and whose length, tells which generation it is of."""
    return "".join(
        f"def walk_{number}_{line}_of_{generation}(tree):\n    return tree + {generation}\n\n"
        for line in range(12 + (5 * number + 3 * generation) % 11)
    )


def write(root: Path, generation: int) -> None:
    """Bring every file to that generation, none of them half."""
    written = root.parent / "written"
    for number in range(FILES):
        written.write_text(source(number, generation))
        written.replace(root / f"walk_{number}.py")


class Took(NamedTuple):
    """How long one search took."""

    wall_seconds: float
    cpu_seconds: float


class Whole(NamedTuple):
    """What a file of one generation must look like in a snapshot."""

    generation: int
    chunks: int
    last_line: int


def known(generations: int) -> dict[tuple[str, int], Whole]:
    """Return it for each path and content hash."""
    files = {}
    for number in range(FILES):
        for generation in range(generations):
            text, path = source(number, generation), f"walk_{number}.py"
            content_hash = xxhash.xxh3_64_intdigest(text.encode())
            document = extract_text(FileRecord(path, Fingerprint(0, 0, 0, 0)), text, content_hash)
            last_line = document.chunks[-1].end_line
            files[path, content_hash] = Whole(generation, len(document.chunks), last_line)
    return files


def require_whole(pinned: Pinned, files: dict[tuple[str, int], Whole], newest: int) -> None:
    """Every file is there, in one generation: what is being written, or the one before."""
    corpus = pinned.corpus
    assert len(corpus) == FILES
    generations = set()
    for file, (path, content_hash) in enumerate(
        zip(corpus.paths, pinned.content_hashes.tolist(), strict=True)
    ):
        whole = files[path, content_hash]
        first, end = corpus.chunk_offsets[file : file + 2].tolist()
        assert (end - first, int(corpus.end_line[end - 1])) == (whole.chunks, whole.last_line), path
        generations.add(whole.generation)
    assert generations <= {newest - 1, newest}


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
def test_searches_during_re_indexing_see_one_snapshot_each(tmp_path):
    """Not one answer is mixed, none is empty, none is refused."""
    root = tmp_path / "project"
    root.mkdir()
    write(root, 0)
    project = LeIndex(root)
    project.index()
    request = Request.checked("walk the tree")
    idle: list[Took] = []
    busy: list[Took] = []
    versions: set[int] = set()
    generation, limit = 0, 400
    files = known(limit)

    def search(times: list[Took]) -> None:
        began, began_cpu = time.perf_counter(), time.thread_time()
        answer = project.answer(request)
        times.append(Took(time.perf_counter() - began, time.thread_time() - began_cpu))
        assert len(answer) == 10
        see(project.pin())
        if project.store.head().version not in versions:  # written, and not what answers before the run ends
            see(project.store.read(Pinned.of))

    def see(pinned: Pinned) -> None:
        if pinned.head.version not in versions:
            versions.add(pinned.head.version)
            require_whole(pinned, files, generation)

    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", INDEXER, str(root)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0, "env": environment}
    with subprocess.Popen(command, **pipes) as indexer, selectors.DefaultSelector() as selector:
        selector.register(indexer.stdout, selectors.EVENT_READ)
        while len(busy) < SEARCHES or generation < RUNS:
            generation += 1
            for _ in range(50):
                search(idle)
            indexer.stdin.write(f"{generation}\n".encode())
            while not selector.select(0):
                search(busy)
            assert indexer.stdout.readline() == b"done\n"
        indexer.stdin.close()
    assert indexer.returncode == 0
    assert project.check().problems == ()
    report(
        f"{len(busy)} searches during {generation} runs, {len(versions)} snapshots: none mixed, empty or "
        f"refused; p95 {p95(busy)}, idle {p95(idle)}"
    )


def p95(times: list[Took]) -> str:
    """Return what nineteen of twenty searches take at most: on a crowded machine, CPU time tells more."""
    wall_seconds, cpu_seconds = (
        sorted(column)[int(len(times) * 0.95)] for column in zip(*times, strict=True)
    )
    return f"{wall_seconds * 1000:.1f} ms ({cpu_seconds * 1000:.1f} ms of CPU)"
