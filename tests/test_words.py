"""Words, stems and terms: one rule for both sides of a search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp import words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("parseHTTPBody2", ["parse", "http", "body", "2"]),
        ("snake_case CONSTANT_NAME", ["snake", "case", "constant", "name"]),
        ("XMLHttpRequest::open()", ["xml", "http", "request", "open"]),
        ("aB Ab AB", ["a", "b", "ab", "ab"]),
        ("utf8_décodage Größe", ["utf", "8", "décodage", "größe"]),
        ("naïveÉtat", ["naïveétat"]),
        ("读取file", ["读", "取", "file"]),
        ("a\u2013b\u00a0c→d", ["a", "b", "c", "d"]),
        ("\ud800lone", ["lone"]),
        ("", []),
    ],
)
def test_identifiers_and_prose_split_into_lower_case_words(text, expected):
    """Both indexes and every question go through this rule; what is not ASCII has no inner capitals."""
    assert words.split(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("getUser(user_id)", ["getuser", "user_id"]),
        ("__init_subclass__", ["init_subclass"]),
        ("plain _private A1", ["a1"]),
        ("a__b", ["a__b"]),
        ("día_uno", ["día_uno"]),
        ("日本", []),
    ],
)
def test_identifiers_of_several_words_are_also_kept_whole(text, expected):
    """A whole identifier is the most telling term of a text; one word alone is a word already."""
    assert words.identifiers(text) == expected


@given(st.text())
def test_folding_leaves_letters_digits_and_ascii(text):
    """What folding leaves is what the byte classes of the vectorised count know."""
    folded = words.fold(text)

    assert all(character.isascii() or character.isalnum() for character in folded)
    assert words.fold(folded).split() == folded.split()


@pytest.mark.parametrize(
    "family",
    [
        ["parse", "parser", "parsers", "parsing", "parsed"],
        ["validate", "validation", "validator", "validates"],
        ["index", "indexes", "indexed", "indexing", "indexer"],
        ["set", "setting", "setter", "sets"],
        ["retry", "retries"],
        ["normalize", "normalization", "normalizer"],
    ],
)
def test_inflections_and_derivations_share_a_stem(family):
    """Questions are asked in other forms of the words that the code has."""
    assert len({words.stem(word) for word in family}) == 1


@pytest.mark.parametrize(
    ("word", "singular"),
    [
        ("classes", "class"),
        ("class", "class"),
        ("status", "status"),
        ("queries", "query"),
        ("ties", "tie"),
        ("matches", "match"),
        ("caches", "cache"),
        ("boxes", "box"),
        ("sizes", "size"),
        ("axes", "axe"),
        ("is", "is"),
    ],
)
def test_only_plurals_lose_their_ending(word, singular):
    """Names of files and definitions are compared by this gentle stem alone."""
    assert words.plural_stem(word) == singular


@given(st.text(alphabet="abdeginorsty", max_size=12))
def test_a_stem_keeps_its_beginning_and_three_letters_or_more(word):
    """A stem too short would make strangers meet."""
    stem = words.stem(word)

    assert len(stem) >= min(len(word), 3)
    assert word.startswith(stem[:-1])


def test_a_question_has_the_terms_that_counting_gives_the_text():
    """Index and search share one hash: a text asked for word by word finds itself."""
    text = "def readLines(file_path): return parsers[0] # Größe 读"

    counted = words.keyword_terms(words.count([text]))
    asked = words.query_terms(text)

    assert {query_term.term for query_term in asked} == set(counted.terms.tolist())
    assert "file_path" in [query_term.word for query_term in asked]
    assert all(0 <= query_term.term < 2**32 for query_term in asked)


def test_the_hash_of_a_term_never_changes():
    """Terms are stored: another hash would be another index format."""
    assert words.term("parse") == 118703811
    assert words.word_term("parsers") == words.term("pars")


def test_a_path_speaks_without_its_last_suffix():
    """The language is no word that anybody asks for."""
    assert words.split(words.path_words("src/authFlow/login_form.test.ts")) == [
        "src",
        "auth",
        "flow",
        "login",
        "form",
        "test",
    ]
    assert words.path_words(".gitignore") == ".gitignore"
