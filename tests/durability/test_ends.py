"""A server ends with its client, in the middle of indexing too, and leaves a whole index and a clean stdout.

Its standard output is at its end when the process is, so no test looks for processes.
"""

from __future__ import annotations

import json
import random
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from campaign import SEED, TIMEOUT, report, size

from leindex_mcp import LeIndex

pytestmark = [pytest.mark.slow, pytest.mark.timeout(TIMEOUT)]

SERVER = [sys.executable, "-m", "leindex_mcp", "--root"]
CLIENT = "import subprocess, sys; subprocess.run(sys.argv[1:])"
LAUNCHER = '#!/bin/sh\n"$@"\nexit $?\n'
CALLS = (
    {
        "id": 0,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-06-18",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        },
    },
    {"method": "notifications/initialized"},
    {
        "id": 1,
        "method": "tools/call",
        "params": {"name": "index", "arguments": {}, "_meta": {"progressToken": 1}},
    },
)


class Running(NamedTuple):
    """A server that is indexing, or the process that started it."""

    process: subprocess.Popen[bytes]
    root: Path

    def lines(self) -> Iterator[dict]:
        """Yield what the server writes until it ends; anything else than JSON fails the test."""
        for line in self.process.stdout:
            message = json.loads(line)
            assert message["jsonrpc"] == "2.0"
            yield message

    def wait_until_it_writes(self) -> None:
        """Read until the server says that files are indexed."""
        for message in self.lines():
            if message.get("params", {}).get("message") == "indexing":
                return
        pytest.fail("the run was over before it said anything: the tree is too small for this machine")


@pytest.fixture(scope="module")
def tree(tmp_path_factory) -> Path:
    """A project that takes some seconds."""
    root = tmp_path_factory.mktemp("ends") / "project"
    for number in range(2_000):
        path = root / f"package_{number % 50}" / f"module_{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            "".join(f"def step_{number}_{line}(value):\n    return value + {line}\n\n" for line in range(100))
        )
    return root


@pytest.fixture
def start(tree, tmp_path, monkeypatch) -> Iterator[Callable[..., Running]]:
    """Return a function that starts a server below *prefix*, an index of its own each time."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*prefix: str) -> Running:
        monkeypatch.setenv("LEINDEX_HOME", str(tmp_path / f"{len(started)}"))
        process = subprocess.Popen([*prefix, *SERVER, tree], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        started.append(process)
        for call in CALLS:
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **call}).encode() + b"\n")
        process.stdin.flush()
        return Running(process, tree)

    yield begin
    for process in started:
        process.kill()
        process.stdin.close()
        process.stdout.close()
        process.wait()


@pytest.mark.parametrize(
    "how", ["the end of stdin", "SIGTERM", "SIGINT", "a killed parent", "a killed client of uv"]
)
def test_a_server_that_is_indexing_ends_with_its_client(start, tmp_path, how):
    """Hundreds of orphans have been reported of other servers."""
    dice, slowest = random.Random(f"{SEED} {how}"), 0.0
    launcher = tmp_path / "uv"
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)
    prefix = {
        "a killed parent": [sys.executable, "-c", CLIENT],
        "a killed client of uv": [sys.executable, "-c", CLIENT, str(launcher)],
    }.get(how, [])
    for _ in range(size(5, 50)):
        running = start(*prefix)
        running.wait_until_it_writes()
        _listen_for(running, dice.uniform(0, 0.3))
        began = time.perf_counter()
        if how == "the end of stdin":
            running.process.stdin.close()
        else:
            running.process.send_signal(getattr(signal, how, signal.SIGKILL))
        for _ in running.lines():
            pass  # to the end of its stdout: when no process holds it any more
        slowest = max(slowest, time.perf_counter() - began)
        status = running.process.wait()
        assert status == {"SIGTERM": 143, "SIGINT": 130, "the end of stdin": 0}.get(how, -signal.SIGKILL)
        assert LeIndex(running.root).store.check() == []
    report(f"{size(5, 50)} x {how}, seed {SEED}: slowest end {slowest:.2f} s")


def _listen_for(running: Running, seconds: float) -> None:
    """Let the server go on for so long."""
    with selectors.DefaultSelector() as nothing:
        nothing.select(seconds)
