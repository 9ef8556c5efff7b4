"""How the words of a question meet the words of names."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.search.vocabulary import Vocabulary
from leindex_mcp.search.word_sets import Likeness, WordSets

letters = st.text("abé", min_size=1, max_size=9)


def alike(one, other):
    """Equal, or the shorter has four letters and begins the longer."""
    short, long = sorted((one, other), key=len)
    return one == other or (len(short) >= 4 and long.startswith(short))


@given(st.lists(letters, min_size=1, max_size=12), letters)
def test_words_are_alike_by_the_plain_rule(words, word):
    """Searching the sorted bytes must find what comparing word by word finds, accents included."""
    vocabulary = Vocabulary.of(words)
    distinct = sorted(set(words), key=str.encode)

    assert [distinct[i] for i in vocabulary.like(word)] == [other for other in distinct if alike(word, other)]


def test_very_long_words_are_compared_by_their_beginning():
    """A word longer than the arrays are wide must neither fail nor match everything."""
    vocabulary = Vocabulary.of(["a" * 40, "a" * 23 + "b", "zebra"])

    assert vocabulary.like("a" * 50).tolist() == [0]


def overlap(question, sets):
    """Compare a question with sets of words; every word weighs the same."""
    vocabulary = Vocabulary.of(sorted(set().union(*sets)))
    pairs = [(row, word) for row, words in enumerate(sets) for word in words]
    rows = np.array([row for row, _ in pairs])
    ids = vocabulary.ids([word for _, word in pairs])
    inverted = WordSets.of(rows, ids, n_sets=len(sets), n_words=len(vocabulary))
    weights = np.full(len(question), 1 / max(len(question), 1), np.float32)
    return inverted.overlap(Likeness.of(vocabulary, question), weights)


@given(
    st.lists(letters, max_size=4, unique=True), st.lists(st.sets(letters, max_size=4), min_size=1, max_size=6)
)
def test_shares_equal_counting_by_hand(question, sets):
    """Both shares, for every set, against two loops. Neighbours that meet as one word are left out here."""
    joined = [a + b for a, b in pairwise(question)]
    if not set().union(*sets) or any(w.startswith(j) for j in joined for words in sets for w in words):
        return
    found = overlap(question, sets)

    for row, words in enumerate(sets):
        asked = [word for word in question if any(alike(word, other) for other in words)]
        held = [word for word in words if any(alike(word, other) for other in question)]
        assert found.of_question[row] == pytest.approx(len(asked) / max(len(question), 1))
        assert found.of_set[row] == pytest.approx(len(held) / max(len(words), 1))


def test_a_word_counts_once_however_many_words_of_a_set_are_like_it():
    """`config` is like both words of `config_configure`: the question is found once, the set twice."""
    found = overlap(["config", "other"], [{"config", "configure"}])

    assert found.of_question.tolist() == [0.5]
    assert found.of_set.tolist() == [1]


def test_two_neighbours_meet_a_name_that_joins_them():
    """`basic auth` asks for `basicauth`, and both words are found in it."""
    found = overlap(["how", "basic", "auth"], [{"basicauth"}, {"auth"}])

    assert found.of_question.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert found.of_set.tolist() == [1, 1]
