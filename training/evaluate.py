"""Score a table on the repositories that may be looked at: vectors alone, best of a file, and with keywords.

`EVALKIT=… EVAL_CORPUS=… python -m training.evaluate TABLE…`, TABLE being a run's name or `shipped`.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from types import ModuleType
from typing import Protocol

import numpy as np
from scipy import sparse

from leindex_mcp.embed.static_encoder import DEFINITION_WEIGHT, FILE_MEAN_WEIGHT, PATH_WEIGHT
from training.bags import Pieces
from training.places import RUNS
from training.scored_trees import ScoredTree, load

MODES = ("raw", "file", "fused")
_FUSED_DEPTH, _FUSED_CONSTANT = 100, 60


class Vectors(Protocol):
    """Float vectors of words, weights included."""

    def __call__(self, words: list[str], *, question: bool) -> np.ndarray:
        """Return (words, dim)."""


@dataclass(slots=True)
class FloatTable:
    """A trained run before it is rounded, cut to its first dimensions."""

    name: str
    dim: int | None = None
    pieces: Pieces = field(init=False)
    _arrays: dict[str, np.ndarray] = field(init=False)

    def __post_init__(self) -> None:
        self._arrays = dict(np.load(RUNS / self.name / "table.npz"))
        self.pieces = Pieces(str(self._arrays["vocabulary"]).split("\n"))

    def __call__(self, words: list[str], *, question: bool) -> np.ndarray:
        """Return (words, dim); unknown words are sums of their pieces."""
        rows = [self.pieces.of(word) for word in words]
        ends = np.cumsum([0, *map(len, rows)])
        flat = np.array([row for pieces in rows for row in pieces], np.int64)
        weights = self._arrays["question_weights" if question else "document_weights"]
        spread = sparse.csr_matrix((weights[flat], flat, ends), (len(words), len(weights)))
        return np.asarray(spread @ self._arrays["vectors"][:, : self.dim])


def units(rows: np.ndarray) -> np.ndarray:
    """Scale rows to norm 1; zeros stay."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)


def similarities(
    tree: ScoredTree,
    vectors: Vectors,
    file_mean: float = FILE_MEAN_WEIGHT,
    path_weight: float = PATH_WEIGHT,
    definition_weight: float = DEFINITION_WEIGHT,
) -> np.ndarray:
    """Return (questions, chunks): the cosines that the product's encoder gives."""
    words = vectors(tree.words, question=False)
    names = path_weight * units(tree.path @ words)[tree.file]
    names += definition_weight * units(_damped(tree.defined) @ words)
    chunks = units(units(_damped(tree.code) @ words) + names)
    starts = np.flatnonzero(np.diff(tree.file, prepend=-1))
    chunks = units(chunks + file_mean * units(np.add.reduceat(chunks, starts, axis=0))[tree.file])
    return units(_damped(tree.asked) @ vectors(tree.words, question=True)) @ chunks.T


def _damped(counts: sparse.csr_matrix) -> sparse.csr_matrix:
    damped = counts.copy()
    damped.data = 1 + np.log(damped.data)
    return damped


def first_of_files(order: np.ndarray, file: np.ndarray, limit: int) -> list[int]:
    """Return the chunks of *order* that are the first of their file."""
    seen: set[int] = set()
    kept: list[int] = []
    for chunk in order.tolist():
        if file[chunk] not in seen:
            seen.add(int(file[chunk]))
            kept.append(chunk)
            if len(kept) == limit:
                break
    return kept


def ranking(mode: str, similar: np.ndarray, keyword: np.ndarray, file: np.ndarray) -> list[int]:
    """Return the ten best chunks."""
    order = np.argsort(-similar, kind="stable")
    if mode == "raw":
        return order[:10].tolist()
    if mode == "file":
        return first_of_files(order, file, 10)
    scores: dict[int, float] = defaultdict(float)
    by_keyword = [chunk for chunk in np.argsort(-keyword, kind="stable")[:_FUSED_DEPTH] if keyword[chunk] > 0]
    for ranks in (order[:_FUSED_DEPTH], by_keyword):
        for rank, chunk in enumerate(ranks, 1):
            scores[int(chunk)] += 1 / (_FUSED_CONSTANT + rank)
    fused = np.array(sorted(scores, key=lambda chunk: (-scores[chunk], chunk)))
    return first_of_files(fused, file, 10)


@dataclass(slots=True)
class Scores:
    """NDCG@10 of every question, by mode."""

    rows: list[tuple[str, str, str, str, bool, float]] = field(
        default_factory=list
    )  #: mode, repo, language, category, stem-free, score

    def mean(self, mode: str, *, stem_free: bool | None = None, category: str | None = None) -> float:
        """Return the mean over repositories of the mean over their questions."""
        by_repo: dict[str, list[float]] = defaultdict(list)
        for row_mode, repo, _, row_category, free, score in self.rows:
            wanted = (stem_free is None or free == stem_free) and category in {None, row_category}
            if row_mode == mode and wanted:
                by_repo[repo].append(score)
        return float(np.mean([np.mean(scores) for scores in by_repo.values()]))

    def languages(self, mode: str) -> dict[str, float]:
        """Return the mean over repositories of each language."""
        found: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for row_mode, repo, language, _, _, score in self.rows:
            if row_mode == mode:
                found[language][repo].append(score)
        return {
            name: float(np.mean([np.mean(s) for s in repos.values()]))
            for name, repos in sorted(found.items())
        }

    def line(self) -> str:
        """Return one line with the three modes, stem-free and by category."""
        parts = [
            f"{mode} {self.mean(mode):.4f} (stem-free {self.mean(mode, stem_free=True):.3f})"
            for mode in MODES
        ]
        kinds = [
            f"{kind[:4]} {self.mean('file', category=kind):.3f}"
            for kind in ("architecture", "semantic", "symbol")
        ]
        return "  ".join(parts + kinds)


def score(kit: ModuleType, names: list[str], vectors: Vectors, **choices: float) -> Scores:
    """Rank every question of the repositories *names*."""
    scores = Scores()
    for tree in load(kit, names):
        similar = similarities(tree, vectors, **choices)
        for row, query in enumerate(tree.queries):
            for mode in MODES:
                hits = [
                    tree.chunks[place] for place in ranking(mode, similar[row], tree.keyword[row], tree.file)
                ]
                value = kit.ndcg(kit.ranks(hits, query.targets), len(query.targets), 10)
                scores.rows.append(
                    (mode, tree.name, tree.language, query.category, bool(tree.stem_free[row]), value)
                )
    return scores


def scoring_kit() -> ModuleType:
    """Import the scoring kit from the folder that EVALKIT names."""
    sys.path.insert(0, os.environ["EVALKIT"])
    return importlib.import_module("evalkit")


def main(tables: list[str]) -> None:
    """Print the scores of each table at full length and cut."""
    kit = scoring_kit()
    for name in tables:
        for dim in (256, 128, 64):
            print(f"{name} {dim}: {score(kit, kit.split('dev'), FloatTable(name, dim)).line()}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
