"""Definitions: the names that a text gives a meaning to, found in one pass of a pattern."""

from __future__ import annotations

import re
from typing import NamedTuple

from leindex_mcp.extract.heads import GRAMMARS
from leindex_mcp.records import Definition

_MAX_DEFINITIONS = 5_000  # of one file; the largest hand-written sources stay below 2,000
_MAX_NAME = 100  # characters; longer names are data, not something a person asks for
_TAB_COLUMNS = 4
_INDENTATION = re.compile(r"(?:[ \t]*\n)*([ \t]*)")


class Head(NamedTuple):
    """A definition with where it stands in the text."""

    definition: Definition
    offset: int  #: of the first character of the line on which the head begins
    depth: int  #: columns by which that line is indented


def find_heads(text: str, language: str | None) -> list[Head]:
    r"""Return the definitions of *text*, whose line ends are all ``\n``, in order of their lines.

    Names come as written and without qualifier (``std::string`` -> ``string``). Languages without a
    grammar have no definitions. O(len(text)).
    """
    grammar = GRAMMARS.get(language) if language is not None else None
    if grammar is None:
        return []
    padded = "\n" + text  # the first line begins like every other, and lines count from 1
    heads: list[Head] = []
    line, counted = 0, 0
    for match, kind in grammar.matches(padded):
        start, end = match.span(match.lastindex or 0)
        if end - start > _MAX_NAME:
            continue
        line += padded.count("\n", counted, start)
        counted = start
        # The newline that begins the match is the one before the line, so in `text` it is that line's start.
        offset = match.start()
        heads.append(Head(Definition(padded[start:end], kind, line), offset, depth_at(text, offset)))
        if len(heads) == _MAX_DEFINITIONS:
            break
    return heads


def depth_at(text: str, offset: int) -> int:
    """Return the columns by which the first line with words, at *offset* or below, is indented."""
    match = _INDENTATION.match(text, offset)
    return len(match[1].expandtabs(_TAB_COLUMNS)) if match else 0
