"""Time from spawn to the reply to `initialize`, against a server with one tool and nothing else."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measure import REPOSITORY, Sample, costs, interleaved, ratio, save

_HEAVY = ("lancedb", "pyarrow", "numpy", "torch", "transformers", "sentence_transformers")
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1"},
    },
}
_BARE = [sys.executable, str(Path(__file__).with_name("bare_server.py"))]
_OURS = [sys.executable, "-m", "leindex_mcp", "serve", "--root", str(REPOSITORY)]


def time_to_reply(command: list[str], home: str) -> Sample:
    """Start a server, send `initialize`, and return the cost up to its reply."""
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(home),
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
        process.stdin.flush()
        reply = json.loads(process.stdout.readline())
        wall = time.perf_counter() - started
        process.kill()
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = -9
    assert "result" in reply, reply
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)


def imported_before_reply(command: list[str], home: str) -> list[str]:
    """Return the top-level modules that are loaded when the reply to `initialize` is written."""
    env = {**_environment(home), "PYTHONPROFILEIMPORTTIME": "1"}
    with (
        tempfile.TemporaryFile() as trace,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=trace, env=env
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(INITIALIZE).encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        process.kill()
        process.wait()
        trace.seek(0)
        names = re.findall(r"^import time:\s+\d+ \|\s+\d+ \|\s+(\w+)", trace.read().decode(), re.MULTILINE)
    return sorted(set(names))


def _environment(home: str) -> dict[str, str]:
    """Return the environment of a user with an empty cache."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LEINDEX_")}
    return {**inherited, "LEINDEX_HOME": home}


def _contender(command: list[str], home: str) -> Callable[[], Sample]:
    """Return one server as something to measure."""
    return lambda: time_to_reply(command, home)


def main() -> None:
    """Measure by turns, after one round that fills the caches."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=21)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leindex-bench-") as home:
        contenders = {"ours": _contender(_OURS, home), "bare": _contender(_BARE, home)}
        interleaved(contenders, 1)
        samples = interleaved(contenders, arguments.rounds)
        loaded = imported_before_reply(_OURS, home)
    result = {
        "ours": costs(samples["ours"]),
        "bare": costs(samples["bare"]),
        "ratio": ratio(samples["ours"], samples["bare"]),
        "heavy_imports_before_reply": [name for name in loaded if name in _HEAVY],
        "imports_before_reply": loaded,
    }
    for name in ("ours", "bare"):
        wall, cpu = result[name]["wall_seconds"]["median"], result[name]["cpu_seconds"]["median"]
        print(f"{name:5} initialize to reply {wall * 1e3:7.1f} ms wall, {cpu * 1e3:7.1f} ms CPU")
    print("ratio", result["ratio"], "heavy imports", result["heavy_imports_before_reply"])
    save("start", result)


if __name__ == "__main__":
    main()
