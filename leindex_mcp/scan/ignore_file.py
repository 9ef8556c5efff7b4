"""The text of an ignore file -> its rules."""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from leindex_mcp.records import SkipReason
from leindex_mcp.scan.pattern import BadPatternError, Rule, parse_rule

logger = logging.getLogger("leindex.scan")

_LARGEST_FILE: Final = 16 * 1024 * 1024  # bytes; more than this is no list of rules, and is cut here
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def read_rules(
    data: bytes, source: str, *, reason: SkipReason = SkipReason.IGNORED, folds_case: bool = False
) -> list[Rule]:
    """Return the rules of an ignore file in order; a line that can never match is reported and left out."""
    lines = data.removeprefix(_BYTE_ORDER_MARK).split(b"\n")
    return parse_lines((line.removesuffix(b"\r") for line in lines), source, reason, folds_case=folds_case)


def read_regular_file(path: str, *, follows_links: bool, dir_fd: int | None = None) -> bytes | None:
    """Return the content of an ignore file; None when there is none that git would read.

    git follows no link to a `.gitignore`, and nothing here waits for a pipe of that name.
    """
    # Windows knows neither flag; it has no pipes in directories, and its links need a privilege to be made.
    flags = (
        os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    )
    if not follows_links:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags, dir_fd=dir_fd)
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            logger.warning("%s: these ignore rules cannot be read: %s", path, error.strerror)
        return None
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        try:
            return file.read(_LARGEST_FILE)
        except OSError as error:
            logger.warning("%s: these ignore rules cannot be read: %s", path, error.strerror)
            return None


def parse_lines(
    lines: Iterable[bytes],
    source: str,
    reason: SkipReason,
    *,
    folds_case: bool = False,
    files_only: bool = False,
) -> list[Rule]:
    """Return the rules among the lines; numbers count every line from 1."""
    rules = []
    for number, line in _patterns(lines):
        try:
            rules.append(
                parse_rule(line, number, source, reason, folds_case=folds_case, files_only=files_only)
            )
        except BadPatternError as problem:
            _report(source, number, str(problem))
    return rules


@lru_cache(maxsize=1000)
def _report(source: str, number: int, problem: str) -> None:
    """Tell of a line that is of no use; once, as a tree may be scanned before every search."""
    # A handler may insist on text, and the bytes of a name need not be any.
    name = source.encode("utf-8", "backslashreplace").decode()
    logger.warning("%s:%d: this rule never matches: %s", name, number, problem)


def _patterns(lines: Iterable[bytes]) -> Iterator[tuple[int, str]]:
    """Yield what is left of each line that is neither empty nor a comment."""
    for number, line in enumerate(lines, start=1):
        if line.startswith(b"#"):
            continue
        pattern = _without_trailing_spaces(line.split(b"\0", 1)[0].decode("latin-1"))
        if pattern.strip("!/"):
            yield number, pattern


def _without_trailing_spaces(line: str) -> str:
    """Cut the spaces at the end, but for one that a backslash keeps."""
    bare = line.rstrip(" ")
    backslashes = len(bare) - len(bare.rstrip("\\"))
    # An odd number of backslashes: the last of them escapes the first of the spaces.
    return line[: len(bare) + 1] if backslashes % 2 else bare
