"""Score answers against annotated questions (`annotated.py`), by kind of question, and store the scores."""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from annotated import DEPTH, load, score
from measure import save

_DRAWS = 2000


def measure(data: Path, corpus: Path, names: Iterable[str], mode: str) -> list[dict[str, Any]]:
    """Index every tree, put its questions, and return a row for each."""
    from leindex_mcp import LeIndex

    repos = {repo["name"]: repo for repo in json.loads((data / "repos.json").read_text())}
    rows = []
    for name in names:
        project = LeIndex(corpus / name / (repos[name].get("benchmark_root") or ""))
        project.index()
        for question in load(data, name):
            answer = project.search(question.text, limit=DEPTH, mode=mode)
            rows.append({"repo": name, **score(question, answer.hits, answer.rendered)})
        print(f"{name:20} {_mean([row['ndcg'] for row in rows if row['repo'] == name]):.3f}", flush=True)
    return rows


def summarise(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return means over repositories of the means within each; tokens as medians over questions."""
    to_first = [row["tokens_to_first"] for row in rows if row["tokens_to_first"] is not None]
    categories = sorted({row["category"] for row in rows})
    return {
        "ndcg": _macro(rows, "ndcg"),
        "recall": _macro(rows, "recall"),
        "hit1": _macro([{**row, "hit1": row["first"] == 1} for row in rows], "hit1"),
        "stem_free": _macro([row for row in rows if row["stem_free"]], "ndcg"),
        "category": {c: _macro([row for row in rows if row["category"] == c], "ndcg") for c in categories},
        "repos": {repo: _mean(values) for repo, values in _by_repo(rows, "ndcg").items()},
        "tokens_to_first": statistics.median(to_first) if to_first else None,
        "tokens": {
            "median": statistics.median(r["tokens"] for r in rows),
            "max": max(r["tokens"] for r in rows),
        },
    }


def compare(after: Mapping[str, Sequence[float]], before: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    """Return the mean difference to an earlier run over repositories, with its 95 % interval by bootstrap.

    Both are the scores of every question, by repository.
    """
    differences = [_mean(after[repo]) - _mean(before[repo]) for repo in after if repo in before]
    dice = random.Random(0)
    draws = sorted(_mean(dice.choices(differences, k=len(differences))) for _ in range(_DRAWS))
    interval = draws[int(0.025 * _DRAWS)], draws[int(0.975 * _DRAWS)]
    return {"difference": _mean(differences), "interval": interval, "repos": len(differences)}


def differences(rows: Sequence[dict[str, Any]], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `compare` says of all questions, and of those that share no word with a target's name."""
    before = {repo: iter(values) for repo, values in earlier["ndcg_of_each"].items()}
    both = [{**row, "before": next(before[row["repo"]])} for row in rows]
    free = [row for row in both if row["stem_free"]]
    return {
        name: compare(_by_repo(part, "ndcg"), _by_repo(part, "before"))
        for name, part in (("all", both), ("stem_free", free))
    }


def of_each(rows: Sequence[dict[str, Any]]) -> dict[str, list[float]]:
    """Return the score of every question, by repository."""
    return {repo: [round(value, 4) for value in values] for repo, values in _by_repo(rows, "ndcg").items()}


def _by_repo(rows: Sequence[dict[str, Any]], field: str) -> dict[str, list[float]]:
    values: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        values[row["repo"]].append(row[field])
    return values


def _macro(rows: Sequence[dict[str, Any]], field: str) -> float:
    return _mean([_mean(values) for values in _by_repo(rows, field).values()])


_mean: Callable[[Sequence[float]], float] = statistics.fmean


def main() -> None:
    """Measure one set in one mode, and compare it with an earlier result if one is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="repos.json, split.json and annotations/")
    parser.add_argument("corpus", type=Path, help="the trees, one directory a repository")
    parser.add_argument("--set", default="dev", help="a name in split.json")
    parser.add_argument("--mode", default="hybrid", choices=("hybrid", "semantic", "keyword"))
    parser.add_argument("--against", type=Path, help="an earlier result of the same set")
    arguments = parser.parse_args()
    names = json.loads((arguments.data / "split.json").read_text())[arguments.set]
    with tempfile.TemporaryDirectory(prefix="leindex-quality-") as home:
        os.environ["LEINDEX_HOME"] = home
        rows = measure(arguments.data, arguments.corpus, names, arguments.mode)
    result: dict[str, Any] = {"set": arguments.set, "mode": arguments.mode, **summarise(rows)}
    if arguments.against:
        earlier = json.loads(arguments.against.read_text())
        result["against"] = {
            "mode": earlier["mode"],
            "commit": earlier["commit"],
            **differences(rows, earlier),
        }
    print(json.dumps(result, indent=1))
    save(f"quality-{arguments.set}-{arguments.mode}", {**result, "ndcg_of_each": of_each(rows)})


if __name__ == "__main__":
    main()
