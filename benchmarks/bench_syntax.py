"""What quoting the first hits by their syntax tree adds to a search, by turns with the search without."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from corpus import make_corpus, questions
from measure import percentile, save

_WARM_UP = 10  # questions that nobody counts: imports, grammars unpacked
_VARIANTS = {"without": 0, "with": 3}  # hits whose file is parsed


def compare(tree: Path, asked: list[str]) -> dict[str, list[float]]:
    """Ask every question both ways, and return CPU milliseconds; no tree is remembered from the last one."""
    from leindex_mcp import LeIndex, answering
    from leindex_mcp.search import syntax

    project = LeIndex(tree)
    project.index()
    samples: dict[str, list[float]] = {name: [] for name in _VARIANTS}
    for number, question in enumerate(asked):
        for name in sorted(_VARIANTS, reverse=bool(number % 2)):
            answering._PARSED_HITS = _VARIANTS[name]  # noqa: SLF001  # the only switch there is
            syntax._parsed.cache_clear()  # noqa: SLF001  # the dearest case: every file is a new one
            started = time.process_time()
            project.search(question)
            if number >= _WARM_UP:
                samples[name].append((time.process_time() - started) * 1e3)
    return samples


def main() -> None:
    """Index a tree, then ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2500, help="2500 files are about 20,000 chunks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--tree", type=Path, help="search this directory instead")
    arguments = parser.parse_args()
    tree = arguments.tree or Path(make_corpus(arguments.files, arguments.seed).root)
    with tempfile.TemporaryDirectory(prefix="leindex-bench-") as home:
        os.environ["LEINDEX_HOME"] = home
        samples = compare(tree, questions(tree, arguments.questions + _WARM_UP, arguments.seed))
    added = [slow - fast for slow, fast in zip(samples["with"], samples["without"], strict=True)]
    shares = (("p50", 0.5), ("p90", 0.9), ("p99", 0.99))
    result: dict[str, Any] = {
        name: {label: round(percentile(values, share), 2) for label, share in shares}
        for name, values in (*samples.items(), ("added", added))
    }
    print(json.dumps(result))
    save("syntax", {"cpu_ms": result, "raw": samples})


if __name__ == "__main__":
    main()
