"""Random kills, and many processes at once: what must hold however they interleave; see `campaign`."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path

import pytest
from campaign import SEED, TIMEOUT, report, size
from store import nursery
from store.batches import contents
from store.stepper import project, step_of

from leindex_mcp.store import Store

STEPS_OF_A_LIFE = 100  # then a new project begins: the first index is the one that is killed most often

pytestmark = [pytest.mark.slow, pytest.mark.timeout(TIMEOUT)]


def test_random_kills_lose_nothing(tmp_path):
    """P2 and P3: after each kill the snapshot is that of the last step told, or of the next."""
    dice = random.Random(SEED)
    kills, lives, slowest = 0, 0, 0.0
    import_module("pyarrow.dataset")  # the promise of a second is imports apart
    with _start([sys.executable, nursery.__file__]) as process:
        while kills < size(40, 2_000):
            store = Store(tmp_path / f"{lives}")
            lives += 1
            acknowledged = 0
            while acknowledged < STEPS_OF_A_LIFE and kills < size(40, 2_000):
                told = _killed(process, store.directory, dice.choice([0, 0, 1, 2]), dice.uniform(0, 0.2))
                kills += 1
                acknowledged = max([acknowledged, *told])
                opening = time.perf_counter()
                found = step_of(contents(Store(store.directory).pin())) if store.exists() else 0
                slowest = max(slowest, time.perf_counter() - opening)
                assert found in (acknowledged, acknowledged + 1), (SEED, kills)
                assert store.check() == [], (SEED, kills)
                acknowledged = found
            report(f"{kills} kills, seed {SEED}: life {lives}, step {found}, slowest read {slowest:.3f} s")
    assert acknowledged > 1


def _killed(nursery_: subprocess.Popen[str], directory: Path, steps: int, seconds: float) -> list[int]:
    """Let a new process go on for so many steps and so long after its first write, then kill it.

    Returns the steps that it told.
    """
    nursery_.stdin.write(f"{directory}\n")
    child = int(nursery_.stdout.readline().removeprefix("child "))
    assert nursery_.stdout.readline() == "writing\n"
    told = [int(nursery_.stdout.readline()) for _ in range(steps)]
    threading.Event().wait(seconds)
    os.kill(child, signal.SIGKILL)
    return told + [int(line) for line in iter(nursery_.stdout.readline, "gone\n")]


def test_four_processes_on_a_fresh_project_do_the_work_once(tmp_path):
    """P3: four clients open one project; without a lock, 400 of 500 rows were doubled."""
    goal, rounds = project(30), size(5, 50)
    with ExitStack() as running:
        clients = [running.enter_context(_start([sys.executable, "-c", CLIENT])) for _ in range(4)]
        for round_ in range(rounds):
            store = Store(tmp_path / f"{round_}")
            assert [client.stdout.readline() for client in clients] == ["ready\n"] * 4
            for client in clients:  # all stand at the barrier
                client.stdin.write(f"{store.directory}\n")
            written = [int(client.stdout.readline()) for client in clients]
            assert sum(written) == len(goal), round_
            assert contents(store.pin()) == goal
            assert store.check() == []
    report(f"{rounds} rounds of 4 processes: each file embedded once")


CLIENT = """
import pathlib, sys
import pyarrow.dataset
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


@contextmanager
def _start(command: list[str]) -> Iterator[subprocess.Popen[str]]:
    """Run a process that we talk with in lines, and that does not outlive the block."""
    tests = Path(__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 1, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as process:
        yield process
        process.kill()
