"""Keyword scores equal a plain reading of BM25, path words included."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp import words
from leindex_mcp.search.lexical import best_chunks, best_of_file, chunk_scores, held_by_file

WORDS = ["parse", "config", "HTTPServer", "read_file", "x", "réseau", "parsing"]
texts = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
trees = st.dictionaries(
    st.sampled_from(["src/parse.py", "config.py", "a/b.py", "parse/config/x.py"]),
    st.lists(texts, max_size=4),
    min_size=1,
)


def said(text):
    """Count the terms of a text: stems of its words, and its whole identifiers."""
    counts = Counter(words.word_term(word) for word in words.split(text))
    counts.update(words.term(identifier) for identifier in words.identifiers(text))
    return counts


def plain_bm25(files, question, k1=1.2, b=0.75):
    """Score every chunk as the textbook does."""
    chunks = []
    for relative in sorted(files):
        for text in files[relative]:
            counts = said(text)
            counts.update(set(said(relative.rpartition(".")[0])))
            chunks.append(counts)
    mean = sum(sum(chunk.values()) for chunk in chunks) / max(len(chunks), 1)
    scores = []
    for chunk in chunks:
        score = 0.0
        for term in said(question):
            df = sum(term in other for other in chunks)
            idf = math.log(1 + (len(chunks) - df + 0.5) / (df + 0.5))
            norm = k1 * (1 - b + b * sum(chunk.values()) / (mean or 1))
            score += idf * (k1 + 1) * chunk[term] / (chunk[term] + norm) if chunk[term] else 0.0
        scores.append(score)
    return scores


@given(files=trees)
def test_postings_sorted_in_parts_equal_those_sorted_at_once(make_corpus, files):
    """A large project is inverted a range of terms at a time; nobody may see where one ends."""
    whole = make_corpus(files)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("leindex_mcp.search.postings._AT_ONCE", 3)
        parted = make_corpus(files)

    for name, array in whole.arrays().items():
        assert np.array_equal(parted.arrays()[name], array), name


@given(files=trees, question=texts)
def test_scores_equal_the_textbook(make_corpus, files, question):
    """The formula is the claim; the arrays are only a fast way to compute it."""
    corpus = make_corpus(files)

    scores = chunk_scores(corpus.postings, [query.term for query in words.query_terms(question)])

    assert scores == pytest.approx(plain_bm25(files, question), rel=1e-4)


def test_a_word_of_the_path_adds_one_to_its_count_in_the_text(make_corpus):
    """A word said three times in a file of that name counts four, once there is one entry for both."""
    corpus = make_corpus({"parse.py": ["parse parse parse"], "other.py": ["nothing"]})

    found = corpus.postings.find(words.word_term("parse"))

    assert corpus.postings.counts[found].tolist() == [4]


def test_counts_stop_at_what_a_byte_holds(make_corpus):
    """300 repetitions and a path word must not wrap around to a small number."""
    corpus = make_corpus({"parse.py": ["parse " * 300]})

    found = corpus.postings.find(words.word_term("parse"))

    assert corpus.postings.counts[found].tolist() == [255]


def test_an_unknown_term_scores_nothing(make_corpus):
    """A hash between two known ones must not be taken for its neighbour."""
    corpus = make_corpus({"a.py": ["one two three"]})

    assert chunk_scores(corpus.postings, [words.word_term("four")]).tolist() == [0.0]


def test_files_are_judged_by_their_best_chunk_and_by_how_many_are_good():
    """As shares of the best: 3 and 5 in one file, 4 in the next, nothing in the others."""
    scores = np.array([3, 5, 4, 0], np.float32)

    assert best_of_file(scores, np.array([0, 2, 3, 4, 4])).tolist() == pytest.approx([1, 4 / 5, 0, 0])
    assert held_by_file(scores, np.array([0, 0, 1, 2], np.int32), 4).tolist() == pytest.approx(
        [1, 4 / 8, 0, 0]
    )


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 8))
def test_the_best_chunks_are_the_first_of_a_stable_sort(values, limit):
    """Ties must not depend on how the selection works inside."""
    scores = np.array(values, np.float32)
    order = sorted((i for i in range(len(values)) if values[i] > 0), key=lambda i: -values[i])

    assert best_chunks(scores, limit).tolist() == sorted(order[:limit])
