"""A first index against the guide's 'before': sequential walk, pattern loop, one-by-one MiniLM."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from corpus import make_corpus
from measure import Sample, costs, interleaved, ratio, run, save


def ours(tree: str) -> Sample:
    """Index the tree from nothing with the command a user would type."""
    with tempfile.TemporaryDirectory(prefix="leindex-bench-") as home:
        return run([sys.executable, "-m", "leindex_mcp", "index", tree], env={"LEINDEX_HOME": home})


def before(tree: str) -> Sample:
    """Index the tree as the guide says it was done before."""
    return run([sys.executable, str(Path(__file__).with_name("before.py")), tree])


def main() -> None:
    """Measure both by turns on one tree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    corpus = make_corpus(arguments.files, arguments.seed)
    samples = interleaved(
        {"ours": lambda: ours(corpus.root), "before": lambda: before(corpus.root)}, arguments.rounds
    )
    result = {
        "ours": costs(samples["ours"]),
        "before": costs(samples["before"]),
        "ratio": ratio(samples["ours"], samples["before"]),
        "indexed_before": json.loads(samples["before"][-1].output),
        "corpus": {key: value for key, value in asdict(corpus).items() if key != "root"},
    }
    print(json.dumps({"ratio": result["ratio"], "before": result["indexed_before"]}))
    save(f"before-{arguments.files}", result)


if __name__ == "__main__":
    main()
