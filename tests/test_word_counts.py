"""Counting whole batches: the vectorised pass says what the regular expressions say."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp import word_counts, words

# What the rules turn on, likelier than in plain random text: case edges, digits, joins, letters that grow
# or change length when lower-cased, ideographs, a lone surrogate, and words beyond every block length.
PIECES = [
    "a",
    "b",
    "A",
    "B",
    "é",
    "É",
    "ß",
    "İ",
    "ǅ",
    "\u212a",
    "0",
    "9",
    "²",
    "_",
    "__",
    " ",
    "\n",
    "\0",
    ".",
]
LONG_PIECES = [
    "日",
    "本",
    "\ud800",
    "→",
    "x" * 7,
    "x" * 8,
    "y" * 32 + "a",
    "y" * 32 + "b",
    "A" * 9,
    "0" * 40,
    "getUser",
]
TEXTS = st.lists(st.sampled_from(PIECES + LONG_PIECES) | st.characters(), max_size=25).map("".join)


def of_each_text(tally: words.Tally) -> list[dict[str, int]]:
    """Read a tally back as one dictionary a text."""
    return [
        {tally.vocabulary[i]: int(n) for i, n in zip(tally.ids[a:b], tally.counts[a:b], strict=True)}
        for a, b in zip(tally.offsets[:-1], tally.offsets[1:], strict=True)
    ]


@given(st.lists(TEXTS, max_size=5))
def test_counting_a_batch_equals_counting_every_text_by_regex(texts):
    """The oracle: `words.split` and `words.identifiers`, text by text."""
    counts = words.count(texts)

    assert of_each_text(counts) == [Counter(words.split(text)) for text in texts]
    assert of_each_text(counts.identifiers) == [Counter(words.identifiers(text)) for text in texts]


@pytest.mark.parametrize("length", [1, 7, 8, 9, 16, 31, 32, 33, 70])
def test_words_are_told_apart_by_their_first_and_last_letter(length):
    """Words are compared by blocks of eight bytes, long ones by a hash: no byte may be left out."""
    padding = "y" * length

    counts = words.count([f"{padding}a {padding}b", f"a{padding} b{padding}"])

    assert sorted(counts.vocabulary) == sorted([f"{padding}a", f"{padding}b", f"a{padding}", f"b{padding}"])


def test_keys_that_differ_in_their_last_bits_alone_are_kept_apart():
    """Those bits make room for places while sorting; no two words are known whose keys are that close."""
    keys = np.array([5, 4, 5, 4, 7], np.uint64)

    order = word_counts._order(keys)  # noqa: SLF001

    assert keys[order].tolist() == [4, 4, 5, 5, 7]


def test_ids_are_distinct_words_in_ascending_order_within_a_text():
    """Sparse rows are joined with others by position; a word that had two ids would be counted twice."""
    counts = words.count(["b a b c", "", "c c"])

    assert sorted(counts.vocabulary) == ["a", "b", "c"]
    for start, end in zip(counts.offsets[:-1], counts.offsets[1:], strict=True):
        assert (np.diff(counts.ids[start:end]) > 0).all()
    assert counts.rows().tolist() == [0, 0, 0, 2]


@given(st.lists(TEXTS, max_size=4))
def test_terms_are_stems_and_whole_identifiers_added_up(texts):
    """The oracle again, with the stems that several words share counted together."""
    terms = words.keyword_terms(words.count(texts))

    for place, text in enumerate(texts):
        row = slice(terms.offsets[place], terms.offsets[place + 1])
        expected = Counter(map(words.word_term, words.split(text)))
        expected.update(map(words.term, words.identifiers(text)))
        assert dict(zip(terms.terms[row].tolist(), terms.counts[row].tolist(), strict=True)) == expected
        assert (np.diff(terms.terms[row].astype(np.int64)) > 0).all()


def test_a_count_stops_at_what_a_byte_holds():
    """Words repeated hundreds of times must not wrap round to rare ones, nor when stems add up."""
    terms = words.keyword_terms(words.count(["parse " * 200 + "parser " * 200, "x " * 256]))

    assert terms.counts.tolist() == [255, 255]


def test_no_text_and_no_word_are_empty_rows():
    """Empty files and empty batches pass through every stage."""
    assert words.keyword_terms(words.count([])).offsets.tolist() == [0]
    assert words.keyword_terms(words.count(["", "--"])).offsets.tolist() == [0, 0, 0]
