"""Answering word for word: every line of the tree as it is now that holds a string or matches a regex.

The tree is walked, so that new and edited files are looked through whatever the index knows of them. A file
that the index knows as it is now is read only if it holds every whole word of the string: the index saves
time and decides nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from leindex_mcp.extract.document import searched_text
from leindex_mcp.extract.reader import TreeReader
from leindex_mcp.pinned import Pinned
from leindex_mcp.records import FileRecord, IndexState, SearchAnswer, SearchHit, SearchState, Skipped
from leindex_mcp.request import Request
from leindex_mcp.scan.parallel_scanner import ParallelScanner, ScanResult
from leindex_mcp.search import census
from leindex_mcp.search.line_matches import FileMatches, LineMatches, render_lines, shared_out, summary
from leindex_mcp.search.sought import LineMatch, Sought

BOUND_SECONDS = 10.0  # then the answer is what was found so far
_KEPT_LINES = 8  # times the limit: what may be in memory before the files' shares are cut


@dataclass(frozen=True, slots=True)
class _Reading:
    """How files are read, and how long."""

    reader: TreeReader
    max_bytes: int  #: of one file
    is_late: Callable[[], bool]  #: whether it is time to answer with what is known


def answer(
    request: Request, sought: Sought, pinned: Pinned | None, scanner: ParallelScanner, max_bytes: int
) -> SearchAnswer:
    """Return the matching lines, up to the limit, and how many there are in how many files.

    Args:
        request: The filters, the limit and the size of the answer.
        sought: The string or the regex.
        pinned: What is indexed, if anything is.
        scanner: Of the tree.
        max_bytes: The largest file that is read.
    """
    deadline = time.monotonic() + BOUND_SECONDS

    def is_late() -> bool:
        return time.monotonic() > deadline

    scan = scanner.scan(should_stop=is_late)
    with TreeReader(scanner.root) as reader:
        found = _find(request, sought, scan, pinned, _Reading(reader, max_bytes, is_late))
    state = IndexState.FRESH if found.is_complete else IndexState.STALE
    return SearchAnswer(
        found.hits,
        SearchState(state, found.n_files, is_checked=True),
        (summary(sought, found, len(found.hits)),),
        render_lines(sought, found, request.max_tokens),
    )


def _find(
    request: Request, sought: Sought, scan: ScanResult, pinned: Pinned | None, reading: _Reading
) -> LineMatches:
    """Look through every file that the filters leave."""
    found: list[FileMatches] = []
    n_kept = n_files = n_checked = 0
    most = request.limit
    for record, is_possible in _entries(request, scan, _Known(sought, pinned) if pinned else None):
        n_files += 1
        if not is_possible:
            n_checked += 1
        elif not reading.is_late():
            verdict = _looked_through(request, sought, record, reading, most)
            if verdict is None:  # not a file that is searched, now that its content is known
                n_files -= 1
                continue
            n_checked += verdict.is_checked
            if verdict.matches is not None:
                found.append(verdict.matches)
                n_kept += len(verdict.matches.shown)
        if n_kept > _KEPT_LINES * request.limit:
            found, n_kept = shared_out(found, request.limit), request.limit
            # More files make a share smaller, never larger; and beyond the limit the first files have it all.
            most = max(len(file.shown) for file in found) if len(found) < request.limit else 0
    is_complete = scan.complete and not scan.unlisted and n_checked == n_files
    return LineMatches(tuple(shared_out(found, request.limit)), n_files, n_checked, is_complete)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What reading one file gave."""

    is_checked: bool
    matches: FileMatches | None = None


class _Known:
    """What the index knows of the files that did not change."""

    def __init__(self, sought: Sought, pinned: Pinned) -> None:
        corpus = pinned.corpus
        self._files = {relative: file for file, relative in enumerate(corpus.paths)}
        self._fingerprints = pinned.fingerprints.tolist()
        self._is_binary = (pinned.skips > 0).tolist()
        self._languages = list(corpus.languages)
        self._language = corpus.language.tolist()
        self._possible = set(_candidates(sought, pinned))

    def file(self, record: FileRecord) -> int | None:
        """Return the number of an indexed file that is now as it was, None for any other."""
        file = self._files.get(record.relative)
        return file if file is not None and self._fingerprints[file] == list(record.fingerprint) else None

    def is_searched(self, file: int, language: str | None) -> bool:
        """Return whether the file is text in the wanted language."""
        if self._is_binary[file]:
            return False
        return language is None or self._languages[self._language[file]] == language

    def can_hold(self, file: int) -> bool:
        """Return whether the file may hold what is sought."""
        return file in self._possible


def _candidates(sought: Sought, pinned: Pinned) -> Sequence[int]:
    """Return every indexed file that can have a matching line."""
    if sought.is_regex:
        return range(len(pinned.corpus))
    found: list[int] = census.candidates(pinned.corpus, census.Wanted(sought.text, is_name=False)).tolist()
    return found


def _entries(request: Request, scan: ScanResult, known: _Known | None) -> Iterator[tuple[FileRecord, bool]]:
    """Yield each file that is asked for, and whether it may have a matching line."""
    prefix = f"{request.subtree}/" if request.subtree else ""
    for record in scan.records:
        if not record.relative.startswith(prefix):
            continue
        if request.globs and not request.globs.matches(record.relative):
            continue
        file = known.file(record) if known else None
        if known is None or file is None:
            yield record, True
        elif known.is_searched(file, request.language):
            yield record, known.can_hold(file)


def _looked_through(
    request: Request, sought: Sought, record: FileRecord, reading: _Reading, most: int
) -> _Verdict | None:
    """Read one file, count its lines and quote *most*; None when it is no text, or in another language."""
    source = reading.reader.read(record, reading.max_bytes)
    if isinstance(source, Skipped):
        return _Verdict(is_checked=False)
    if source.skip is not None:
        return None
    text, language = searched_text(record.relative, source.text)
    if request.language not in {None, language}:
        return None
    lines: list[LineMatch] = []
    total, is_checked = 0, True
    for match in sought.lines(text):
        if match is not None:
            total += 1
            if total <= most:
                lines.append(match)
        elif reading.is_late():
            is_checked = False
            break
    return _Verdict(is_checked, _matches(sought, record.relative, source.text, lines, total))


def _matches(
    sought: Sought, relative: str, text: str, lines: Sequence[LineMatch], total: int
) -> FileMatches | None:
    """Quote the lines from the text as it is on disk."""
    if not total:
        return None
    height = 1 if sought.is_regex else sought.text.rstrip("\n").count("\n") + 1
    all_lines = text.split("\n")
    shown = tuple(
        SearchHit(
            path=relative,
            start_line=match.line,
            end_line=match.line + height - 1,
            score=1.0,
            text="\n".join(all_lines[match.line - 1 : match.line - 1 + height]),
        )
        for match in lines
    )
    return FileMatches(relative, total, shown, tuple(match.column for match in lines))
