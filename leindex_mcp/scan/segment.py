"""A pattern for one name: one step of a path."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from leindex_mcp.scan.pattern import Token, Wild

#: A name has at most 255 characters of at most four bytes; what needs more can match nothing.
_LONGEST_NAME: Final = 1020
_MOST_VARIANTS: Final = 32  # literal spellings of one pattern with classes


class Segment:
    """A pattern for one name, without slashes."""

    __slots__ = ("_matches", "head", "literal", "tail", "tokens")

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens = tokens
        leading = _leading_bytes(tokens)
        self.head = "".join(leading)  #: the literal bytes that a matching name starts with
        self.literal = self.head if len(leading) == len(tokens) else None  #: the one name that matches
        #: the literal bytes that a matching name ends with
        self.tail = self.head if self.literal is not None else "".join(_leading_bytes(tokens[::-1]))[::-1]
        self._matches: Callable[[str], object] | None = None

    @property
    def is_anything(self) -> bool:
        """Whether every name matches."""
        return len(self.tokens) == 1 and self.tokens[0] is Wild.STAR

    @property
    def is_affix(self) -> bool:
        """Whether a name matches when it starts with the head and ends with the tail, one being empty."""
        return len(self.tokens) == max(len(self.head), len(self.tail)) + 1 and Wild.STAR in self.tokens

    @property
    def is_too_long(self) -> bool:
        """Whether no name is long enough to match."""
        return sum(token is not Wild.STAR for token in self.tokens) > _LONGEST_NAME

    @property
    def infix(self) -> str:
        """The longest run of literal bytes that a matching name holds."""
        runs = "".join(token if isinstance(token, str) else "\0" for token in self.tokens).split("\0")
        return max(runs, key=len)

    def variants(self) -> list[Segment]:
        """Return segments with fewer classes that together match the same names.

        `[Bb]in` is `Bin` and `bin`, `*.py[cod]` three tails: look-ups, where a class would need a trial.
        """
        classes = [(at, token) for at, token in enumerate(self.tokens) if isinstance(token, frozenset)]
        if not classes:
            return [self]
        found: list[list[Token]] = [list(self.tokens)]
        for at, members in sorted(classes, key=lambda place: len(place[1])):
            if len(found) * len(members) <= _MOST_VARIANTS:
                found = [[*some[:at], member, *some[at + 1 :]] for some in found for member in members]
        return [Segment(some) for some in found]

    @property
    def expression(self) -> str:
        """The regular expression that the whole name must match.

        The first place where the bytes between two stars fit is as good as any later one, so each star but
        the last is atomic: no name takes more than O(len(name) * len(pattern)).
        """
        first, *others = _split_at_stars(self.tokens)
        if not others:
            return first
        *middle, last = others
        return first + "".join(f"(?>.*?{part})" for part in middle) + f".*{last}"

    def matches(self, name: str) -> bool:
        """Say whether the whole name matches; the test is compiled when first needed, as most never are."""
        if self._matches is None:
            self._matches = _never if self.is_too_long else re.compile(self.expression, re.DOTALL).fullmatch
        return self._matches(name) is not None


def _leading_bytes(tokens: Sequence[Token]) -> list[str]:
    """Return the tokens before the first that is no single given byte."""
    found = []
    for token in tokens:
        if not isinstance(token, str):
            break
        found.append(token)
    return found


def _split_at_stars(tokens: Sequence[Token]) -> list[str]:
    """Return the regular expressions of what stands before, between and after the stars."""
    parts = [""]
    for token in tokens:
        if token is Wild.STAR:
            parts.append("")
        else:
            parts[-1] += _one_byte(token)
    return parts


def _one_byte(token: Token) -> str:
    """Return the regular expression of a token that stands for one byte."""
    if isinstance(token, str):
        return re.escape(token)
    if isinstance(token, frozenset):
        return f"[{''.join(map(re.escape, sorted(token)))}]" if token else "(?!)"
    return "."  # what spans directories never reaches a segment, so this is `?`


def _never(_name: str) -> None:
    """Match nothing."""
