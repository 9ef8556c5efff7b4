"""Runs of positions: rows of a flat array that stand between two offsets."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def positions(offsets: NDArray[np.int64], rows: NDArray[np.int64] | NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the positions of the chosen rows laid end to end; row i is `offsets[i]:offsets[i + 1]`."""
    starts = offsets[rows]
    lengths = offsets[rows + 1] - starts
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    # A running number, restarted at each row's start.
    restarted: NDArray[np.int64] = np.arange(total) + np.repeat(starts - (ends - lengths), lengths)
    return restarted
