"""The strings that stand for a question where text is not split into words yet."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp import words
from leindex_mcp.search.needles import Needles
from leindex_mcp.search.question import parse

WORDS = st.sampled_from(
    "parse parser parses parsing query queries cache caches run running setting abilities class classes "
    "parse_config HttpBody2 über Straße 数据 index indices io x".split()
)
TEXTS = st.lists(st.tuples(WORDS, st.sampled_from([" ", "_", ".", "(", "\n", ""])), max_size=12).map(
    lambda parts: "".join(word + mark for word, mark in parts)
)


@given(TEXTS.filter(str.strip), TEXTS)
def test_whatever_the_keyword_search_would_find_is_seen(asked, text):
    """A file must not be passed over that would be a hit once it is indexed."""
    question = parse(asked)
    needles = Needles.of(question)
    terms = set(words.keyword_terms(words.count([text])).terms.tolist())

    if terms.intersection(question.terms):
        assert any(needles.look("a.py", text, defines=False).in_text)


@pytest.mark.parametrize(
    ("asked", "texts"),
    [
        ("parsing the queries", {"pars", "quer"}),
        ("parse_config", {"parse_config", "config", "pars"}),
        ("where is it", {"wher", "is", "it"}),
    ],
)
def test_a_needle_is_what_all_forms_of_a_word_begin_with(asked, texts):
    """Stop words count only when there is nothing else."""
    assert set(Needles.of(parse(asked)).texts) == texts


def test_a_pasted_page_has_few_needles_and_the_longest():
    """Each one costs a pass over every file."""
    page = " ".join(f"word{'x' * number}" for number in range(60))

    texts = Needles.of(parse(page)).texts

    assert len(texts) == 24
    assert len(texts[0]) == 63


def test_files_are_ordered_by_rare_words_by_their_path_and_by_what_is_asked_for():
    """A common word tells little; the file that is named comes first."""
    needles = Needles.of(parse("retry of a request"))
    looks = [
        needles.look("src/a.py", "request " * 30, defines=False),
        needles.look("src/b.py", "request once, retry once", defines=False),
        needles.look("src/retry.py", "request once, retry once", defines=False),
        needles.look("src/c.py", "nothing of it", defines=True),
        *(needles.look(f"src/{number}.py", "request", defines=False) for number in range(9)),
    ]

    scores = needles.scores(looks)

    assert np.argsort(-scores, kind="stable").tolist()[:4] == [3, 2, 1, 0]


def test_nothing_to_score_is_no_error():
    """A tree may have no text at all."""
    assert Needles.of(parse("retry")).scores([]).tolist() == []
