"""The best of many scores, against plain sorts."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.search.best import highest, of_each, threshold
from leindex_mcp.search.runs import maxima

runs_of_scores = st.lists(st.lists(st.integers(-3, 3), max_size=4), min_size=1, max_size=8)


@given(runs_of_scores)
def test_each_run_has_its_best_and_the_first_place_of_it(runs):
    """Empty files stand between others, and chunks of one file are often equal."""
    scores = np.array([value for run in runs for value in run], np.float32)
    offsets = np.cumsum([0, *map(len, runs)]).astype(np.int64)

    assert maxima(scores, offsets, empty=-9).tolist() == [max(run, default=-9) for run in runs]
    first = [int(offsets[i]) + run.index(max(run)) for i, run in enumerate(runs) if run]
    if first:
        assert of_each(scores, offsets, np.arange(len(runs))).tolist() == first


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=20), st.integers(1, 25))
def test_the_highest_are_the_first_of_a_stable_sort(values, count):
    """Equal scores stand in order of position, which is order of path."""
    order = sorted(range(len(values)), key=lambda i: -values[i])

    assert highest(np.array(values, np.float32), count).tolist() == order[:count]


@given(st.integers(1, 6000), st.integers(1, 1500), st.integers(1, 3000), st.integers(0, 9))
def test_many_scores_are_sieved_without_loss(size, count, kinds, seed):
    """The sieve looks at columns: it must keep the best wherever they stand, and however many are equal."""
    scores = np.random.default_rng(seed).integers(0, kinds, size).astype(np.float32)

    assert threshold(scores, count) == np.sort(scores)[::-1][:count][-1]
    assert (
        highest(np.sort(scores), count).tolist()
        == np.argsort(-np.sort(scores), kind="stable")[:count].tolist()
    )
