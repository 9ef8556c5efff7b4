"""Runs: rows of a flat array that stand between two offsets, and stretches of equal values."""

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


def is_new(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Return where a value differs from the one before it; the first one does."""
    differs = np.ones(len(values), np.bool_)
    np.not_equal(values[1:], values[:-1], out=differs[1:])
    return differs


def maxima(values: NDArray[np.float32], offsets: NDArray[np.int64], *, empty: float) -> NDArray[np.float32]:
    """Return the highest value of each run, *empty* for one without any."""
    filled = np.flatnonzero(np.diff(offsets))
    highest = np.full(len(offsets) - 1, empty, np.float32)
    if len(filled):
        highest[filled] = np.maximum.reduceat(values, offsets[filled])
    return highest


def first_not_below(
    values: NDArray[np.int32], first: NDArray[np.int64], last: NDArray[np.int64], goals: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return for each goal where `values[first:last]`, which ascend, stop to be below it; *last* at most."""
    low, high = first.copy(), last.copy()
    # One step of every binary search at a time, of those that are not at their end.
    open_ = np.flatnonzero(low < high)
    while len(open_):
        middle = (low[open_] + high[open_]) // 2
        is_below = values[middle] < goals[open_]
        low[open_[is_below]] = middle[is_below] + 1
        high[open_[~is_below]] = middle[~is_below]
        open_ = open_[low[open_] < high[open_]]
    return low
