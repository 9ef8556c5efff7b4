"""One line of an ignore file, read the way git reads it.

Everything here works on text in which one character is one byte (latin-1), because git matches bytes:
`?` is half of an `é`. `byte_text` brings a file name into that form.
"""

from __future__ import annotations

import os
import string
from dataclasses import dataclass
from enum import Enum
from typing import Final

from leindex_mcp.records import SkipReason

#: Bytes that the longest path has which a system can name; a pattern that needs more could only cost memory.
_LONGEST_PATH: Final = 32_767
_WILD: Final = frozenset("*?[\\")
_BYTES: Final = frozenset(map(chr, range(256)))
_PRINTABLE: Final = frozenset(map(chr, range(0x20, 0x7F)))
#: The classes as git's own ctype table has them: ASCII only, and no vertical tab or form feed in `space`.
_POSIX: Final = {
    "alnum": frozenset(string.ascii_letters + string.digits),
    "alpha": frozenset(string.ascii_letters),
    "blank": frozenset(" \t"),
    "cntrl": frozenset(map(chr, (*range(0x20), 0x7F))),
    "digit": frozenset(string.digits),
    "graph": _PRINTABLE - {" "},
    "lower": frozenset(string.ascii_lowercase),
    "print": _PRINTABLE,
    "punct": frozenset(string.punctuation),
    "space": frozenset(" \t\n\r"),
    "upper": frozenset(string.ascii_uppercase),
    "xdigit": frozenset(string.hexdigits),
}
_FOLD: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Wild(Enum):
    """What is not a single given byte in a pattern."""

    ANY = "?"  #: one byte, not a slash
    STAR = "*"  #: any bytes, no slash
    DIRECTORIES = "**/"  #: nothing, or any bytes up to and with a slash
    DEEP = "**"  #: any bytes, slashes too: at the end of a pattern, or before an escaped slash


Token = str | frozenset[str] | Wild  #: a byte, one of these bytes, or a wild card


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its place, so that a reader can be told why a file is left out."""

    source: str  #: name of the file that holds the rule
    line: int  #: 1-based
    text: str  #: as written
    reason: SkipReason
    tokens: tuple[Token, ...]
    is_path: bool  #: matched against the path below the file's directory, not against the name alone
    is_negated: bool
    directories_only: bool
    files_only: bool
    where: str  #: `source:line: text`


class BadPatternError(ValueError):
    """Raised when a pattern can never match: git accepts the line in silence."""


def byte_text(name: str) -> str:
    """Return the name with one character for each of its bytes."""
    return name if name.isascii() else os.fsencode(name).decode("latin-1")


def fold(text: str) -> str:
    """Lower the ASCII letters, the only ones that `core.ignorecase` folds."""
    return text.lower() if text.isascii() else text.translate(_FOLD)


def parse_rule(
    line: str,
    number: int,
    source: str,
    reason: SkipReason,
    *,
    folds_case: bool = False,
    files_only: bool = False,
) -> Rule:
    """Read one line that is neither empty nor a comment.

    Raises:
        BadPatternError: The pattern can never match.
    """
    pattern = line.removeprefix("!")
    stripped = pattern.removesuffix("/")
    is_path = "/" in stripped
    text = os.fsdecode(line.encode("latin-1"))
    return Rule(
        source=source,
        line=number,
        text=text,
        reason=reason,
        tokens=_tokens(stripped.removeprefix("/"), is_path=is_path, folds_case=folds_case),
        is_path=is_path,
        is_negated=line.startswith("!"),
        directories_only=stripped != pattern,
        files_only=files_only,
        where=f"{source}:{number}: {text}",
    )


def _tokens(pattern: str, *, is_path: bool, folds_case: bool) -> tuple[Token, ...]:
    """Split a pattern into bytes, classes and wild cards."""
    # git compares the literal head by itself and hands the rest to its matcher, for which a `**` that opens
    # the rest stands at a boundary: `a**/b` spans directories, `?**/b` does not.
    head = next((at for at, char in enumerate(pattern) if char in _WILD), len(pattern))
    found: list[Token] = list(fold(pattern[:head]) if folds_case else pattern[:head])
    at = head
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            token, at = _stars(pattern, at, at_boundary=is_path and (at == head or pattern[at - 1] == "/"))
            # Two in a row mean what one means; a pattern of a million stars stays small.
            if not found or token is not found[-1]:
                found.append(token)
        elif char == "[":
            members, at = _byte_class(pattern, at + 1, folds_case=folds_case)
            found.append(members)
        elif char == "\\":
            found.append(_escaped(pattern, at + 1, folds_case=folds_case))
            at += 2
        else:
            found.append(Wild.ANY if char == "?" else fold(char) if folds_case else char)
            at += 1
    if len(found) > _LONGEST_PATH:
        raise BadPatternError("it is longer than any path")
    return tuple(found)


def _stars(pattern: str, start: int, *, at_boundary: bool) -> tuple[Wild, int]:
    """Read a run of stars; return its meaning and where reading goes on."""
    end = start
    while end < len(pattern) and pattern[end] == "*":
        end += 1
    rest = pattern[end : end + 2]
    if end - start == 1 or not at_boundary:
        return Wild.STAR, end
    if rest.startswith("/"):
        return Wild.DIRECTORIES, end + 1
    return (Wild.DEEP if rest in ("", "\\/") else Wild.STAR), end


def _escaped(pattern: str, at: int, *, folds_case: bool) -> str:
    """Return the byte after a backslash."""
    if at == len(pattern):
        raise BadPatternError("it ends in a backslash")
    if folds_case and pattern[at].isascii() and pattern[at].isupper():
        # git folds the name but not the escaped letter, so the two never meet.
        raise BadPatternError("an escaped capital never matches when case is ignored")
    return pattern[at]


def _byte_class(pattern: str, start: int, *, folds_case: bool) -> tuple[frozenset[str], int]:
    """Read a class after its `[`; return its bytes and where reading goes on."""
    is_negated = pattern[start : start + 1] in ("!", "^")
    first = at = start + is_negated
    found: set[str] = set()
    previous = ""  # what a dash would start from
    while at == first or pattern[at : at + 1] != "]":
        char, end = _class_byte(pattern, at)
        if pattern[at] == "-" and previous and pattern[at + 1 : at + 2] not in ("", "]"):
            last, at = _class_byte(pattern, at + 1)
            found |= _span(previous, last, folds_case=folds_case)
            previous = ""
        elif (named := _named_class(pattern, at)) is not None:
            found |= _POSIX[named]
            if named == "upper" and folds_case:
                found |= _POSIX["lower"]
            at += len(named) + 4
            previous = ""
        else:
            found.add(char)
            at, previous = end, char
    members = _BYTES - found if is_negated else frozenset(found)
    return members - {"/"}, at + 1


def _class_byte(pattern: str, at: int) -> tuple[str, int]:
    """Return the byte that stands at this place of a class, and the next place."""
    if pattern[at : at + 1] == "\\":
        at += 1
    if at >= len(pattern):
        raise BadPatternError("its character class is never closed")
    return pattern[at], at + 1


def _span(first: str, last: str, *, folds_case: bool) -> set[str]:
    """Return the bytes from one to another; when case is ignored, their small letters too."""
    found = {chr(code) for code in range(ord(first), ord(last) + 1)}
    return found | {fold(char) for char in found} if folds_case else found


def _named_class(pattern: str, at: int) -> str | None:
    """Return `alpha` for a place where `[:alpha:]` stands, None where no class name stands."""
    if pattern[at : at + 2] != "[:":
        return None
    end = pattern.find("]", at + 2)
    if end < 0:
        raise BadPatternError("its character class is never closed")
    if end == at + 2 or pattern[end - 1] != ":":
        return None
    name = pattern[at + 2 : end - 1]
    if name not in _POSIX:
        raise BadPatternError(f"[:{name}:] is no character class")
    return name
