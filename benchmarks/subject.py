"""The product as a program that answers questions from stdin and prints what each one cost."""

from __future__ import annotations

import json
import sys
import time

from leindex_mcp import LeIndex


def serve(tree: str) -> None:
    """Answer the questions that arrive on stdin, a JSON string a line; hits are verified and quoted."""
    project = LeIndex(tree)
    first = project.search("anything", limit=1)
    print(json.dumps({"chunks": first.state.chunks}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        answer = project.search(question, limit=10)
        cost = {"cpu_ms": (time.process_time() - cpu) * 1e3, "wall_ms": (time.perf_counter() - wall) * 1e3}
        print(json.dumps({**cost, "hits": len(answer)}), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
