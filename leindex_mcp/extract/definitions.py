"""Definitions: the names that a text gives a meaning to, found in one pass of a pattern."""

from __future__ import annotations

from dataclasses import dataclass

from leindex_mcp.extract.heads import GRAMMARS
from leindex_mcp.records import Definition

_MAX_DEFINITIONS = 5_000  # of one file; the largest hand-written sources stay below 2,000
_MAX_NAME = 100  # characters; longer names are data, not something a person asks for


@dataclass(frozen=True, slots=True)
class Head:
    """A definition with where it stands in the text."""

    definition: Definition
    offset: int  #: of the first character of the line on which the head begins


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
        heads.append(Head(Definition(padded[start:end], kind, line), match.start()))
        if len(heads) == _MAX_DEFINITIONS:
            break
    return heads
