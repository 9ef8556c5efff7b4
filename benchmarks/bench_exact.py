"""Every line that holds a string, by mode exact and by grep, in CPU seconds; both read the same tree now."""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from corpus import make_corpus
from measure import save

# A name that is rare, one of three words, a string that is common, one that is nowhere, and a regex.
_ASKED = ("parse_config", "raise a parse error", "import", "no such line here", r"re:(?i)timeout.*error")


def ours(tree: Path, query: str) -> tuple[float, str]:
    """Ask an open index; return CPU seconds and the first line of the answer."""
    from leindex_mcp import LeIndex

    started = time.process_time()
    answer = LeIndex(tree).search(query, mode="exact")
    return time.process_time() - started, answer.rendered.split("\n")[0]


def grep(tree: Path, query: str) -> float:
    """Let grep find the same; return its CPU seconds."""
    how = ["-rnIiE", query.removeprefix("re:(?i)")] if query.startswith("re:") else ["-rnIF", query]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["grep", how[0], "--", how[1], str(tree)], stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Index a tree, then ask each question by turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tree", type=Path, help="search this directory instead")
    arguments = parser.parse_args()
    tree = arguments.tree or Path(make_corpus(arguments.files, arguments.seed).root)
    result = {}
    with tempfile.TemporaryDirectory(prefix="leindex-bench-") as home:
        os.environ["LEINDEX_HOME"] = home
        from leindex_mcp import LeIndex

        LeIndex(tree).index()
        for query in _ASKED:
            rounds = [(ours(tree, query), grep(tree, query)) for _ in range(arguments.rounds)]
            costs = [cost for (cost, _), _ in rounds], [cost for _, cost in rounds]
            result[query] = {
                "answer": rounds[-1][0][1],
                "ours_cpu_seconds": round(statistics.median(costs[0]), 3),
                "grep_cpu_seconds": round(statistics.median(costs[1]), 3),
                "raw": costs,
            }
            print(*(f"{name}: {value}" for name, value in result[query].items() if name != "raw"), sep="  ")
    save("exact", {"questions": result, "tree": tree.name})


if __name__ == "__main__":
    main()
