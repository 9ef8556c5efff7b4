"""Vector scores: an int8 matrix multiplied as integers, and one round of feedback."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import simsimd
from numpy.typing import NDArray

from leindex_mcp.rounding import rounded

_LAST_DIGIT = 127  # of a byte with a sign
_STEPS = 2 * _LAST_DIGIT  # of the low digit within one step of the high one
FEEDBACK_CHUNKS = 2  # 2 to 4 are equal, 8 and more are worse
FEEDBACK_WEIGHT = 0.4  # .2 to .8 are equal


@dataclass(frozen=True, slots=True)
class Vectors:
    """Unit rows at a quarter of their size: row i is `rows[i] * scales[i]`."""

    rows: NDArray[np.int8]  #: (m, dim)
    scales: NDArray[np.float32]  #: (m,)

    @classmethod
    def of(cls, vectors: NDArray[np.float16]) -> Vectors:
        """Round the rows."""
        return cls(*rounded(vectors))

    def dot(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the product of every row with *vector*: cosines if it has norm 1. O(m * dim) byte products.

        The vector is rounded to 1/32,258 of its largest value; the sums are exact.
        """
        if not len(self.rows):
            return np.zeros(0, np.float32)
        digits, step = _digits(vector)
        # Whole numbers, float64 (m, 2). Not numpy: it has no fast product of bytes.
        sums = np.asarray(simsimd.cdist(self.rows, digits, metric="dot"))
        products = sums[:, 0] * _STEPS
        products += sums[:, 1]
        products *= step
        products *= self.scales
        return products.astype(np.float32)

    def some(self, chosen: NDArray[np.int64]) -> Vectors:
        """Return the chosen rows."""
        return Vectors(self.rows[chosen], self.scales[chosen])


def _digits(vector: NDArray[np.float32]) -> tuple[NDArray[np.int8], float]:
    """Write a vector as bytes (2, dim), high digits and low ones; it is step * (`_STEPS` * high + low)."""
    step = max(float(np.abs(vector).max(initial=0.0)), 1e-30) / (_LAST_DIGIT * _STEPS)
    high = np.rint(vector / (step * _STEPS))
    low = np.rint(vector / step - _STEPS * high)
    return np.stack([high, low]).astype(np.int8), step


@dataclass(frozen=True, slots=True)
class Moved:
    """A question moved towards chunks that answer it."""

    vector: NDArray[np.float32]  #: (dim,) norm 1
    share: np.float32  #: what the question itself contributes to a product with `vector`


def feedback(vectors: Vectors, vector: NDArray[np.float32], best: NDArray[np.int64]) -> Moved:
    """Move the question towards the mean of its best chunks."""
    answers = vectors.rows[best] * vectors.scales[best][:, None]
    both = vector + np.float32(FEEDBACK_WEIGHT) * unit(answers.mean(axis=0))
    norm = np.float32(max(float(np.linalg.norm(both)), 1e-9))
    return Moved((both / norm).astype(np.float32), np.float32(1 / norm))


def unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scale to norm 1; the zero vector stays."""
    norm = float(np.linalg.norm(vector))
    return (vector / norm if norm else vector).astype(np.float32)
