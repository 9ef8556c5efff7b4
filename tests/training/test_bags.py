"""Bags, pieces and rounding: the arrays that training reads and the table that it writes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.embed.table_file import read_table, write_table
from leindex_mcp.embed.trained_table import TrainedTable
from training.bags import Bags, Flat, Pieces, joined
from training.export import MAX_BYTES, SHIPPED, rounded, ship

VOCABULARY = ["a", "x", "par", "parse", "pars", "file", "read", "reader", "erf", "http"]


def small_table(folder, words):
    """Write a table whose vectors tell the words apart."""
    vectors = np.eye(len(words), dtype=np.float32)
    steps, scales = rounded(vectors)
    ones = np.ones(len(words), np.float32)
    facts = {"name": "small", "version": "1", "training_data_digest": "0"}
    tensors = {"vectors": steps, "scales": scales, "document_weights": ones, "question_weights": ones}
    write_table(folder, words, tensors, facts)
    return TrainedTable.load(folder)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Share one small table: hypothesis asks it often."""
    return small_table(tmp_path_factory.mktemp("table"), VOCABULARY)


@given(word=st.lists(st.sampled_from([*VOCABULARY, "q", "zz", "1"]), min_size=1, max_size=4).map("".join))
def test_training_cuts_unknown_words_as_the_encoder_does(table, word):
    """A word that was learned as other pieces than it is searched with would be lost."""
    rows = Pieces(VOCABULARY).of(word)
    vector = table.document_vectors([word])[0].astype(np.float32)

    if rows:
        expected = np.bincount(rows, minlength=len(VOCABULARY))
        assert vector / vector.max() == pytest.approx(expected / expected.max(), abs=0.01)


@given(st.lists(st.lists(st.integers(0, 9), max_size=4), min_size=1, max_size=6), st.data())
def test_taken_bags_are_those_asked_for(lists, data):
    """The vectorised gather equals a loop."""
    ends = np.cumsum([0, *map(len, lists)])
    ids = np.array([number for numbers in lists for number in numbers], np.int32)
    bags = Bags(ends, ids, ids.astype(np.float32))
    rows = data.draw(st.lists(st.integers(0, len(lists) - 1), min_size=1, max_size=5))

    flat = bags.take(np.array(rows))

    assert flat.ids.tolist() == [number for row in rows for number in lists[row]]
    assert flat.bags.tolist() == [place for place, row in enumerate(rows) for _ in lists[row]]
    assert flat.positions().tolist() == [place for row in rows for place in range(len(lists[row]))]


def test_joined_bags_keep_their_entries_together():
    """Sums are taken over runs of one bag."""
    first = Flat(np.array([0, 2]), np.array([5, 6], np.int32), np.ones(2, np.float32))
    second = Flat(np.array([0, 1]), np.array([7, 8], np.int32), np.ones(2, np.float32))

    flat = joined([first, second])

    assert (flat.bags.tolist(), flat.ids.tolist()) == ([0, 0, 1, 2], [5, 7, 8, 6])


def test_rounding_costs_half_a_step_at_most():
    """Int8 is a quarter of the size; the loss was not measurable in any score."""
    vectors = np.random.default_rng(3).normal(size=(50, 16)).astype(np.float32)

    steps, scales = rounded(vectors)

    assert steps.dtype == np.int8
    assert np.abs(steps * scales[:, None] - vectors).max() <= scales.max() / 2 + 1e-6


def test_a_table_too_large_for_the_wheel_is_not_shipped(tmp_path, monkeypatch):
    """The wheel's limit is a promise to those who install it."""
    words = [f"w{number}" for number in range(10)]
    table = dict.fromkeys(("document_weights", "question_weights"), np.ones(10, np.float32))
    np.savez(tmp_path / "table.npz", vectors=np.ones((10, 4)), vocabulary=np.array("\n".join(words)), **table)
    (tmp_path / "report.json").write_text('{"digest": "0"}')
    monkeypatch.setattr("training.export.PREPARED", tmp_path)
    monkeypatch.setattr("training.export.MAX_BYTES", 100)

    with pytest.raises(ValueError, match="take fewer words"):
        ship(tmp_path, "1", tmp_path / "model")


def test_the_shipped_table_fits_the_wheel_and_has_no_empty_word():
    """Nothing maps to zero, and nothing is there twice."""
    shipped = read_table(SHIPPED)

    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= MAX_BYTES
    assert len(set(shipped.words)) == len(shipped.words)
    assert "" not in shipped.words
    assert shipped.vectors.any(axis=1).all()
    assert (shipped.document_weights > 0).all()
    assert (shipped.question_weights > 0).all()
