"""What was asked: the arguments of a search, checked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast, get_args

from leindex_mcp.errors import QueryError
from leindex_mcp.extract.languages import find_language, suggest_language
from leindex_mcp.globs import GlobFilter
from leindex_mcp.search.question import Question, parse
from leindex_mcp.search.sought import Sought

Mode = Literal["hybrid", "semantic", "keyword", "exact"]

DEFAULT_LIMIT, MAX_LIMIT = 10, 100  # files
DEFAULT_LINES, MAX_LINES = 50, 1000  # the same for `exact`, which finds lines
DEFAULT_MAX_TOKENS = 2_500
MIN_TOKENS, MAX_TOKENS = 100, 11_250  # at most 45,000 characters: clients cut what is longer

_LOCATION = re.compile(r"(.+):0*([1-9]\d{0,8})(?:-\d{1,9})?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Location:
    """A line of a file, as a caller names it."""

    path: str  #: relative to the root, or absolute
    line: int  #: 1-based

    @classmethod
    def parse(cls, text: str) -> Location:
        """Take `file:line` apart, or `file:start-end`, as a hit begins.

        Raises:
            QueryError: It is neither.
        """
        found = _LOCATION.fullmatch(text.strip())
        if found is None:
            raise QueryError(f"similar_to is {text[:200]!r}: pass a file and a line of it, as src/app.py:42")
        return cls(found[1], int(found[2]))


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked, with every argument checked."""

    question: Question
    sought: Sought | None  #: set when every line is wanted, in mode `exact`
    limit: int
    mode: Mode
    globs: GlobFilter
    language: str | None
    max_tokens: int
    subtree: str  #: posix path under the root; empty for all of it
    similar_to: Location | None  #: what the hits are to be like

    @classmethod
    def checked(  # noqa: PLR0913, PLR0917  # the arguments of a search, one to one
        cls,
        query: str,
        limit: int | None = None,
        mode: str = "hybrid",
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        language: str | None = None,
        max_tokens: int | None = None,
        subtree: str = "",
        similar_to: str | None = None,
    ) -> Request:
        """Check the arguments of a search.

        Raises:
            QueryError: One of them cannot be used; the sentence says which, and what to pass.
        """
        if mode not in get_args(Mode):
            raise QueryError(f"mode is {mode!r}: pass one of {', '.join(get_args(Mode))}")
        sought = Sought.parse(query) if mode == "exact" else None
        location = None if similar_to is None else Location.parse(similar_to)
        if sought and location:
            raise QueryError("similar_to finds no exact lines: leave it out, or pass another mode")
        question = parse(query)
        if not question.text and sought is None and location is None:
            raise QueryError("the query is empty: say in words what the code does, or name a symbol")
        default, most = (DEFAULT_LINES, MAX_LINES) if sought else (DEFAULT_LIMIT, MAX_LIMIT)
        if limit is not None and not 1 <= limit <= most:
            raise QueryError(f"limit is {limit}: pass 1 to {most}")
        if max_tokens is not None and not MIN_TOKENS <= max_tokens <= MAX_TOKENS:
            raise QueryError(f"max_tokens is {max_tokens}: pass {MIN_TOKENS} to {MAX_TOKENS}")
        return cls(
            question=question,
            sought=sought,
            limit=limit or default,
            mode=cast("Mode", mode),
            globs=GlobFilter(include, exclude),
            language=None if language is None else _known_language(language),
            max_tokens=DEFAULT_MAX_TOKENS if max_tokens is None else max_tokens,
            subtree=subtree,
            similar_to=location,
        )

    def names_path(self, relative: str) -> bool:
        """Return whether the sub-tree and the globs leave this file; the language says its content."""
        return relative.startswith(f"{self.subtree}/" if self.subtree else "") and (
            not self.globs or self.globs.matches(relative)
        )


def _known_language(name: str) -> str:
    language = find_language(name)
    if language is None:
        near = suggest_language(name)
        hint = f"did you mean {near!r}?" if near else "pass a name such as python, typescript or go"
        raise QueryError(f"no language is called {name!r}: {hint}")
    return language
