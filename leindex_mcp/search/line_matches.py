"""The lines that hold what was sought: which to show when there are more than a reader wants, and how."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leindex_mcp.records import SearchHit
from leindex_mcp.search.answer_text import CHARACTERS_PER_TOKEN, MAX_CHARACTERS, NOTICE
from leindex_mcp.search.safe_text import fence_for, visible
from leindex_mcp.search.sought import Sought

_LINE_CHARACTERS = 160
_BEFORE_MATCH = 40  # characters shown before a match far to the right
_NAMED_FILES = 20  # files with more lines that are named with their number, at most
_CHARACTERS_PER_NAMED = 500  # of the budget: the lines come first


@dataclass(frozen=True, slots=True)
class FileMatches:
    """The matching lines of one file."""

    path: str
    total: int  #: matching lines, at least 1
    shown: tuple[SearchHit, ...]  #: the first of them
    columns: tuple[int, ...]  #: characters before the match, for each that is shown


@dataclass(frozen=True, slots=True)
class LineMatches:
    """All files with a matching line, in order of path, and how far they were looked for."""

    files: tuple[FileMatches, ...]
    n_files: int  #: files to look through
    n_checked: int  #: those that were
    is_complete: bool  #: nothing was left out: the tree was walked to its end, and every file read

    @property
    def total(self) -> int:
        """Return the number of matching lines."""
        return sum(file.total for file in self.files)

    @property
    def hits(self) -> tuple[SearchHit, ...]:
        """Return the lines that are shown."""
        return tuple(hit for file in self.files for hit in file.shown)


def shared_out(files: Sequence[FileMatches], limit: int) -> list[FileMatches]:
    """Leave *limit* lines in all: as many of each file, so that no file hides the others."""
    most, left = limit, limit
    for rank, total in enumerate(sorted(min(len(file.shown), limit) for file in files)):
        share = left // (len(files) - rank)
        if total > share:
            most = share
            break
        left -= total
    spare = limit - sum(min(len(file.shown), most) for file in files)
    kept = []
    for file in files:
        has_one_more = len(file.shown) > most and spare > 0
        spare -= has_one_more
        kept.append(_first(file, most + has_one_more))
    return kept


def summary(sought: Sought, found: LineMatches, n_shown: int) -> str:
    """Say how many lines there are, whether that is all, and how many are shown."""
    total, files = found.total, len(found.files)
    checked = f"{found.n_checked:,} of {found.n_files:,} files checked"
    extent = "complete" if found.is_complete else f"{checked}: not all there may be"
    if not total and found.is_complete:
        return f"{sought.name}: 0 anywhere in {found.n_files:,} files (complete)"
    showing = f"showing {n_shown:,} of " if n_shown < total else ""
    lines = f"{total:,} matching line{'' if total == 1 else 's'}"
    return f"{sought.name}: {showing}{lines} in {files:,} of {found.n_files:,} files ({extent})"


def render_lines(sought: Sought, found: LineMatches, max_tokens: int) -> str:
    """Return the answer: what was found in one line, then `path:line` and the text of each line shown.

    As many lines as fit the budget; those that are left out are counted by file.
    """
    budget = min(max_tokens * CHARACTERS_PER_TOKEN, MAX_CHARACTERS)
    if not found.files:
        hint = sought.hint()
        return "\n".join(filter(None, [visible(summary(sought, found, 0)), hint]))[:budget]
    most = len(found.hits)
    named = min(_NAMED_FILES, budget // _CHARACTERS_PER_NAMED)
    text = _assembled(sought, found, found.files, named)
    while len(text) > budget and most:
        # Shrink by what is too much; a few rounds do, whatever the lengths of the lines.
        most = min(most - 1, most * budget // len(text))
        text = _assembled(sought, found, shared_out(found.files, most), named)
    return text if len(text) <= budget else visible(summary(sought, found, 0))[:budget]


def _first(file: FileMatches, most: int) -> FileMatches:
    if len(file.shown) <= most:
        return file
    return FileMatches(file.path, file.total, file.shown[:most], file.columns[:most])


def _assembled(sought: Sought, found: LineMatches, files: Sequence[FileMatches], named: int) -> str:
    shown = [
        _line(hit, column) for file in files for hit, column in zip(file.shown, file.columns, strict=True)
    ]
    opening = visible(summary(sought, found, len(shown)))
    rest = [(file.total - len(file.shown), file.path) for file in files if file.total > len(file.shown)]
    quoted = "\n".join([*shown, *_counts(rest, named)])
    fence = fence_for(quoted)
    return f"{opening}\n{NOTICE}\n{fence}\n{quoted}\n{fence}"


def _counts(rest: Iterable[tuple[int, str]], named: int) -> list[str]:
    """Say which files have lines that are not shown, those with most first."""
    ordered = sorted(rest, key=lambda entry: (-entry[0], entry[1]))
    if not ordered:
        return []
    parts = [f"{visible(path)} {count:,}" for count, path in ordered[:named]]
    if len(ordered) > named:
        parts.append(
            f"{len(ordered) - named:,} {'more ' if named else ''}file{'s' * (len(ordered) > named + 1)}"
        )
    return [f"… {sum(count for count, _ in ordered):,} more lines: {', '.join(parts)}"]


def _line(hit: SearchHit, column: int) -> str:
    """Return `path:line` and the text, without the margin, around the match where it is long."""
    text = hit.text.split("\n", 1)[0].rstrip()
    margin = len(text) - len(text.lstrip())
    first = margin if column < _LINE_CHARACTERS - _BEFORE_MATCH + margin else column - _BEFORE_MATCH
    begin = "…" if first > margin else ""
    end = "…" if len(text) > first + _LINE_CHARACTERS else ""
    return (
        f"{visible(hit.path)}:{hit.start_line} {begin}{visible(text[first : first + _LINE_CHARACTERS])}{end}"
    )
