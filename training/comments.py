"""Comments that stand on lines of their own, and the sentences in them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHORTEST, _LONGEST = 12, 420  # characters of a sentence worth asking


@dataclass(frozen=True, slots=True)
class CommentStyle:
    """How a family of languages marks comments at the beginning of a line."""

    line: re.Pattern[str]  #: matches a whole comment line
    opening: re.Pattern[str] | None = None  #: begins a block
    closing: str = ""  #: ends it


@dataclass(frozen=True, slots=True)
class Comment:
    """Neighbouring comment lines."""

    first: int  #: 0-based line
    end: int  #: the line after the last one
    text: str  #: with its marks
    is_block: bool


def _style(line: str, opening: str | None = None, closing: str = "") -> CommentStyle:
    return CommentStyle(
        re.compile(rf"\s*(?:{line})"), re.compile(rf"\s*(?:{opening})") if opening else None, closing
    )


_C = _style(r"//", r"/\*", "*/")
_HASH = _style(r"#(?!!)")
_PYTHON = _style(r"#(?!!)", r"[rRuU]?\"\"\"|[rRuU]?'''", '"""')
STYLES: dict[str, CommentStyle] = {
    "python": _PYTHON,
    "cython": _PYTHON,
    "bash": _HASH,
    "perl": _HASH,
    "ruby": _style(r"#(?!!)", r"=begin", "=end"),
    "elixir": _style(r"#", r'@(?:module|type)?doc\s+(?:~[sS])?"""', '"""'),
    "erlang": _style(r"%"),
    "haskell": _style(r"--(?![!#$%&*+./<=>?@\\^|~])|-- \|", r"\{-(?!#)", "-}"),
    "lua": _style(r"--(?!\[)", r"--\[=*\[", "]]"),
    "php": _style(r"//|#(?!\[)", r"/\*", "*/"),
}
_C_LIKE = "c cpp csharp dart go groovy java javascript kotlin objective-c rust scala swift tsx typescript zig"
STYLES |= dict.fromkeys(_C_LIKE.split(), _C)


def find_comments(lines: list[str], style: CommentStyle) -> list[Comment]:
    """Return the comments of *lines* in order; neighbouring line comments are one."""
    found: list[Comment] = []
    at = 0
    while at < len(lines):
        end = _comment_end(lines, at, style)
        if end > at:
            is_block = bool(style.opening and style.opening.match(lines[at]))
            found.append(Comment(at, end, "\n".join(lines[at:end]), is_block))
        at = max(end, at + 1)
    return found


def _comment_end(lines: list[str], at: int, style: CommentStyle) -> int:
    """Return the line after the comment that begins at line *at*, or *at* when none does."""
    opening = style.opening.match(lines[at]) if style.opening else None
    if opening:
        closing = "'''" if opening[0].endswith("'''") else style.closing
        if closing in lines[at][opening.end() :]:
            return at + 1
        ends = (row for row in range(at + 1, min(at + 200, len(lines))) if closing in lines[row])
        return next(ends, at) + 1
    while at < len(lines) and style.line.match(lines[at]):
        at += 1
    return at


_MARKS = re.compile(
    r"^[ \t]*(?:@(?:module|type)?doc\s+(?:~[sS])?|/\*\*?!?<?|\*/|\*(?!/)|///?/?!?<?|#+!?:?|--+\[*[|^]?|"
    r"\{-\s*\|?|;+|%+|[rRuU]?\"\"\"|[rRuU]?'''|=begin|=end)?[ \t]?",
    re.MULTILINE,
)
_NOISE = re.compile(r"\*/|\"\"\"|'''|-\}|\]\]|<[^>\n]{1,60}>|https?://\S+")
_INLINE_TAG = re.compile(r"\{@\w+ ([^}]*)\}")
_SECTION = re.compile(
    r"(@(?!brief|summary|desc)\w+|:\w+[ :]|\\(param|return)|Args:|Arguments:|Parameters|Returns:?$|Example|"
    r">>>|-{3,}|={3,}|#\s)"
)
_LEAD = re.compile(r"^[@\\](brief|summary|description|desc)\s*")
_JUNK = re.compile(
    r"(copyright|licen[sc]e|spdx|all rights reserved|auto-?generated|do not edit|eslint|noqa|pylint|@ts-|"
    r"prettier-ignore|clang-format|nolint|^\s*(todo|fixme|xxx)\b)",
    re.IGNORECASE,
)


def summary(comment: str) -> str | None:
    """Return the first paragraph of *comment* without its marks, or None when no one would ask it.

    It ends at the first section (`@param`, `Args:`, a rule). Code, licences, notes to tools are no questions.
    """
    plain = _NOISE.sub(" ", _INLINE_TAG.sub(r"\1", _MARKS.sub("", comment)))
    taken: list[str] = []
    for line in map(str.strip, plain.split("\n")):
        if (not line and taken) or _SECTION.match(line):
            break
        taken.append(_LEAD.sub("", line))
    sentence = " ".join(" ".join(taken).split())[:_LONGEST]
    return sentence if reads_as_prose(sentence) else None


def reads_as_prose(sentence: str) -> bool:
    """Most of it is letters, there are three words, and nearly all is ASCII."""
    if len(sentence) < _SHORTEST or _JUNK.search(sentence):
        return False
    words = re.findall(r"[A-Za-z]{2,}", sentence)
    letters = sum(map(len, words))
    foreign = sum(ord(letter) > 127 for letter in sentence)
    return len(words) >= 3 and letters > 0.6 * len(sentence) and foreign < 0.1 * len(sentence)
