"""Learn the weights of the ranking again, each repository left out in turn; tell what each signal is worth.

    python benchmarks/refit.py --set DATA TREES dev --set DATA TREES commits

The signals of every file are computed once a question; a fit takes a tenth of a second.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from annotated import DEPTH, Question, load, ndcg
from measure import save
from numpy.typing import NDArray
from quality import compare

from leindex_mcp import LeIndex
from leindex_mcp.embed.encoder import load_encoder
from leindex_mcp.search.corpus import Corpus
from leindex_mcp.search.evidence import gather
from leindex_mcp.search.nearness import near_files
from leindex_mcp.search.question import parse
from leindex_mcp.search.ranking import WEIGHTS
from leindex_mcp.settings import Settings

Weights = NDArray[np.float64]
ByRepo = dict[str, list[float]]

TUNED: Weights = np.array([weight for _, weight in WEIGHTS])
NAMES = [signal.__name__ for signal, _ in WEIGHTS]
_RIVALS = 60  # best files by the tuned weights that a fit sees beside the targets
_RIDGE = 0.03  # on standardised signals
_STEPS = 12  # of Newton's method; six are enough


class Asked(NamedTuple):
    """One question: what every near file scores by each signal, and which of them are its targets."""

    repo: str
    is_stem_free: bool
    signals: NDArray[np.float32]  #: (signals, files)
    targets: list[list[int]]  #: columns that show each target


def ask(data: Path, trees: Path, name: str) -> list[Asked]:
    """Index every repository of a set, and put its questions."""
    repos = {repo["name"]: repo for repo in json.loads((data / "repos.json").read_text())}
    encoder = load_encoder(Settings().performance.embeddings)
    asked = []
    for repo in json.loads((data / "split.json").read_text())[name]:
        project = LeIndex(trees / repo / (repos[repo].get("benchmark_root") or ""))
        project.index()
        pinned = project.pin()
        assert pinned is not None
        corpus = pinned.corpus
        for question in load(data, repo):
            parsed = parse(question.text)
            evidence = gather(corpus, parsed, encoder.encode_question(parsed.text, corpus.idf), None)
            near = np.flatnonzero(near_files(corpus, evidence, by_vector_only=False))
            signals = np.array([signal(corpus, evidence)[near] for signal, _ in WEIGHTS], np.float32)
            columns = {int(file): column for column, file in enumerate(near)}
            targets = [
                [columns[file] for file in files if file in columns]
                for files in _targets(project, corpus, question)
            ]
            asked.append(Asked(repo, question.is_stem_free(), signals, targets))
    return asked


def _targets(project: LeIndex, corpus: Corpus, question: Question) -> list[list[int]]:
    """Return the files that show each target; where lines are asked for, those whose hit shows them."""
    places = [(path, 1, 1 << 30) for path in corpus.paths]
    if any(target.end_line < 1 << 30 for target in question.targets):
        places = [
            (hit.path, hit.start_line, hit.end_line) for hit in project.search(question.text, limit=100)
        ]
    number = {path: file for file, path in enumerate(corpus.paths)}
    return [
        [number[place[0]] for place in places if target.is_covered_by(*place)] for target in question.targets
    ]


def scores(asked: Sequence[Asked], weights: Weights) -> ByRepo:
    """Return NDCG@10 of every question, by repository."""
    found: ByRepo = {}
    for question in asked:
        sums = weights.astype(np.float32) @ question.signals
        ranks = {int(column): rank for rank, column in enumerate(np.argsort(-sums, kind="stable")[:DEPTH], 1)}
        best = [min((ranks[c] for c in columns if c in ranks), default=None) for columns in question.targets]
        found.setdefault(question.repo, []).append(ndcg(best))
    return found


def fit(asked: Sequence[Asked]) -> Weights:
    """Return the weights that make the targets the likeliest choice; every repository counts the same."""
    counts: dict[str, int] = {}
    for question in asked:
        counts[question.repo] = counts.get(question.repo, 0) + 1
    samples = []
    for question in asked:
        right = sorted({column for columns in question.targets for column in columns})
        if right:
            rivals = np.argsort(-(TUNED @ question.signals), kind="stable")[:_RIVALS]
            chosen = np.union1d(rivals, right)
            rows = question.signals[:, chosen].T.astype(np.float64)
            samples.append((rows, np.isin(chosen, right) / len(right), 1 / counts[question.repo]))
    scale = np.sqrt(np.mean([rows.var(axis=0) for rows, _, _ in samples], axis=0)) + 1e-9
    weights = TUNED * scale
    for _ in range(_STEPS):
        weights = weights - _newton_step(samples, weights, scale, len(counts))
    return weights / scale


def _newton_step(samples: Sequence[Any], weights: Weights, scale: Weights, repos: int) -> Weights:
    gradient, curvature = _RIDGE * weights, _RIDGE * np.eye(len(weights))
    for raw, right, share in samples:
        rows = raw / scale
        sums = rows @ weights
        chances = np.exp(sums - sums.max())
        chances /= chances.sum()
        mean = chances @ rows
        gradient = gradient + share / repos * (mean - right @ rows)
        curvature = curvature + share / repos * ((rows - mean).T * chances) @ (rows - mean)
    step: Weights = np.linalg.solve(curvature, gradient)
    return step


def left_out(asked: Sequence[Asked]) -> ByRepo:
    """Score every repository with weights learned from the others."""
    found: ByRepo = {}
    for repo in dict.fromkeys(question.repo for question in asked):
        weights = fit([question for question in asked if question.repo != repo])
        found |= scores([question for question in asked if question.repo == repo], weights)
    return found


def worth(asked: Sequence[Asked]) -> dict[str, Any]:
    """Return what the tuned ranking loses without each signal, the rest as it is."""
    whole = scores(asked, TUNED)
    return {
        name: compare(scores(asked, np.where(np.arange(len(NAMES)) == place, 0, TUNED)), whole)
        for place, name in enumerate(NAMES)
    }


def report(sets: dict[str, list[Asked]]) -> dict[str, Any]:
    """Compare, for each set, the tuned weights with learned ones that never saw the repository or the set."""
    result: dict[str, Any] = {"tuned": dict(zip(NAMES, TUNED.tolist(), strict=True)), "sets": {}}
    for name, asked in sets.items():
        others = [question for other in sets if other != name for question in sets[other]]
        tuned, learned = scores(asked, TUNED), left_out(asked)
        result["sets"][name] = {
            "tuned": _mean(tuned),
            "leave_one_repository_out": _mean(learned),
            "difference": compare(learned, tuned),
            "stem_free": _mean(scores([q for q in asked if q.is_stem_free], TUNED)),
            "learned_from_other_sets": _mean(scores(asked, fit(others))) if others else None,
            "learned": dict(zip(NAMES, fit(asked).round(3).tolist(), strict=True)),
            "without": worth(asked),
        }
    return result


def _mean(found: ByRepo) -> float:
    return float(np.mean([np.mean(values) for values in found.values()]))


def main() -> None:
    """Ask, refit and store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", nargs=3, action="append", required=True, metavar=("DATA", "TREES", "NAME"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="leindex-refit-") as home:
        os.environ["LEINDEX_HOME"] = home
        sets = {name: ask(Path(data), Path(trees), name) for data, trees, name in arguments.set}
    result = report(sets)
    print(json.dumps(result, indent=1))
    save("refit", result)


if __name__ == "__main__":
    main()
