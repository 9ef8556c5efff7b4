"""The order of files: the same every time, filtered before it is made."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.records import DefinitionKind
from leindex_mcp.search.evidence import gather
from leindex_mcp.search.question import parse
from leindex_mcp.search.ranking import WEIGHTS, file_scores, rank
from leindex_mcp.search.signals import keyword

WORDS = ["cookie", "jar", "parse", "read_file", "x"]
texts = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
paths = st.sampled_from(["a.py", "cookie.py", "src/jar.py", "src/parse/x.py", "tests/test_jar.py", "z.py"])
trees = st.dictionaries(paths, st.lists(texts, min_size=1, max_size=3), min_size=1)
questions = texts.filter(bool)


def vectors_for(files, seed=0):
    """Roll a vector for every chunk, and one for the question."""
    count = sum(map(len, files.values())) + 1
    rows = np.random.default_rng(seed).normal(size=(count, 8))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows[:-1].tolist(), rows[-1].astype(np.float32)


def found(corpus, hits):
    """Return the paths of a ranking."""
    return [corpus.paths[hit.file] for hit in hits]


@given(files=trees, text=questions)
def test_the_order_is_the_sum_of_the_signals_and_ties_go_by_path(make_corpus, files, text):
    """The ranking is nothing but the weights; equal scores stand in order of path."""
    vectors, vector = vectors_for(files)
    corpus, question = make_corpus(files, vectors=vectors), parse(text)
    evidence = gather(corpus, question, vector, None)
    total = sum(np.float32(weight) * signal(corpus, evidence) for signal, weight in WEIGHTS)

    hits = rank(corpus, question, vector, limit=100)

    assert [hit.score for hit in hits] == pytest.approx([float(total[hit.file]) for hit in hits], abs=1e-5)
    keys = [(-hit.score, hit.file) for hit in hits]
    assert keys == sorted(keys)
    assert rank(corpus, question, vector, limit=2) == hits[:2]


def test_equal_files_stand_in_order_of_path(make_corpus):
    """Same index, same question, same answer."""
    corpus = make_corpus({path: ["cookie"] for path in ("b.py", "a.py", "c.py")})

    assert found(corpus, rank(corpus, parse("cookie"), None)) == ["a.py", "b.py", "c.py"]


@given(files=trees, text=questions, data=st.data())
def test_a_mask_leaves_only_what_it_allows(make_corpus, files, text, data):
    """A mask of everything is no mask; a smaller one lets no other file through, and loses no hit."""
    vectors, vector = vectors_for(files)
    corpus, question = make_corpus(files, vectors=vectors), parse(text)
    allowed = np.array(data.draw(st.lists(st.booleans(), min_size=len(files), max_size=len(files))))

    everything = rank(corpus, question, vector, allowed=np.ones(len(files), bool), limit=100)
    hits = rank(corpus, question, vector, allowed=allowed, limit=100)

    assert everything == rank(corpus, question, vector, limit=100)
    assert all(allowed[hit.file] for hit in hits)
    if hits:  # or nothing that is allowed is near enough
        assert {hit.file for hit in hits} == {hit.file for hit in everything if allowed[hit.file]}


def test_what_is_masked_takes_no_place_and_sets_no_standard(make_corpus):
    """Sixty better chunks elsewhere must not push a file out of the 50 that are added up, nor dwarf it."""
    corpus = make_corpus({"big.py": ["cookie cookie cookie"] * 60, "small.py": ["a cookie"]})
    allowed = np.array([False, True])

    evidence = gather(corpus, parse("cookie"), np.array([1, 0], np.float32), allowed)

    assert keyword(corpus, evidence).tolist() == [0, 1]
    assert (evidence.chunk_cosine[:60] == -1).all()
    assert keyword(corpus, gather(corpus, parse("cookie"), None, None))[1] < 0.5


def test_semantic_goes_by_vectors_alone(make_corpus):
    """The words of the question are in the other file."""
    corpus = make_corpus({"a.py": ["cookie"], "b.py": ["x"]}, vectors=[[0, 1], [1, 0]])
    vector = np.array([1, 0], np.float32)

    assert found(corpus, rank(corpus, parse("cookie"), vector, mode="semantic"))[0] == "b.py"
    assert found(corpus, rank(corpus, parse("cookie"), vector, mode="keyword")) == ["a.py"]


def test_keyword_does_not_look_at_the_vector(make_corpus):
    """A caller may pass one all the same."""
    corpus, question = make_corpus({"a.py": ["cookie"], "b.py": ["cookie jar"]}), parse("cookie")

    with_vector = rank(corpus, question, np.array([1, 0], np.float32), mode="keyword")

    assert with_vector == rank(corpus, question, None, mode="keyword")


def test_one_word_of_many_is_not_near(make_corpus):
    """Nonsense shares a word with any large project; a file that says little of the question is no answer."""
    corpus = make_corpus({"a.py": ["cookie jar", "minor other words"], "b.py": ["more words"]})

    assert rank(corpus, parse("violin concerto in a minor key by vivaldi"), None) == []
    assert found(corpus, rank(corpus, parse("minor words"), None)) == ["a.py", "b.py"]


def test_nothing_near_is_no_hit(make_corpus):
    """Ten slots filled with noise cost an agent more than an honest nothing."""
    corpus = make_corpus({"a.py": ["cookie"]}, vectors=[[0, 1]])

    assert rank(corpus, parse("quantum pancake"), np.array([1, 0], np.float32)) == []


def test_the_chunk_shown_defines_the_asked_name(make_corpus):
    """Another chunk says the name more often; who asks for a symbol wants its definition."""
    files = {"a.py": ["Session Session Session", "class Session\nbody", "tail"]}
    corpus = make_corpus(files, defines={"a.py": [("Session", DefinitionKind.TYPE, 2)]})

    (hit,) = rank(corpus, parse("Session"), None)

    assert (hit.chunk, hit.start_line, hit.end_line, hit.focus_line) == (1, 2, 3, 2)


def test_without_a_definition_the_best_chunk_is_shown(make_corpus):
    """Keyword share plus half the cosine share."""
    corpus = make_corpus({"a.py": ["x", "cookie", "y"]}, vectors=[[1, 0], [1, 0], [1, 0]])

    (hit,) = rank(corpus, parse("cookie"), np.array([1, 0], np.float32))

    assert (hit.chunk, hit.focus_line) == (1, None)


def test_of_two_chunks_the_words_count_twice_what_the_vector_does(make_corpus):
    """A chunk that says the question is shown rather than one that only means it."""
    corpus = make_corpus({"a.py": ["x", "cookie", "y"]}, vectors=[[1, 0], [0, 1], [0, 1]])

    (hit,) = rank(corpus, parse("cookie"), np.array([1, 0], np.float32))

    assert hit.chunk == 1


def test_a_file_without_chunks_is_never_a_hit(make_corpus):
    """There is nothing to quote, whatever its name says."""
    corpus = make_corpus({"cookie.bin": [], "a.py": ["cookie"]})

    assert found(corpus, rank(corpus, parse("cookie"), None)) == ["a.py"]


def test_semantic_without_a_vector_finds_nothing(make_corpus):
    """It has nothing to go by, and says so instead of guessing."""
    corpus = make_corpus({"a.py": ["cookie"]})

    assert rank(corpus, parse("cookie"), None, mode="semantic") == []
    assert file_scores(corpus, gather(corpus, parse("cookie"), None, None), "semantic").tolist() == [0]
