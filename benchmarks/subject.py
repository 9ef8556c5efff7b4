"""The product as a program that stays open: it searches and re-indexes, and prints what each line cost."""

from __future__ import annotations

import json
import sys
import time

from leindex_mcp import LeIndex


def serve(tree: str) -> None:
    """Answer the lines on stdin: a JSON string is a question, `null` asks to bring the index up to date."""
    project = LeIndex(tree)
    print(json.dumps({"chunks": project.index().chunks}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        if question is None:
            outcome = {"files": project.index().files}
        else:
            outcome = {"hits": len(project.search(question, limit=10))}
        cost = {"cpu_ms": (time.process_time() - cpu) * 1e3, "wall_ms": (time.perf_counter() - wall) * 1e3}
        print(json.dumps({**cost, **outcome}), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
