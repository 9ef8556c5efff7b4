"""Chunks: where a text is cut so that each piece is whole lines and reads as one thing."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple

from leindex_mcp.extract.definitions import Head

# About 1,000 characters: 700 to 1,500 rank alike, and four hits of this size fit an answer.
_LEAST = 500
_WANTED = 1_000
_MOST = 1_500
_LONGEST_LINE = 4_000  # characters; longer lines are data or minified, and are split
_COLUMN_COST = 40  # characters of distance that one column of indentation is worth
_DEFINITION_GAIN = 150  # characters of distance that beginning at a definition is worth
_TAB_COLUMNS = 4
_BLANK_LINE = re.compile(r"\n[ \t]*\n([ \t]*)(?=\S)")
# What belongs to the definition on the line below: remarks, decorators, attributes, template parameters.
_LEADING_LINE = re.compile(r"[ \t]*(?:[@\[%;#]|//|/?\*|--|template\b)")
_SEPARATORS = " ,;"
_LAST_WORD = re.compile(r"(?<!\w)\w+\Z")


class Piece(NamedTuple):
    """A run of characters with the lines that it touches."""

    start: int  #: offset of the first character
    end: int  #: offset behind the last one
    start_line: int  #: 1-based
    end_line: int  #: inclusive


def cut(text: str, heads: Sequence[Head] = ()) -> list[Piece]:
    r"""Cut *text*, whose line ends are all ``\n``, into pieces that cover it in order.

    Good places to cut are lines after a blank one, and the *heads* of definitions with the remarks above
    them; the less indented, the better. Pieces are whole lines of 500 to 1,500 characters, but for the last
    one, which may be shorter, and for lines above 4,000 characters, which are split.
    """
    pieces: list[Piece] = []
    breaks = _Breaks(text, heads)
    start, line = 0, 1
    while start < len(text):
        end = _end_of_piece(text, start, breaks)
        newlines = text.count("\n", start, end)
        ends_line = text[end - 1] == "\n"
        pieces.append(Piece(start, end, line, line + newlines - ends_line))
        start, line = end, line + newlines
    return pieces


class _Breaks:
    """The places where a text may be cut well."""

    def __init__(self, text: str, heads: Sequence[Head]) -> None:
        self._text = text
        self._heads = heads
        self._offsets = [head.offset for head in heads]

    def best(self, least: int, wanted: int, most: int) -> int | None:
        """Return the cheapest place from *least* up to *most*: little indented, near the *wanted*."""
        best, best_cost = None, 0
        for match in _BLANK_LINE.finditer(self._text, least, most):
            place = match.start(1)
            cost = abs(place - wanted) + _COLUMN_COST * len(match[1].expandtabs(_TAB_COLUMNS))
            if best is None or cost < best_cost:
                best, best_cost = place, cost
        for head in self._heads[bisect_left(self._offsets, least) : bisect_left(self._offsets, most)]:
            cost = abs(head.offset - wanted) + _COLUMN_COST * head.depth - _DEFINITION_GAIN
            if best is None or cost < best_cost:
                best, best_cost = head.offset, cost
        return None if best is None else self._above_remarks(best, least)

    def _above_remarks(self, place: int, least: int) -> int:
        above = self._text.rfind("\n", least, place - 1) + 1
        while above and _LEADING_LINE.match(self._text, above):
            place, above = above, self._text.rfind("\n", least, above - 1) + 1
        return place


def _end_of_piece(text: str, start: int, breaks: _Breaks) -> int:
    """Return the offset behind the piece that begins at *start*."""
    rest = len(text) - start
    if rest <= _MOST:
        return _end_within_long_line(text, start, len(text))
    least = start + _LEAST
    most = start + min(_MOST, rest - _LEAST // 2)  # or the last piece would be a crumb
    end = (
        breaks.best(least, start + _WANTED, most)
        or text.rfind("\n", least, most) + 1
        or text.find("\n", most) + 1
        or len(text)
    )
    return _end_within_long_line(text, start, end)


def _end_within_long_line(text: str, start: int, end: int) -> int:
    """Return *end*, or an earlier place when the piece is one line of more than the longest."""
    if end - start <= _LONGEST_LINE:
        return end
    first_end = text.find("\n", start, end) + 1
    if 0 < first_end < end:
        return first_end
    most = start + _MOST
    separator = max(text.rfind(mark, start + _WANTED, most) for mark in _SEPARATORS)
    if separator >= 0:
        return separator + 1
    # Never through a word, unless one is longer than a piece: who looks for a name looks for a whole one.
    word = _LAST_WORD.search(text, start, most)
    return word.start() if word and word.start() > start else most
