"""The include and exclude patterns of a search request."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
        self._include = _compile(include) if include else None
        self._exclude = _compile(exclude) if exclude else None

    def __bool__(self) -> bool:
        """Return whether there is any pattern, so that a file can fail to pass."""
        return self._include is not None or self._exclude is not None

    def mask(self, relatives: Sequence[str]) -> NDArray[np.bool_]:
        """Return whether each of the files passes."""
        return np.fromiter(map(self.matches, relatives), dtype=np.bool_, count=len(relatives))

    def matches(self, relative: str) -> bool:
        """Return whether a file passes; the path is posix and relative to the root."""
        if self._include is not None and not self._include.match_file(relative):
            return False
        return self._exclude is None or not self._exclude.match_file(relative)


def _compile(patterns: Sequence[str]) -> GitIgnoreSpec:
    lines = [line for pattern in patterns for line in _without_braces(_checked(pattern))]
    if len(lines) > _MOST_PATTERNS:
        raise QueryError(
            f"{len(lines)} glob patterns are too many: at most {_MOST_PATTERNS}, braces expanded"
        )
    try:
        return GitIgnoreSpec.from_lines(lines, backend="simple")
    except (ValueError, re.error) as problem:
        raise QueryError(f"a glob pattern cannot be read: {problem}") from problem


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
