"""The product as a program that stays open: it searches and re-indexes, and prints what each line cost.

Looking at the tree and parsing the first hits are what a rival does not do: their cost is printed apart.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from leindex_mcp import LeIndex
from leindex_mcp.search.syntax import Syntax


def timed_apart(owner: type, name: str) -> Callable[[], float]:
    """Return what tells the CPU milliseconds inside one function since it was last asked."""
    function = getattr(owner, name)
    spent_ms = [0.0]

    def timed(*arguments: object, **options: object) -> object:
        started = time.process_time()
        try:
            return function(*arguments, **options)
        finally:
            spent_ms[0] += (time.process_time() - started) * 1e3

    def taken() -> float:
        before, spent_ms[0] = spent_ms[0], 0.0
        return before

    setattr(owner, name, timed)
    return taken


def serve(tree: str) -> None:
    """Answer the lines on stdin: a JSON object is a search, `null` asks to bring the index up to date."""
    look, parse = timed_apart(LeIndex, "freshen"), timed_apart(Syntax, "of")
    project = LeIndex(tree)
    print(json.dumps({"chunks": project.index().chunks}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        if request is None:
            outcome = {"files": project.index().files}
        else:
            outcome = {"hits": len(project.search(limit=10, **request))}
        cost = {"cpu_ms": (time.process_time() - cpu) * 1e3, "wall_ms": (time.perf_counter() - wall) * 1e3}
        apart = {"look_ms": look(), "parse_ms": parse()}
        cost["answer_ms"] = cost["cpu_ms"] - sum(apart.values())
        print(json.dumps({**cost, **apart, **outcome}), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
