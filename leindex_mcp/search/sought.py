"""What is sought word for word: a string, or a regular expression matched in time linear in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from leindex_mcp.errors import QueryError

if TYPE_CHECKING:
    import re2

REGEX_MARK = "re:"
MAX_STRING = 10_000  # characters
MAX_REGEX = 1_000  # characters
_MAX_PROGRAM = 10_000  # instructions; the time of a match is at worst this times the bytes of the text
_BLOCK_BYTES = 1 << 16  # a regex is matched to this much text between two looks at the clock
_NAMED = 100  # characters of it that an answer repeats
_HINTS_AT_REGEX = re.compile(r"[\\*+?|^$]|\[.+\]|\{\d")
_ASCII_ONLY = re.compile(r"\\[bBwW]")
_HINTS_AT_QUOTING = re.compile(r"([\"'`/]).+\1")


class LineMatch(NamedTuple):
    """A line that holds what is sought."""

    line: int  #: 1-based
    column: int  #: characters before the first match in it


@dataclass(frozen=True)
class Sought:
    """A string, which may hold line ends, or a regular expression that is matched line by line.

    Case counts. In a regular expression `^` and `$` are the ends of a line, and nothing matches a line end.
    """

    text: str
    is_regex: bool = False

    @classmethod
    def parse(cls, query: str) -> Sought:
        """Take a query literally, or as a regular expression when it begins with `re:`.

        Raises:
            QueryError: It is empty, too long, or no regular expression of the engine.
        """
        is_regex = query.startswith(REGEX_MARK)
        text = query.removeprefix(REGEX_MARK) if is_regex else re.sub(r"\r\n?", "\n", query)
        if not text:
            raise QueryError("the query is empty: pass the string to look for, or `re:` and a regex")
        most = MAX_REGEX if is_regex else MAX_STRING
        if len(text) > most:
            raise QueryError(f"the query has {len(text)} characters: exact takes {most} at most")
        sought = cls(text, is_regex)
        if is_regex and sought._compiled.programsize > _MAX_PROGRAM:
            raise QueryError(f"the regex {sought.name} is too large: repeat less")
        return sought

    @property
    def name(self) -> str:
        """Return what was looked for as an answer names it."""
        text = self.text if len(self.text) <= _NAMED else f"{self.text[:_NAMED]}…"
        return f"`{text}`" if self.is_regex else f'"{text}"'

    def hint(self) -> str | None:
        """Say what may have been meant, when it is nowhere."""
        if self.is_regex:
            is_cut = not self.text.isascii() and _ASCII_ONLY.search(self.text)
            return r"`\b` and `\w` know ASCII letters only: leave them out." if is_cut else None
        if _HINTS_AT_QUOTING.fullmatch(self.text):
            return f"The {self.text[0]} at both ends count: leave them out, or begin a regex with `re:`."
        if _HINTS_AT_REGEX.search(self.text):
            return "It was taken literally: begin the query with `re:` for a regex."
        has_case = self.text.swapcase() != self.text
        return "Case counts: begin the query with `re:(?i)` to ignore it." if has_case else None

    def lines(self, text: str) -> Iterator[LineMatch | None]:
        r"""Yield every line on which a match begins, once, in order; now and then None, to look at the clock.

        Args:
            text: Its line ends are all ``\n``.
        """
        return self._regex_lines(text) if self.is_regex else self._string_lines(text)

    def _string_lines(self, text: str) -> Iterator[LineMatch]:
        line, counted = 1, 0
        found = text.find(self.text)
        while found >= 0:
            line += text.count("\n", counted, found)
            yield LineMatch(line, found - text.rfind("\n", 0, found) - 1)
            counted = text.find("\n", found)
            if counted < 0:
                return
            found = text.find(self.text, counted + 1)

    def _regex_lines(self, text: str) -> Iterator[LineMatch | None]:
        # Bytes: the engine works on UTF-8, and would count characters anew for every match in a string.
        data = text.encode("utf-8", "surrogatepass")
        start, line = 0, 1
        while start < len(data):
            end = data.find(b"\n", start + _BLOCK_BYTES)
            block = data[start : end + 1 if end >= 0 else len(data)]
            yield from self._block_lines(block, line)
            start, line = start + len(block), line + block.count(b"\n")
            yield None

    def _block_lines(self, block: bytes, line: int) -> Iterator[LineMatch]:
        counted = position = 0
        while position < len(block):  # behind the last line end there is no line
            match = self._compiled.search(block, position)
            if match is None or (match.start() == len(block) and block.endswith(b"\n")):
                return
            line += block.count(b"\n", counted, match.start())
            begin = block.rfind(b"\n", 0, match.start()) + 1
            yield LineMatch(line, len(block[begin : match.start()].decode("utf-8", "replace")))
            counted = block.find(b"\n", match.start())
            if counted < 0:
                return
            position = counted + 1
            line, counted = line + 1, position

    @cached_property
    def _compiled(self) -> re2._Regexp:
        import re2  # noqa: PLC0415  # only a regex needs it

        options = re2.Options()
        options.never_nl = options.never_capture = True
        options.log_errors = False
        try:
            return re2.compile(f"(?m){self.text}", options)
        except re2.error as exc:
            problem = exc.args[0].decode("utf-8", "replace").split(": ")[0]
            raise QueryError(
                f"the regex {self.name} cannot be used ({problem}): RE2 syntax is taken, which has no "
                "look-around and no back-references"
            ) from None
