"""Where the definitions of a text begin and end, told by its lines and their indentation."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from leindex_mcp.records import Definition

MAX_BODY_LINES = 400  # no further is the end of a definition looked for
MAX_HEAD_LINES = 60  # nor the begin of its comment

# Comments, decorators, attributes; no directives.
_HEAD = re.compile(r"\s*(?://|/\*|\*|#(?!(?:define|e|if|include|undef)\w*\b)|--|;|@|\[|%|\"\"\")")
# Blank lines and lines of block comments: they are of the body only if more of it follows.
_REMARK = re.compile(r"\s*(?:/\*|\*\s|\*/|\*?$|///)")
# Comments, labels and clauses of the head or the body that stand at any indentation, and end nothing.
_NEUTRAL = re.compile(r"\s*(?://|/\*|#|--|(?:where|rescue|ensure)\b)|(?!(?:try|else|finally):)\w+:\s*$")
_DIRECTIVE = re.compile(r"\s*#\s*define\b")  # of the C preprocessor: around nothing, and in nothing
_OPENS = re.compile(r"[\[{(]\s*$|[:,]\s*$|=>\s*$|->\s*$|^\s*[\[({)\]]")  # more of the head follows
_CLOSES = re.compile(r"\s*(?:[})\]]|end\b|done\b|fi\b|esac\b)")


@dataclass(frozen=True, slots=True)
class Outline:
    """The definitions of one file, by line; names are looked up only for what is shown."""

    lines: Sequence[int]  #: 1-based, ascending
    name: Callable[[int], str]  #: position in `lines` to name

    @classmethod
    def of(cls, definitions: Iterable[Definition]) -> Outline:
        """Outline definitions that are at hand."""
        ordered = sorted(definitions, key=lambda definition: definition.line)
        return cls([definition.line for definition in ordered], lambda i: ordered[i].name)

    def between(self, first: int, last: int) -> range:
        """Return the positions of the definitions from one line to another, inclusive."""
        return range(bisect_left(self.lines, first), bisect_right(self.lines, last))


@dataclass(frozen=True, slots=True)
class Place:
    """A run of lines that stands for a hit."""

    start_line: int  #: 1-based
    end_line: int  #: inclusive
    symbol: str | None  #: enclosing definitions, outermost first, joined by dots
    at: int | None = field(default=None, compare=False)  #: the line that the innermost of them begins on


def enclosing(lines: Sequence[str], outline: Outline, line: int) -> Place | None:
    """Return the innermost definition that holds the line, its comment and decorators included."""
    inner = heading(lines, outline, line)
    if inner is None:
        inner = _around(lines, outline, line)
    if inner is None:
        return None
    at = outline.lines[inner]
    parents = _parents(lines, outline, inner)
    symbol = ".".join(outline.name(i) for i in (*reversed(parents), inner))
    return Place(head(lines, at), _end(lines, at), symbol, at)


def heading(lines: Sequence[str], outline: Outline, line: int) -> int | None:
    """Return the position of the definition whose comment or decorators hold the line."""
    following = bisect_right(outline.lines, line)
    if following < len(outline.lines):
        at = outline.lines[following]
        if at <= min(len(lines), line + MAX_HEAD_LINES) and head(lines, at) <= line:
            return following
    return None


def _around(lines: Sequence[str], outline: Outline, line: int) -> int | None:
    """Return the last definition that begins on the line or above and has not ended."""
    following = bisect_right(outline.lines, line)
    lowest = _indentation(lines[line - 1]) + 1 if lines[line - 1].strip() else 1 << 16
    for i in range(following - 1, -1, -1):
        at = outline.lines[i]
        if at > len(lines) or line - at > MAX_BODY_LINES:
            continue
        if at == line:
            return i
        indentation = _indentation(lines[at - 1])
        if indentation < lowest and _is_open(lines, at, line):
            return i
        if _DIRECTIVE.match(lines[at - 1]):
            continue
        lowest = min(lowest, indentation + 1)
        if indentation == 0:
            return None
    return None


def _parents(lines: Sequence[str], outline: Outline, inner: int) -> list[int]:
    """Return the definitions around *inner*, innermost first: each is indented less than the last."""
    found: list[int] = []
    line = outline.lines[inner]
    indentation = _indentation(lines[line - 1])
    for i in range(inner - 1, -1, -1):
        if indentation == 0:
            break
        at = outline.lines[i]
        outer = _indentation(lines[at - 1])
        if outer < indentation and not _DIRECTIVE.match(lines[at - 1]):
            # How far a long one reaches is not looked for: it is a class, most often.
            if line - at > MAX_HEAD_LINES or _is_open(lines, at, line):
                found.append(i)
            indentation = outer
    return found


def head(lines: Sequence[str], at: int) -> int:
    """Return the first of the comment and decorator lines that stand right above a definition."""
    indentation = _indentation(lines[at - 1])
    first = at
    while first > max(1, at - MAX_HEAD_LINES):
        above = lines[first - 2]
        if not _HEAD.match(above) or not 0 <= _indentation(above) - indentation <= 1:
            break
        first -= 1
    return first


def _is_open(lines: Sequence[str], at: int, line: int) -> bool:
    """Return whether a definition has not ended before a line below it."""
    end = _end(lines, at, line - at)
    is_inside = _indentation(lines[line - 1]) > _indentation(lines[at - 1])
    return end >= line or (is_inside and all(_REMARK.match(text) for text in lines[end:line]))


def _end(lines: Sequence[str], at: int, max_lines: int = MAX_BODY_LINES) -> int:
    """Return the last line before one that is indented no more and closes nothing, *max_lines* on at most."""
    if _DIRECTIVE.match(lines[at - 1]):
        return _end_of_directive(lines, at)
    base = _indentation(lines[at - 1])
    blanks = len(lines[at - 1]) - len(lines[at - 1].lstrip())
    margin = lines[at - 1][:blanks]
    inside = (f"{margin} ", f"{margin}\t")  # nearly all lines of a body begin so: one test without a search
    last = at
    for number in range(at + 1, min(len(lines), at + max_lines) + 1):
        line = lines[number - 1]
        if not line or _REMARK.match(line):
            continue
        indentation = base + 1 if line.startswith(inside) else _indentation(line)
        if indentation > base or (indentation == base and _goes_on(line)):
            last = number
        elif indentation == base and _CLOSES.match(line):
            return number
        elif not _NEUTRAL.match(line):
            return last
    return last


def _end_of_directive(lines: Sequence[str], at: int) -> int:
    """Return the last line of a macro: each but that one ends in a backslash."""
    while at < len(lines) and lines[at - 1].rstrip().endswith("\\"):
        at += 1
    return at


def _goes_on(line: str) -> bool:
    """Tell whether a line that is indented no more than the definition still belongs to its head."""
    return _OPENS.search(line) is not None and (
        _CLOSES.match(line) is not None or line.strip() in {"{", "{}"}
    )


def _indentation(line: str) -> int:
    """Count the blanks before the text; a tab counts four."""
    blanks = len(line) - len(line.lstrip())
    return blanks + 3 * line.count("\t", 0, blanks)
