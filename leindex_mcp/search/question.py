"""What a question asks for: its kind, the names and strings it quotes, and its telling words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from leindex_mcp import words
from leindex_mcp.search.aside import Aside, asked_for
from leindex_mcp.search.name_words import name_word

MAX_CHARACTERS = 4000  # a pasted stack trace fits; what follows adds time and no meaning
MAX_WORDS = 64  # telling words; each costs one look-up in three vocabularies


class QuestionKind(StrEnum):
    """How a question is put."""

    SYMBOL = "symbol"  #: one identifier
    PATH = "path"  #: one path or file name
    QUOTED = "quoted"  #: holds a string in double quotes
    HOW = "how"  #: asks how, where, why, what or which
    NATURAL = "natural"


@dataclass(frozen=True, slots=True)
class Question:
    """A question taken apart; all parts in the order of the text, without repeats."""

    text: str  #: cleaned and capped; this is what an encoder gets
    kind: QuestionKind
    names: tuple[str, ...]  #: identifiers asked for, as written, without their qualifier
    quoted: tuple[str, ...]  #: literal strings, their blanks as they were written
    paths: tuple[str, ...]  #: paths or file names, posix
    words: tuple[str, ...]  #: telling words as names are compared by them
    terms: tuple[int, ...]  #: keyword terms
    aside: Aside  #: reasons for standing aside that the question itself names


_UNREADABLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]")
_QUOTED = re.compile(r'"([^"]{2,200})"')
_TICKED = re.compile(r"`([^`]{1,200})`")
_TOKEN = re.compile(r"[^\s`\"'(),;]+")  # what may be a path
_IDENTIFIER = re.compile(r"[^\W\d]\w*[!?]?(?:(?:::|->|[.#\\])[^\W\d]\w*[!?]?)*")
# The same with hyphens, as styles, make and Lisp have them; in a sentence they join words.
_SYMBOL = re.compile(r"[^\W\d]\w*(?:-\w+)*[!?]?(?:(?:::|->|[.#\\])[^\W\d]\w*(?:-\w+)*[!?]?)*")
_QUALIFIER = re.compile(r"::|->|[.#\\]")
_NO_WORD = re.compile(r"\w[^\W\d_a-z]|\w_\w|::|->|[.#\\]")  # an inner capital, an underscore, a qualifier
_ASKING = frozenset({"how", "where", "why", "what", "which", "when", "who"})
_SUFFIXES = """
    bash c cc cfg clj cmake conf cpp cs css cts cxx d dart el elm erl ex exs fs go gradle graphql h hh hpp hs
    html hxx ini ipynb java jl js json jsx kt kts less lhs lock lua m md mdx mjs mk ml mli mm mts nim nix php
    pl pm proto ps1 py pyi pyx r rake rb rs rst sass sbt scala scm scss sh sol sql svelte swift tcl tf toml ts
    tsx txt v vala vb vim vue xml yaml yml zig zsh
"""
_IS_SUFFIX = re.compile("|".join(_SUFFIXES.split()), re.IGNORECASE).fullmatch


def parse(text: str) -> Question:
    """Take a question apart. Any string is a question; control characters and surrogates become blanks."""
    readable = _UNREADABLE.sub(" ", text[:MAX_CHARACTERS])
    clean = " ".join(readable.split())
    paths = _paths(clean)
    kind = _kind(clean, paths)
    names = () if kind is QuestionKind.PATH else _names(clean, kind)
    spoken = words.split(clean)
    return Question(
        text=clean,
        kind=kind,
        names=names,
        quoted=_distinct(_QUOTED.findall(readable)),
        paths=paths,
        words=_distinct(filter(None, map(name_word, spoken)))[:MAX_WORDS],
        terms=_terms(clean, kind)[: 2 * MAX_WORDS],
        aside=asked_for(spoken),
    )


def _paths(text: str) -> tuple[str, ...]:
    """Find what is written like a path: a known suffix, two slashes, or a slash in a question of one word."""
    tokens = [token.rstrip(".:?!") for token in _TOKEN.findall(text)]
    slashes = 1 if len(tokens) == 1 else 2
    return _distinct(
        token.removeprefix("./").strip("/")
        for token in tokens
        if token.count("/") >= slashes or ("." in token[1:] and _IS_SUFFIX(token.rpartition(".")[2]))
    )


def _kind(text: str, paths: tuple[str, ...]) -> QuestionKind:
    tokens = text.split()
    if len(tokens) == 1:
        return QuestionKind.PATH if paths else QuestionKind.SYMBOL
    if _QUOTED.search(text):
        return QuestionKind.QUOTED
    return QuestionKind.HOW if tokens and tokens[0].lower() in _ASKING else QuestionKind.NATURAL


def _names(text: str, kind: QuestionKind) -> tuple[str, ...]:
    """Return the last part of what is written as an identifier and not as a word."""
    if kind is QuestionKind.SYMBOL:
        return _distinct(_unqualified(found) for found in _SYMBOL.findall(text)[-1:])
    ticked = [name for quote in _TICKED.findall(text) for name in _SYMBOL.findall(quote)]
    text = _TICKED.sub(" x ", text)
    first, *others = _IDENTIFIER.findall(text) or [""]
    plain = [first] if _NO_WORD.search(first) else []
    plain += [name for name in others if name[0].isupper() or _NO_WORD.search(name)]
    return _distinct(map(_unqualified, [*ticked, *plain]))


def _unqualified(name: str) -> str:
    return _QUALIFIER.split(name)[-1].rstrip("?") or name


def _terms(text: str, kind: QuestionKind) -> tuple[int, ...]:
    """Return the keyword terms; a sentence loses its stop words, unless nothing else is left."""
    found = words.query_terms(text)
    if kind is not QuestionKind.SYMBOL:
        telling = [found_term for found_term in found if found_term.word not in words.STOP_WORDS]
        found = telling or found
    return tuple(query_term.term for query_term in found)


def _distinct(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for item in items if item))
