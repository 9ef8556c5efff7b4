"""Vector scores: an int8 matrix multiplied in blocks, and one round of feedback."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK_ROWS = 4096  # a block of float32 rows stays in the second-level cache
FEEDBACK_CHUNKS = 2  # 2 to 4 are equal, 8 and more are worse
FEEDBACK_WEIGHT = 0.4  # .2 to .8 are equal
_STEPS = 127.0


@dataclass(frozen=True, slots=True)
class Vectors:
    """Unit rows at a quarter of their size: row i is `rows[i] * scales[i]`."""

    rows: NDArray[np.int8]  #: (m, dim)
    scales: NDArray[np.float32]  #: (m,)

    @classmethod
    def of(cls, vectors: NDArray[np.float16]) -> Vectors:
        """Round each row to 127 steps of its largest value; costs less than .001 of a cosine."""
        rows = np.empty(vectors.shape, np.int8)
        scales = np.empty(len(vectors), np.float32)
        for start in range(0, len(vectors), BLOCK_ROWS):
            block = vectors[start : start + BLOCK_ROWS].astype(np.float32)
            largest = np.maximum(np.abs(block).max(axis=1, initial=0.0), np.float32(1e-12))
            scales[start : start + BLOCK_ROWS] = largest / _STEPS
            rows[start : start + BLOCK_ROWS] = np.rint(block * (_STEPS / largest)[:, None])
        return cls(rows, scales)

    def dot(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the product of every row with *vector*: cosines if it has norm 1."""
        products = np.empty(len(self.rows), np.float32)
        for start in range(0, len(self.rows), BLOCK_ROWS):
            block = self.rows[start : start + BLOCK_ROWS].astype(np.float32)
            np.dot(block, vector, out=products[start : start + BLOCK_ROWS])
        products *= self.scales
        return products

    def some(self, chosen: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the chosen rows as float32 (k, dim)."""
        return self.rows[chosen].astype(np.float32) * self.scales[chosen][:, None]


def with_feedback(
    vectors: Vectors, vector: NDArray[np.float32], best: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Move the question towards the mean of its best chunks; the result has norm 1."""
    return unit(vector + FEEDBACK_WEIGHT * unit(vectors.some(best).mean(axis=0)))


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale to norm 1; the zero vector stays."""
    norm = float(np.linalg.norm(vector))
    return (vector / norm if norm else vector).astype(np.float32)


def highest(scores: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Return the positions of the highest scores, best first; among equals the first wins."""
    count = min(count, len(scores))
    threshold = np.partition(scores, len(scores) - count)[len(scores) - count]
    found = np.flatnonzero(scores >= threshold)
    return found[np.argsort(-scores[found], kind="stable")][:count]


def best_of_each(scores: NDArray[np.float32], offsets: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the position of the highest score of each run that is not empty; the first among equals."""
    lengths = np.diff(offsets)
    filled = np.flatnonzero(lengths)
    best = np.maximum.reduceat(scores, offsets[filled])
    # Every position that equals its run's best, then the first of them in each run.
    owner = np.repeat(np.arange(len(filled)), lengths[filled])
    level = np.flatnonzero(scores == best[owner])
    return level[np.flatnonzero(np.diff(owner[level], prepend=-1))]
