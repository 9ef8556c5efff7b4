"""Score semble's ranking against annotated questions, in the format that `quality.py --against` reads.

    RIVAL_PYTHON benchmarks/rival_quality.py DATA TREES --set commits --model DIR --alpha 0

With alpha 0 its vectors take no part: its ranking over BM25, the best that is published for it on commits.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from annotated import DEPTH, Question, load, score
from measure import save
from quality import of_each, summarise

_SNIPPET_LINES = 10  # its server's default


class Hit(NamedTuple):
    """A chunk that semble found."""

    path: str
    start_line: int
    end_line: int


def answers(
    tree: Path, questions: list[Question], model: str, alpha: float | None
) -> Iterator[dict[str, Any]]:
    """Index a tree, put its questions, and yield a row for each."""
    from semble import SembleIndex
    from semble.utils import format_results

    index = SembleIndex.from_path(str(tree), model_path=model)
    for question in questions:
        found = index.search(question.text, top_k=DEPTH, alpha=alpha, max_snippet_lines=_SNIPPET_LINES)
        chunks = [result.chunk for result in found]
        hits = [Hit(os.path.relpath(tree / c.file_path, tree), c.start_line, c.end_line) for c in chunks]
        # What its server sends, once; hits are parted as `score` expects, at no cost.
        sent = format_results(question.text, found, _SNIPPET_LINES)
        opening = json.dumps({"query": question.text, "results": []}).removesuffix("]}")
        yield score(question, hits, opening + "\n\n".join(map(json.dumps, sent["results"])))


def main() -> None:
    """Measure one set and store the scores."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("trees", type=Path)
    parser.add_argument("--set", default="dev")
    parser.add_argument("--model", required=True, help="a model2vec directory")
    parser.add_argument("--alpha", type=float, help="share of the vectors; by default semble decides")
    arguments = parser.parse_args()
    repos = {repo["name"]: repo for repo in json.loads((arguments.data / "repos.json").read_text())}
    rows = []
    for name in json.loads((arguments.data / "split.json").read_text())[arguments.set]:
        tree = arguments.trees / name / (repos[name].get("benchmark_root") or "")
        found = answers(tree, load(arguments.data, name), arguments.model, arguments.alpha)
        rows += [{"repo": name, **row} for row in found]
        print(name, flush=True)
    mode = "semble" if arguments.alpha is None else f"semble, alpha {arguments.alpha:g}"
    result = {"set": arguments.set, "mode": mode, **summarise(rows)}
    result["ndcg_of_each"] = of_each(rows)
    print(json.dumps({name: value for name, value in result.items() if name != "ndcg_of_each"}, indent=1))
    save(f"quality-{arguments.set}-{mode.replace(', ', '-').replace(' ', '-')}", result)


if __name__ == "__main__":
    main()
