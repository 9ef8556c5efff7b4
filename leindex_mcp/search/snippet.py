r"""Which lines of a file to show for a hit, told from the text as it is on disk now.

What answering calls, for each hit of a ranking:

    outline = corpus.outline(hit.file)      # or Outline.of(document.definitions) of a file read again
    place = snap(lines, outline, hit.start_line, hit.end_line, question, focus_line=hit.focus_line)
    SearchHit(path, place.start_line, place.end_line, hit.score, "\n".join(lines[…]), place.symbol)
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from leindex_mcp import words
from leindex_mcp.search.outline import Outline, Place, enclosing
from leindex_mcp.search.question import Question
from leindex_mcp.search.syntax import Syntax

MAX_PLACE_LINES = 120  # a longer definition is shown by the lines that were found in it


def snap(  # noqa: PLR0913  # the text in three forms, and what was found in it
    lines: Sequence[str],
    outline: Outline,
    start_line: int,
    end_line: int,
    question: Question,
    *,
    focus_line: int | None = None,
    syntax: Syntax | None = None,
) -> Place:
    """Return the definition around the best line of a chunk, or the chunk if there is none.

    The lines may differ from those that were indexed: numbers beyond the text are cut off.

    Args:
        lines: The whole file, without line ends.
        outline: The definitions of the same text.
        start_line: 1-based, of the chunk.
        end_line: Inclusive.
        question: Its words say which line of the chunk is the best.
        focus_line: The line to show whatever the words say.
        syntax: The tree of the same text, where one is worth its cost.
    """
    end_line = max(1, min(end_line, len(lines)))
    start_line = max(1, min(start_line, end_line))
    start_line, end_line = _without_blank_ends(lines, start_line, end_line)
    if focus_line is None or not 1 <= focus_line <= len(lines):
        focus_line = _best_line(lines, outline, start_line, end_line, question)
    place = syntax.enclosing(lines, outline, focus_line) if syntax else None
    if place is None and lines:
        place = enclosing(lines, outline, focus_line)
    if place is None:
        within = start_line <= focus_line <= end_line
        return Place(start_line, end_line, None) if within else Place(focus_line, focus_line, None)
    if place.end_line - place.start_line < MAX_PLACE_LINES:
        return place
    start_line = min(max(start_line, place.start_line), focus_line)
    end_line = max(min(end_line, place.end_line), focus_line)
    return Place(start_line, end_line, place.symbol, place.at)


def fold(
    lines: Sequence[str], question: Question, max_lines: int, *, begins_within: bool = False
) -> list[int]:
    """Return the positions of the lines worth showing, ascending: the first ones and those that match best.

    All lines if they are few enough. The first line that is no comment is taken for the signature and kept,
    unless the text *begins within* the definition.
    """
    if len(lines) <= max_lines:
        return list(range(len(lines)))
    counts = match_counts(lines, question)
    signature = None if begins_within else _signature(lines)
    # The signature first, then by matches; among equals the earlier line, blank lines last.
    order = sorted(range(len(lines)), key=lambda i: (i != signature, -counts[i], not lines[i].strip(), i))
    return sorted(_unlike(lines, order, max_lines))


def _unlike(lines: Sequence[str], order: Sequence[int], most: int) -> list[int]:
    """Return the first positions of an order; repeats of a line only when no other is left."""
    seen: set[str] = set()
    chosen: list[int] = []
    repeats: list[int] = []
    for i in order:
        if len(chosen) == most:
            break
        text = lines[i].strip()
        (repeats if text in seen else chosen).append(i)
        seen.add(text)
    return chosen + repeats[: most - len(chosen)]


def match_counts(lines: Sequence[str], question: Question) -> list[int]:
    """Count, for every line, the distinct words of the question in it, whatever they are part of."""
    counts = [0] * len(lines)
    text = "\n".join(lines).lower()
    wanted = {words.stem(word) for word in question.words} | {name.lower() for name in question.names}
    for word in wanted:
        line, counted_to = 0, 0
        # From match to match, the lines between being counted: most lines hold none of the words.
        found = text.find(word)
        while found >= 0:
            line += text.count("\n", counted_to, found)
            counts[line] += 1
            counted_to = text.find("\n", found)
            found = text.find(word, counted_to) if counted_to >= 0 else -1
    return counts


def _best_line(lines: Sequence[str], outline: Outline, first: int, last: int, question: Question) -> int:
    """Return the line that holds most words; among equals one that defines something, then the first."""
    counts = match_counts(lines[first - 1 : last], question)
    defining = set(outline.lines[bisect_left(outline.lines, first) : bisect_right(outline.lines, last)])
    worth = [2 * count + (line in defining) for line, count in enumerate(counts, first)]
    return first + max(range(len(worth)), key=worth.__getitem__, default=0)


def _without_blank_ends(lines: Sequence[str], first: int, last: int) -> tuple[int, int]:
    while first < last and not lines[first - 1].strip():
        first += 1
    while first < last and not lines[last - 1].strip():
        last -= 1
    return first, last


def _signature(lines: Sequence[str]) -> int:
    for i, line in enumerate(lines):
        text = line.strip()
        if text and not text.startswith(("#", "//", "/*", "*", "--", "@", ";", "%", '"""', "[")):
            return i
    return 0
