"""What is read out of a question."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp import words
from leindex_mcp.search.aside import Aside
from leindex_mcp.search.question import MAX_CHARACTERS, MAX_WORDS, QuestionKind, parse


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("HTTPServer", QuestionKind.SYMBOL),
        ("std::vector::push_back", QuestionKind.SYMBOL),
        ("src/app/config.py", QuestionKind.PATH),
        ("config.py", QuestionKind.PATH),
        ("src/app", QuestionKind.PATH),
        ('where is "connection reset" logged', QuestionKind.QUOTED),
        ("how does the client retry", QuestionKind.HOW),
        ("Where are cookies parsed?", QuestionKind.HOW),
        ("cookie parsing", QuestionKind.NATURAL),
        ("", QuestionKind.NATURAL),
    ],
)
def test_a_question_has_one_kind(text, kind):
    """The kind decides which words are names and which are grammar."""
    assert parse(text).kind is kind


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("retry", ("retry",)),
        ("Session.request", ("request",)),
        ("std::vector::push_back", ("push_back",)),
        ("Foo#bar", ("bar",)),
        ("App\\Http\\Kernel", ("Kernel",)),
        ("node->next()", ("next",)),
        ("empty?", ("empty",)),
        ("kebab-case", ("kebab-case",)),
        ("--main-color", ("main-color",)),
        ("i->count-1", ("count-1",)),
        ("Jar.read-lid!", ("read-lid!",)),
        ("where is `text-2xl` set by Axios", ("text-2xl", "Axios")),
        ("`a` Axios", ("a", "Axios")),
        ("a first-class citizen", ()),
        ("how does parse_config read a file", ("parse_config",)),
        ("where does HTTPServer call Session.request", ("HTTPServer", "request")),
        ("the Axios instance", ("Axios",)),
        ("Axios instance", ()),
        ("what does `run` do", ("run",)),
        ("how are cookies parsed", ()),
        ("src/app/Config.py", ()),
    ],
)
def test_names_are_what_is_written_as_an_identifier(text, names):
    """A capital at the start of a sentence is grammar; elsewhere it is a name."""
    assert parse(text).names == names


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("bug in src/foo.ts and lib/a/b", ("src/foo.ts", "lib/a/b")),
        ("./src/foo.ts", ("src/foo.ts",)),
        ("read/write lock", ()),
        ("e.g. a list", ()),
        ("see README.md.", ("README.md",)),
        (".gitignore", ()),
    ],
)
def test_paths_are_what_is_written_as_a_path(text, paths):
    """`read/write` is prose; a known suffix, or two slashes, is a path."""
    assert parse(text).paths == paths


def test_quoted_strings_are_kept_as_they_are():
    """They are to be found literally."""
    assert parse('log "connection  Reset!" twice').quoted == ("connection  Reset!",)


def test_words_lose_grammar_and_plurals():
    """What is compared with names is what names are made of."""
    assert parse("how are the config files parsed in go").words == ("config", "file", "parsed")


def test_a_sentence_is_searched_without_its_stop_words():
    """They are in every chunk and tell nothing."""
    assert parse("how is the cookie made").terms == (words.word_term("cookie"),)


def test_stop_words_are_searched_if_there_is_nothing_else():
    """`how to use` must not be a question without words."""
    assert parse("how to use").terms


def test_a_symbol_is_searched_whole_and_in_parts():
    """The whole identifier is rare, its parts are a second chance."""
    assert words.term("parse_config") in parse("parse_config").terms
    assert words.word_term("config") in parse("parse_config").terms


@pytest.mark.parametrize(
    ("text", "reason"),
    [("tests of the parser", Aside.TEST), ("usage example", Aside.EXAMPLE), ("legacy api", Aside.FOREIGN)],
)
def test_a_question_can_ask_for_what_stands_aside(text, reason):
    """Who asks for tests wants tests."""
    assert parse(text).aside == reason


@given(st.text(st.characters()))
def test_any_string_is_a_question(text):
    """NUL, escapes and lone surrogates arrive from clients; nothing may raise, and nothing odd may remain."""
    question = parse(text)

    question.text.encode()
    assert question.text.isprintable() or not question.text.isascii()


def test_a_question_of_a_megabyte_is_cut():
    """Time must not grow with what somebody pastes."""
    question = parse("alpha beta " * 100_000)

    assert len(question.text) <= MAX_CHARACTERS
    letters = "abcdefghijklmnop"
    assert (
        len(parse(" ".join(f"{a}{b}{c}" for a in letters for b in letters for c in "xyz")).words) == MAX_WORDS
    )
