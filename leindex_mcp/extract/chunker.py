"""Chunks: where a text is cut so that each piece is whole lines and reads as one thing."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

# About 1,000 characters: 700 to 1,500 rank alike, and four hits of this size fit an answer.
_LEAST = 500
_WANTED = 1_000
_MOST = 1_500
_LONGEST_LINE = 4_000  # characters; longer lines are data or minified, and are split
_TAB_COLUMNS = 4
_COLUMN_COST = 40  # characters of distance that one column of indentation is worth
_DEFINITION_GAIN = 150  # characters of distance that beginning at a definition is worth
_BLANK_LINE = re.compile(r"\n[ \t]*\n([ \t]*)(?=\S)")
_SEPARATORS = " ,;"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters with the lines that it touches."""

    start: int  #: offset of the first character
    end: int  #: offset behind the last one
    start_line: int  #: 1-based
    end_line: int  #: inclusive


def cut(text: str, heads: Sequence[int] = ()) -> list[Piece]:
    r"""Cut *text*, whose line ends are all ``\n``, into pieces that cover it in order.

    *heads* are the offsets of lines on which definitions begin, ascending: good places to cut, as are
    lines after a blank one; the less indented, the better. Pieces are whole lines of 500 to 1,500
    characters, but for the last one and for lines above 4,000 characters, which are split.
    """
    pieces: list[Piece] = []
    start, line = 0, 1
    while start < len(text):
        end = _next_cut(text, start, heads)
        newlines = text.count("\n", start, end)
        ends_line = text[end - 1] == "\n"
        pieces.append(Piece(start, end, line, line + newlines - ends_line))
        start, line = end, line + newlines
    return pieces


def _next_cut(text: str, start: int, heads: Sequence[int]) -> int:
    """Return the offset behind the piece that begins at *start*."""
    rest = len(text) - start
    if rest <= _MOST:
        return _split_long_line(text, start, len(text))
    # The last piece should not be a crumb.
    most = start + min(_MOST, rest - _LEAST // 2)
    best = _best_break(text, start, most, heads)
    if best is None:
        best = text.rfind("\n", start + _LEAST, most) + 1 or text.find("\n", most) + 1 or len(text)
    return _split_long_line(text, start, best)


def _best_break(text: str, start: int, most: int, heads: Sequence[int]) -> int | None:
    """Return the cheapest place to cut, between the least and the most: little indented, near the wanted."""
    least, wanted = start + _LEAST, start + _WANTED
    best, best_cost = None, 0
    for match in _BLANK_LINE.finditer(text, least, most):
        cost = _COLUMN_COST * _columns(match[1]) + abs(match.start(1) - wanted)
        if best is None or cost < best_cost:
            best, best_cost = match.start(1), cost
    for offset in heads[bisect_left(heads, least) : bisect_left(heads, most)]:
        cost = _COLUMN_COST * indentation(text, offset) + abs(offset - wanted) - _DEFINITION_GAIN
        if best is None or cost < best_cost:
            best, best_cost = offset, cost
    return best


def indentation(text: str, offset: int) -> int:
    """Return the columns of blank space that the line beginning at *offset* starts with; a tab is four."""
    end = offset
    while text.startswith((" ", "\t"), end):
        end += 1
    return _columns(text[offset:end])


def _columns(blanks: str) -> int:
    return len(blanks) + (_TAB_COLUMNS - 1) * blanks.count("\t")


def _split_long_line(text: str, start: int, end: int) -> int:
    """Return *end*, or an earlier place when the piece is one line of more than the longest."""
    if end - start <= _LONGEST_LINE:
        return end
    first_end = text.find("\n", start, end) + 1
    if 0 < first_end < end:
        return first_end
    most = start + _MOST
    separator = max(text.rfind(mark, start + _WANTED, most) for mark in _SEPARATORS)
    return separator + 1 if separator >= 0 else most
