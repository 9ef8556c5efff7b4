"""The include and exclude patterns of a search request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pathspec import GitIgnoreSpec

from leindex_mcp.errors import QueryError

#: pathspec's engine backtracks: a name takes it time with this power. Three is harmless, and enough.
_MOST_STARS: Final = 3
_MOST_PATTERNS: Final = 200
_BRACES: Final = re.compile(r"\{([^{}]*,[^{}]*)\}")


class GlobFilter:
    """Decides which files a search considers.

    A pattern is one line of a `.gitignore`: `*.py` anywhere, `src/**/*.ts` from the root, `tests/` with all
    that lies below; `{a,b}` stands for either. A file passes when an include pattern matches it, or there is
    none, and no exclude pattern does.

    Raises:
        QueryError: A pattern is empty, negated, malformed, or has more than three `*` in a segment.
    """

    def __init__(self, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        self.patterns = tuple(include), tuple(exclude)
        self._include = _compile(include)
        self._exclude = _compile(exclude)

    def __bool__(self) -> bool:
        """Return whether there is any pattern, so that a file can fail to pass."""
        return bool(self._include or self._exclude)

    def mask(self, relatives: Iterable[str]) -> NDArray[np.bool_]:
        """Return whether each of the files passes; about half a microsecond a file and pattern."""
        texts = list(relatives)
        passes = _matched(self._include, texts) if self._include else np.ones(len(texts), np.bool_)
        passes &= ~_matched(self._exclude, texts)
        return passes

    def matches(self, relative: str) -> bool:
        """Return whether a file passes; the path is posix and relative to the root."""
        is_included = not self._include or any(pattern.search(relative) for pattern in self._include)
        return is_included and not any(pattern.search(relative) for pattern in self._exclude)


def _matched(patterns: Sequence[re.Pattern[str]], texts: Sequence[str]) -> NDArray[np.bool_]:
    """Return which of the texts any pattern matches."""
    matched = np.zeros(len(texts), np.bool_)
    for pattern in patterns:
        found = (match is not None for match in map(pattern.search, texts))
        matched |= np.fromiter(found, np.bool_, len(texts))
    return matched


def _compile(patterns: Sequence[str]) -> list[re.Pattern[str]]:
    """Return what the patterns mean: none is negated, so a file is matched when any of them matches."""
    lines = [line for pattern in patterns for line in _without_braces(_checked(pattern))]
    if len(lines) > _MOST_PATTERNS:
        raise QueryError(
            f"{len(lines)} glob patterns are too many: at most {_MOST_PATTERNS}, braces expanded"
        )
    try:
        compiled = GitIgnoreSpec.from_lines(lines, backend="simple")
    except (ValueError, re.error) as problem:
        raise QueryError(f"a glob pattern cannot be read: {problem}") from problem
    return [pattern.regex for pattern in compiled.patterns if pattern.regex is not None]


def _checked(pattern: str) -> str:
    """Return the pattern as a line of an ignore file."""
    glob = pattern.removeprefix("./").replace("\n", "")
    if not glob.strip("/ "):
        raise QueryError("an empty glob pattern matches nothing: leave it out, or pass `**`")
    if glob.startswith("!"):
        raise QueryError(f"glob pattern {pattern!r} is negated: pass it in `exclude` without the `!`")
    if any(segment.count("*") > _MOST_STARS for segment in glob.split("/")):
        raise QueryError(f"glob pattern {pattern!r} has more than {_MOST_STARS} `*` between two slashes")
    return f"\\{glob}" if glob.startswith("#") else glob


def _without_braces(glob: str) -> list[str]:
    """Return the patterns that a pattern with `{a,b}` stands for; stops where they become too many."""
    finished: list[str] = []
    waiting = [glob]
    while waiting and len(finished) + len(waiting) <= _MOST_PATTERNS:
        first = waiting.pop()
        braces = _BRACES.search(first)
        if braces is None:
            finished.append(first)
        else:
            head, tail = first[: braces.start()], first[braces.end() :]
            waiting += [f"{head}{choice}{tail}" for choice in braces[1].split(",")]
    return [*finished, *waiting]
