"""The best of many scores: the highest of all, and the highest of each run."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.search import runs

_SIEVE = 512  # columns at least, of which the highest value is looked at first


def threshold(scores: NDArray[np.float32], count: int) -> np.float32:
    """Return the score that *count* scores reach, at least 1; the least of all if there are fewer."""
    count = min(count, len(scores))
    columns = max(4 * count, _SIEVE)
    rows = len(scores) // columns
    if rows > 1:
        # The highest of every column are a few of all scores, so the least of their best is low enough: only
        # what reaches it is sorted out, which takes a tenth of the time.
        tops = scores[: rows * columns].reshape(rows, columns).max(axis=0)
        scores = scores[scores >= np.partition(tops, columns - count)[columns - count]]
    found: np.float32 = np.partition(scores, len(scores) - count)[len(scores) - count]
    return found


def highest(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Return the positions of the highest scores, best first; among equals the first wins."""
    found = np.flatnonzero(scores >= threshold(scores, count))
    return found[np.argsort(-scores[found], kind="stable")][:count]


def of_each(
    scores: NDArray[np.float32], offsets: NDArray[np.int64], chosen: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the position of the highest score of each chosen run that is not empty; the first of equals."""
    chosen = chosen[offsets[chosen + 1] > offsets[chosen]]
    places = runs.positions(offsets, chosen)
    lengths = offsets[chosen + 1] - offsets[chosen]
    owner = np.repeat(np.arange(len(chosen)), lengths)
    values = scores[places]
    best = np.maximum.reduceat(values, np.cumsum(lengths) - lengths)
    # Every position that equals its run's best, then the first of them in each run.
    level = np.flatnonzero(values == best[owner])
    return places[level[runs.is_new(owner[level])]]
