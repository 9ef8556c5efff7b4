"""A grammar: one compiled pattern that finds every head of a definition in a text."""

from __future__ import annotations

import re
import textwrap
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from leindex_mcp.extract.notation import expand
from leindex_mcp.records import DefinitionKind

# Repeats over several lines are bounded and possessive, so that hostile text costs linear time.
_PARTS = {
    "name": r"([^\W\d]\w*+)",
    "Name": r"([^\W\da-z_]\w*+)",
    "parameters": r"\((?:[^(){};]|\([^(){};]{0,200}+\)){0,600}+\)",
    "generics": r"(?:<[^;{}()\n]{0,200}>)?",
    "start": r"(?<=\n)",
}


@dataclass(frozen=True)
class Grammar:
    """The heads of one family of languages."""

    expression: str  #: begins with a newline; exactly one group takes part in a match: the name
    kinds: tuple[DefinitionKind, ...]  #: of group i + 1
    quote: str | None  #: opens and closes text of several lines, in which heads are examples

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Compile on first use: few of the languages are in any one project."""
        pattern = re.compile(self.expression, re.MULTILINE)
        if pattern.groups != len(self.kinds):
            raise ValueError(f"{len(self.kinds)} heads have {pattern.groups} groups")
        return pattern

    def matches(self, text: str) -> Iterator[tuple[re.Match[str], DefinitionKind]]:
        """Find all heads of *text*, which begins with a newline of its own."""
        quotes = self._quotes(text)
        for match in self.pattern.finditer(text):
            group = match.lastindex or 0
            if not quotes or bisect_right(quotes, match.start(group)) % 2 == 0:
                yield match, self.kinds[group - 1]

    def _quotes(self, text: str) -> list[int]:
        """Return the places of all quotes, opening and closing in turn; none when they do not pair up."""
        if self.quote is None:
            return []
        places: list[int] = []
        place = text.find(self.quote)
        while place >= 0:
            if text[place - 1] not in "\\'\"":  # a quoted or escaped quote is none
                places.append(place)
            place = text.find(self.quote, place + len(self.quote))
        return places if len(places) % 2 == 0 else []


def grammar(
    *,
    types: str = "",
    functions: str = "",
    values: str = "",
    lead: str = r"[ \t]*+",
    quote: str | None = None,
    **parts: str,
) -> Grammar:
    r"""Join heads to one pattern, which tries each line of a text once, types first.

    *types*, *functions* and *values* hold one head a line; a line indented deeper continues the one before.
    Heads are written in the notation of `notation`, with the parts ``<name>`` (what is defined),
    ``<Name>`` (the same with a capital), ``<parameters>`` (a list in parentheses, over any number of lines),
    ``<generics>``, ``<start>`` (the line begins here), and *parts*. Each head has exactly one group, which
    is the name. *lead* is what may stand before every head.

    Every match begins with the newline before its line: the engine leaps from one to the next.
    """
    kinds = (DefinitionKind.TYPE, DefinitionKind.FUNCTION, DefinitionKind.VALUE)
    heads = [
        (kind, head)
        for kind, lines in zip(kinds, (types, functions, values), strict=True)
        for head in _unwrap(lines)
    ]
    known = {**_PARTS, **{name: "".join(_unwrap(part)) for name, part in parts.items()}}
    alternatives = "|".join(expand(head, known) for _, head in heads)
    expression = rf"\n{expand(lead, known)}(?:{alternatives})"
    return Grammar(expression, tuple(kind for kind, _ in heads), quote)


def _unwrap(lines: str) -> list[str]:
    """Split at line ends, joining continuations; a text of one line is one head, blanks included."""
    if "\n" not in lines:
        return [lines] if lines else []
    heads: list[str] = []
    for line in textwrap.dedent(lines).strip("\n").split("\n"):
        if line.startswith(" "):
            heads[-1] += line.strip()
        else:
            heads.append(line)
    return heads
