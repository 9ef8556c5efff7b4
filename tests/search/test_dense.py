"""Vector scores: products of small integers, one round of feedback."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.search.dense import Vectors, feedback, unit


def unit_rows(count, dim=16, seed=0):
    """Roll unit rows."""
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize(("count", "dim"), [(1, 1), (3, 63), (50, 256), (7, 1000), (2, 4096)])
def test_products_are_those_of_exact_arithmetic(count, dim):
    """The question is written in two bytes a number: nothing of it may show in the fourth digit."""
    vectors, vector = Vectors.of(unit_rows(count, dim).astype(np.float16)), unit_rows(1, dim, seed=1)[0]

    products = vectors.dot(vector)

    exact = vectors.rows.astype(np.int64) @ vector.astype(np.float64) * vectors.scales
    assert products.dtype == np.float32
    assert products == pytest.approx(exact, abs=5e-5)
    assert products == pytest.approx(unit_rows(count, dim) @ vector, abs=0.01)


@given(st.integers(1, 300), st.sampled_from([-128, -127, 127]), st.floats(-3e4, 3e4, width=32), st.integers())
def test_no_sum_overflows_however_large_all_numbers_are(dim, byte, value, seed):
    """A row of extremes times a vector of extremes is the largest sum there is; its steps must be exact."""
    dice = np.random.default_rng(abs(seed))
    signs = dice.choice([-1, 1], dim)
    rows = np.clip(byte * np.stack([signs, -signs]), -128, 127).astype(np.int8)
    vector = (value * signs).astype(np.float32)

    products = Vectors(rows, np.ones(2, np.float32)).dot(vector)

    assert products == pytest.approx(rows.astype(np.int64) @ vector.astype(np.float64), rel=1e-6, abs=1e-20)


def test_mapped_rows_are_multiplied_where_they_are(tmp_path):
    """Readers share the pages of a published view and may not write to it."""
    rows = np.arange(-60, 60).reshape(12, 10).astype(np.int8)
    np.save(tmp_path / "rows.npy", rows)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")

    products = Vectors(mapped[1::2], np.ones(6, np.float32)).dot(np.ones(10, np.float32))

    assert products.tolist() == rows[1::2].sum(axis=1).tolist()


def test_a_row_of_zeros_is_near_nothing():
    """A chunk without a vector is allowed; dividing by its largest value is not."""
    assert Vectors.of(np.zeros((1, 4), np.float16)).dot(np.ones(4, np.float32)).tolist() == [0.0]


def test_no_rows_give_no_products():
    """An index without chunks can be asked, too."""
    assert len(Vectors.of(np.zeros((0, 4), np.float16)).dot(np.ones(4, np.float32))) == 0


def test_feedback_moves_the_question_towards_what_answers_it():
    """The moved question stays a unit vector and knows how much of the old one is in it."""
    rows = unit_rows(5)
    question = unit_rows(1, seed=3)[0]
    vectors = Vectors.of(rows.astype(np.float16))

    moved = feedback(vectors, question, np.array([2]))

    assert np.linalg.norm(moved.vector) == pytest.approx(1)
    assert moved.vector @ rows[2] > question @ rows[2]
    expected = unit(question + 0.4 * rows[2])
    assert moved.vector == pytest.approx(expected, abs=0.01)
    assert moved.share == pytest.approx(1 / np.linalg.norm(question + 0.4 * rows[2]), rel=0.01)
