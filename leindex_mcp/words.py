"""The words of source text and of questions: how they are split, stemmed, counted and hashed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Final

import numpy as np
import xxhash
from numpy.typing import NDArray

from leindex_mcp.records import TermCounts
from leindex_mcp.word_counts import Tally, WordCounts, begins_run, count_folded

__all__ = [
    "STOP_WORDS",
    "QueryTerm",
    "Tally",
    "WordCounts",
    "count",
    "fold",
    "identifiers",
    "keyword_terms",
    "path_words",
    "plural_stem",
    "query_terms",
    "split",
    "stem",
    "term",
    "word_term",
]

STOP_WORDS: Final = frozenset(
    """
    a about after all also an and any are as at be been before being between both but by can code could
    did do does doing done for from get gets give given go goes had handle handled handles handling
    happen happens has have having how i if implementation implemented implements in inside into is it
    its itself let like made make makes me most my no not of on once one only or other our out over own
    per please s same should show so some such t than that the their them then there these they this
    those through to under until up us use used uses using via was way we were what when where whether
    which while who why will with within without work works would you your
    """.split()
)
"""Words that a question in sentences has for grammar's sake; they tell no file from another."""

# ---------------------------------------------------------------- splitting

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
# In folded text, what is not ASCII is a letter without case. Said by what it is not: a range up to the last
# character takes seven milliseconds to compile.
_LOWER = r"[^\x00-`{-\x7f]"
_WORD = re.compile(rf"[A-Z]+(?=[A-Z]{_LOWER})|[A-Z]?{_LOWER}+|[A-Z]+|[0-9]+")
_IDENTIFIER = re.compile(r"[^\x00-/:-@\[-^`{-\x7f]+")


class _Folding(dict[int, str]):
    """What each character above ASCII becomes; filled as characters are met."""

    def __missing__(self, codepoint: int) -> str:
        folded = "".join(_folded(character) for character in chr(codepoint).lower())
        self[codepoint] = folded
        return folded


def _folded(character: str) -> str:
    """Keep letters and digits, set ideographs apart (their scripts have no spaces), blank the rest."""
    if not character.isalnum():
        return character if character.isascii() else " "
    if unicodedata.name(character, "").startswith("CJK "):
        return f" {character} "
    return character


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Return *text* with every non-ASCII character a letter in lower case, or a space.

    ASCII stays as it is; each CJK ideograph becomes a word of its own.
    """
    if text.isascii():
        return text
    return _NOT_ASCII.sub(lambda found: found[0].translate(_FOLDING), text)


def split(text: str) -> list[str]:
    """Return the words of identifiers and prose, lower-cased, in order: `parseHTTPBody2` has four."""
    return [word.lower() for word in _WORD.findall(fold(text))]


def identifiers(text: str) -> list[str]:
    """Return the identifiers of more than one word, whole, lower-cased, without underscores at the ends."""
    runs = (run.strip("_") for run in _IDENTIFIER.findall(fold(text)))
    return [run.lower() for run in runs if len(_WORD.findall(run)) > 1]


def path_words(relative: str) -> str:
    """Return the part of a path whose words say something of the file: all but the last suffix."""
    return str(PurePosixPath(relative).with_suffix(""))


# ---------------------------------------------------------------- stems

_REMEMBERED_WORDS = 1 << 16  # a project has few words, and a batch has most of them
_SHORTEST_STEM = 4  # letters left of a word that loses an ending
_ENDINGS: Final = frozenset(
    """
    able al ally ance ate ated ating ation ator e ed ence er ible ing ion isation ise ition ity ive ization
    ize ized izer izing ly ment ness or
    """.split()
)
_PLURALS_IN_ES = ("sses", "shes", "xes", "nches", "rches", "tches")  # but caches, sizes, axes
_LONGEST_ENDING = max(map(len, _ENDINGS))


def plural_stem(word: str) -> str:
    """Return the singular of an English plural; other words as they are."""
    if len(word) < _SHORTEST_STEM or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y" if len(word) > _SHORTEST_STEM else word[:-1]
    if len(word) > _SHORTEST_STEM and word.endswith(_PLURALS_IN_ES):
        return word[:-2]
    return word[:-1]


@lru_cache(_REMEMBERED_WORDS)
def stem(word: str) -> str:
    """Return what the inflections and close derivations of a word have in common.

    `parse`, `parser`, `parses` and `parsing` meet in `pars`. Not a word of English; at least 4 letters stay,
    but a doubled last consonant then loses one, so that `setting` meets `set`.
    """
    singular = plural_stem(word)
    for size in range(min(_LONGEST_ENDING, len(singular) - _SHORTEST_STEM), 0, -1):
        if singular[-size:] in _ENDINGS:
            return _without_doubling(singular[:-size])
    return singular


def _without_doubling(stump: str) -> str:
    """Undo the doubling that an ending brings: `running`, `getter`."""
    if stump[-1] == stump[-2] and stump[-1] not in "aeiouls":
        return stump[:-1]
    return stump


# ---------------------------------------------------------------- counting


def count(texts: Sequence[str]) -> WordCounts:
    """Count words and identifiers of every text: what `split` and `identifiers` return, in one pass."""
    return count_folded([fold(text) for text in texts])


# ---------------------------------------------------------------- keyword terms

_MOST = 255  # counts are stored in a byte
_MAX_TEXTS = 1 << 24  # a sort key holds 24 bits of text, 32 of term, 8 of count


@dataclass(frozen=True, slots=True)
class QueryTerm:
    """A term to look up, and the word of the question that it comes from."""

    term: int  #: uint32
    word: str  #: lower-cased, unstemmed, or a whole identifier


def term(stemmed: str) -> int:
    """Return the 32-bit hash of a stem or of a whole identifier; both sides of a search go through it."""
    return xxhash.xxh3_64_intdigest(stemmed.encode()) & 0xFFFFFFFF


def word_term(word: str) -> int:
    """Return the term of a word, stemmed."""
    return term(stem(word))


def query_terms(text: str) -> list[QueryTerm]:
    """Return the distinct terms of a question in the order of its words, stop words included."""
    found: dict[int, str] = {}
    for word in split(text):
        found.setdefault(word_term(word), word)
    for identifier in identifiers(text):
        found.setdefault(term(identifier), identifier)
    return [QueryTerm(hashed, word) for hashed, word in found.items()]


def keyword_terms(counts: WordCounts) -> TermCounts:
    """Return the stems of the words and the whole identifiers as hashed terms, equal ones added up.

    Raises:
        ValueError: There are more than 2**24 texts.
    """
    n_texts = len(counts.offsets) - 1
    if n_texts > _MAX_TEXTS:
        raise ValueError(f"{n_texts} texts, at most {_MAX_TEXTS} can be counted at once")
    keys = np.concatenate(
        [
            _term_keys(counts, [word_term(word) for word in counts.vocabulary]),
            _term_keys(counts.identifiers, [term(name) for name in counts.identifiers.vocabulary]),
        ]
    )
    # One sort brings the words that share a stem together; the count rides in the low byte.
    keys.sort()
    places = keys >> np.uint64(8)
    heads = np.flatnonzero(begins_run(places))
    counts_of_keys = keys & np.uint64(_MOST)
    sums = np.add.reduceat(counts_of_keys, heads) if len(heads) else counts_of_keys
    places = places[heads]
    offsets = np.searchsorted(places, np.arange(n_texts + 1, dtype=np.uint64) << np.uint64(32))
    return TermCounts(offsets, places.astype(np.uint32), np.minimum(sums, _MOST).astype(np.uint8))


def _term_keys(tally: Tally, terms: Sequence[int]) -> NDArray[np.uint64]:
    """Pack (text, term, count) of every entry into one sortable number."""
    texts = tally.rows().astype(np.uint64) << np.uint64(40)
    hashed = np.array(terms, np.uint64)[tally.ids] << np.uint64(8)
    packed: NDArray[np.uint64] = texts | hashed
    packed |= np.minimum(tally.counts, _MOST).astype(np.uint64)
    return packed
