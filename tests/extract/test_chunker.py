"""Chunks cover a text in whole lines and begin where something begins."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.extract.chunker import Piece, cut
from leindex_mcp.extract.definitions import Head, find_heads
from leindex_mcp.records import Definition, DefinitionKind

LINES = st.lists(
    st.one_of(
        st.just(""),
        st.text(st.sampled_from("ab \t{}é𝄞"), max_size=120),
        st.sampled_from([900, 1_600, 4_100, 9_000]).map(lambda length: "x" * length),
        st.integers(1, 300).map(lambda count: "word, " * count),
    ),
    max_size=40,
)
TEXTS = st.builds(lambda lines, end: "\n".join(lines) + end, LINES, st.sampled_from(["", "\n", "\n\n"]))


@given(TEXTS, st.data())
def test_pieces_cover_the_text_in_order(text: str, data: st.DataObject):
    """Nothing may be lost to search, and nothing found twice."""
    places = data.draw(st.lists(st.sampled_from(line_starts(text)), unique=True).map(sorted))
    heads = [Head(Definition("x", DefinitionKind.TYPE, 1), place, 0) for place in places]

    pieces = cut(text, heads)

    assert "".join(text[piece.start : piece.end] for piece in pieces) == text
    assert all(piece.start < piece.end for piece in pieces)


@given(TEXTS)
def test_line_numbers_are_those_of_an_editor(text: str):
    """A hit is quoted from the disk by its lines."""
    for piece in cut(text):
        first, last = text[: piece.start].count("\n"), text[: piece.end - 1].count("\n")
        assert (piece.start_line, piece.end_line) == (first + 1, last + 1)


@given(TEXTS)
def test_pieces_are_whole_lines_unless_a_line_is_too_long(text: str):
    """Only lines above 4,000 characters are split."""
    starts = set(line_starts(text))
    lines = text.split("\n")

    for piece in cut(text):
        assert piece.start in starts or len(lines[piece.start_line - 1]) > 3_000


@given(TEXTS)
def test_pieces_are_of_bounded_size(text: str):
    """Encoders read a bounded number of words, and an answer has a budget."""
    assert all(piece.end - piece.start <= 4_000 for piece in cut(text))


def test_an_empty_text_has_no_pieces():
    """There is nothing to find in it."""
    assert cut("") == []


def test_a_short_text_is_one_piece():
    """Most files are small; they are answered whole."""
    text = "line\n" * 200

    assert cut(text) == [Piece(0, 1_000, 1, 200)]


def test_a_cut_falls_on_the_definition_near_the_wanted_size():
    """A chunk should hold one function, not the end of one and the begin of another."""
    text = "".join(f"def f{number}():\n" + "    work()\n" * 60 for number in range(6))
    heads = find_heads(text, "python")

    starts = [piece.start for piece in cut(text, heads)]

    assert starts == [head.offset for head in heads[:-1]]  # the last two fit together


def test_remarks_and_decorators_stay_with_their_definition():
    """A comment above a function says what the function does."""
    head = "# Read all of it.\n@cached\ndef f():\n"
    text = "".join(head + "    work()\n" * 60 for _ in range(6))

    pieces = cut(text, find_heads(text, "python"))

    assert all(text.startswith(head, piece.start) for piece in pieces)


def test_a_cut_prefers_the_blank_line_that_is_less_indented():
    """A blank line between two functions parts more than one inside a function."""
    inner = "    a()\n" * 118 + "\n    b()\n" + "    c()\n" * 25
    text = f"{inner}\nouter()\n{inner}"  # the line of b() is nearer to the wanted size, but indented

    assert text.index("outer()") in [piece.start for piece in cut(text)]


def test_a_minified_line_is_split_near_separators():
    """One line of a megabyte must neither be one chunk nor be lost."""
    text = "const a=1;" * 10_000

    pieces = cut(text)

    assert {(piece.start_line, piece.end_line) for piece in pieces} == {(1, 1)}
    assert all(text[piece.start : piece.end].endswith(";") for piece in pieces)


@pytest.mark.parametrize("between", [".", "(", "/", "](", "é."])
def test_no_name_is_cut_in_two(between):
    """A line without blanks is cut, too; whoever counts a name relies on a chunk that holds it whole."""
    text = (("parse_config2" + between) * 7 + "größe" + between) * 300

    pieces = cut(text)

    assert len(pieces) > 10
    assert not any(re.fullmatch(r"\w\w", text[piece.end - 1 : piece.end + 1]) for piece in pieces)


def test_a_long_line_does_not_swallow_its_neighbours():
    """The lines around a data blob stay findable by their own lines."""
    text = "before()\n" + "x" * 10_000 + "\nafter()\n"

    pieces = cut(text)

    assert pieces[0] == Piece(0, 9, 1, 1)
    assert {piece.start_line for piece in pieces[1:-1]} == {2}
    assert pieces[-1].end_line == 3


def test_a_million_short_lines_are_cut():
    """Hostile files must cost linear time: the test runner's timeout guards it."""
    assert sum(piece.end - piece.start for piece in cut("\n" * 500_000)) == 500_000


def line_starts(text: str) -> list[int]:
    """Return where lines begin."""
    return [0, *(match.end() for match in re.finditer(r"\n(?=.)", text, re.DOTALL))]
