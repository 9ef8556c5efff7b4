"""Random kills, many processes, searches during re-indexing: what must hold however they interleave.

Sizes are those of CI; `CAMPAIGN=50` makes each that many times as long. The seed stands in every assertion.
"""

from __future__ import annotations

import logging
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

import pytest
from store import stepper
from store.batches import contents
from store.stepper import project, step_of

from leindex_mcp.store import Store

SCALE = int(os.environ.get("CAMPAIGN", "1"))
SEED = 20261123
REPORT = logging.getLogger("leindex.campaign").warning  # figures: pytest -o log_cli=true

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600 * SCALE)]


def test_random_kills_lose_nothing(store):
    """P2 and P3: after each kill the snapshot is that of the last step told, or of the next."""
    dice = random.Random(SEED)
    acknowledged, slowest = 0, 0.0
    import_module("lancedb")  # the promise of a second is imports apart
    for nth in range(40 * SCALE):
        with stepping(store) as process:
            assert process.stdout.readline() == "writing\n", (SEED, nth)
            threading.Event().wait(dice.uniform(0, 0.3))
            process.send_signal(signal.SIGKILL)
            told = [int(line) for line in process.stdout.read().split() if line.isdigit()]
        acknowledged = max([acknowledged, *told])
        opening = time.perf_counter()
        found = step_of(contents(Store(store.directory).pin())) if store.exists() else 0
        slowest = max(slowest, time.perf_counter() - opening)
        assert found in (acknowledged, acknowledged + 1), (SEED, nth)
        assert store.check() == [], (SEED, nth)
        acknowledged = found
        if nth % 40 == 39:
            REPORT("%d kills, seed %d: %d steps, slowest read %.3f s", nth + 1, SEED, found, slowest)
    assert acknowledged > SCALE


def test_four_processes_on_a_fresh_project_do_the_work_once(tmp_path):
    """P3: four clients open one project; without a lock, 400 of 500 rows were doubled."""
    goal = project(30)
    with ExitStack() as running:
        clients = [running.enter_context(_start([sys.executable, "-c", CLIENT])) for _ in range(4)]
        for round_ in range(5 * SCALE):
            store = Store(tmp_path / f"{round_}")
            assert [client.stdout.readline() for client in clients] == ["ready\n"] * 4
            for client in clients:  # all stand at the barrier
                client.stdin.write(f"{store.directory}\n")
            written = [int(client.stdout.readline()) for client in clients]
            assert sum(written) == len(goal), round_
            assert contents(store.pin()) == goal
            assert store.check() == []
    REPORT(f"{5 * SCALE} rounds of 4 processes: each file embedded once")


def test_searches_during_re_indexing_see_one_snapshot_each(store):
    """P1: not one answer from two snapshots, none empty, none refused."""
    idle: list[float] = []
    busy: list[float] = []
    steps: set[int] = set()
    with stepping(store, until=3) as process:
        assert process.wait() == 0
    for _ in range(200):
        _search(store, idle)
    with stepping(store, until=3 + 20 * SCALE) as process:
        while process.poll() is None:
            steps.add(_search(store, busy))
    assert process.returncode == 0
    assert len(busy) > 100
    p95 = [sorted(times)[int(len(times) * 0.95)] * 1000 for times in (idle, busy)]
    REPORT(
        f"{len(busy)} searches saw {len(steps)} of {20 * SCALE} steps; p95 {p95[1]:.1f} ms, idle {p95[0]:.1f}"
    )


CLIENT = """
import pathlib, sys
import lancedb
from store.batches import batch, start
from store.stepper import project, say
from leindex_mcp.store import Store
while True:
    say("ready")
    store, goal, written = Store(pathlib.Path(sys.stdin.readline().rstrip())), project(30), 0
    with store.writer(wait_seconds=60) as writer:
        stored = start(writer)
        missing = [relative for relative in goal if relative not in stored]
        for first in range(0, len(missing), 3):
            files = {relative: goal[relative] for relative in missing[first : first + 3]}
            writer.commit(batch(files))
            written += len(files)
        writer.finish()
    say(written)
"""


def stepping(store: Store, until: int = 10**9) -> AbstractContextManager[subprocess.Popen[str]]:
    """Start a stepper on the index."""
    return _start([sys.executable, stepper.__file__, str(store.directory), str(until)])


@contextmanager
def _start(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Run a process that we talk with in lines, and that does not outlive the block."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 1, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        yield process
        process.kill()


def _search(store: Store, times: list[float]) -> int:
    start = time.perf_counter()
    found = store.read(contents)
    times.append(time.perf_counter() - start)
    return step_of(found)
