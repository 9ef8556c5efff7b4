"""What the first answer about a tree without an index costs: our server, our command line, and semble."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from bench_start import INITIALIZE
from corpus import make_corpus, questions
from measure import Sample, costs, interleaved, ratio, run, save
from rival import Rival, add_arguments, find_rival

_INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """One tree, one question, and the rival; every run begins without an index."""

    tree: str
    question: str
    rival: Rival

    def server(self) -> Sample:
        """Ask a server, from its start to the reply; then it is killed, whatever it does by then."""
        with _nothing("LEINDEX_HOME") as env:
            command = [sys.executable, "-m", "leindex_mcp", "serve", "--root", self.tree]
            started = time.perf_counter()
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
            assert process.stdin is not None
            assert process.stdout is not None
            arguments = {"name": "search", "arguments": {"query": self.question}}
            call = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": arguments}
            _write(process.stdin, INITIALIZE)
            process.stdout.readline()
            _write(process.stdin, _INITIALIZED, call)
            reply = json.loads(process.stdout.readline())
            wall = time.perf_counter() - started
            process.kill()
            _, _, usage = os.wait4(process.pid, 0)
            process.returncode = -9
        text = reply["result"]["content"][0]["text"]
        return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, text.partition("\n")[0])

    def command(self) -> Sample:
        """Ask on the command line, which indexes first."""
        with _nothing("LEINDEX_HOME") as env:
            command = [sys.executable, "-m", "leindex_mcp", "search", self.question, self.tree]
            return run(command, env={"LEINDEX_HOME": env["LEINDEX_HOME"]})

    def theirs(self) -> Sample:
        """Ask semble, in process, without its server."""
        with _nothing("SEMBLE_CACHE_LOCATION") as env:
            kept = {"SEMBLE_CACHE_LOCATION": env["SEMBLE_CACHE_LOCATION"], "TQDM_DISABLE": "1"}
            return run([*self.rival.command("ask", self.tree), self.question], env=kept)


def _write(stream: IO[bytes], *messages: dict[str, Any]) -> None:
    for message in messages:
        stream.write(json.dumps(message).encode() + b"\n")
    stream.flush()


@contextmanager
def _nothing(variable: str) -> Iterator[dict[str, str]]:
    """Return an environment in which nothing is kept yet."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LEINDEX_")}
    with tempfile.TemporaryDirectory(prefix="leindex-bench-", ignore_cleanup_errors=True) as home:
        yield {**inherited, variable: home}


def main() -> None:
    """Measure by turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    add_arguments(parser)
    arguments = parser.parse_args()
    corpus = make_corpus(arguments.files, arguments.seed)
    asked = questions(Path(corpus.root), 1, arguments.seed)[0]
    first = FirstAnswer(str(corpus.root), asked, find_rival(arguments))
    contenders = {"server": first.server, "command line": first.command, "semble": first.theirs}
    samples = interleaved(contenders, arguments.rounds)
    result: dict[str, Any] = {
        "question": asked,
        "first_line": samples["server"][-1].output,
        "contenders": {name: costs(each) for name, each in samples.items()},
        "ratio": {name: ratio(samples[name], samples["semble"]) for name in ("server", "command line")},
        "corpus": {**asdict(corpus), "root": Path(corpus.root).name},
    }
    for name, found in result["contenders"].items():
        cpu, wall = found["cpu_seconds"]["median"], found["wall_seconds"]["median"]
        print(f"{name:13} CPU {cpu:6.2f} s, wall {wall:6.2f} s")
    print(result["first_line"], {name: each["cpu_seconds"] for name, each in result["ratio"].items()})
    save(f"first-answer-{arguments.files}", result)


if __name__ == "__main__":
    main()
