"""What a table of word vectors is: it has a vector for any word.

All numbers of a table are whole: sums of them in float32 are exact, so the order of words cannot show.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import xxhash
from numpy.typing import NDArray

from leindex_mcp.words import stem

WholeNumbers = NDArray[np.int16]

UNTRAINED_DIM = 256
_NUMBER_BITS = 64
_GOLDEN = 0x9E3779B97F4A7C15  # the step of splitmix64's counter
_SHIFTS_AND_FACTORS = ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB))  # and of its mix


class WordTable(Protocol):
    """Knows a vector for every word, whatever it is; none is zero."""

    @property
    def fingerprint(self) -> str:
        """What tells vectors of one table from those of another."""

    @property
    def dim(self) -> int:
        """The length of a vector."""

    @property
    def knows_rarity(self) -> bool:
        """Whether question words have learned weights, so that no document frequencies are needed."""

    def document_vectors(self, words: Sequence[str]) -> WholeNumbers:
        """Return (v, dim): the vectors of lower-cased words, weighed as a document means them."""

    def question_vectors(self, words: Sequence[str]) -> WholeNumbers:
        """Return (v, dim): the vectors of lower-cased words, weighed as a question means them."""


class UntrainedTable:
    """Signs drawn for each word's stem: two words are alike if they share it, and strangers otherwise."""

    fingerprint = "untrained-1"
    dim = UNTRAINED_DIM
    knows_rarity = False

    def document_vectors(self, words: Sequence[str]) -> WholeNumbers:
        """Return the drawn signs, all words of equal weight."""
        return drawn_signs([stem(word) for word in words], self.dim)

    question_vectors = document_vectors


def drawn_signs(words: Sequence[str], dim: int) -> WholeNumbers:
    """Return (v, dim) of +1 and -1 from splitmix64 seeded by xxh3_64(word): the same everywhere."""
    seeds = np.array([xxhash.xxh3_64_intdigest(word.encode()) for word in words], np.uint64)
    counters = np.arange(1, -(-dim // _NUMBER_BITS) + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
    drawn = seeds[:, None] + counters
    for shift, factor in _SHIFTS_AND_FACTORS:
        drawn = (drawn ^ (drawn >> np.uint64(shift))) * np.uint64(factor)
    drawn ^= drawn >> np.uint64(31)
    # Little-endian bytes, lowest bit first: sign i is bit i of the stream on every machine.
    bits = np.unpackbits(drawn.astype("<u8").view(np.uint8), axis=1, count=dim, bitorder="little")
    return (bits.astype(np.int16) << 1) - np.int16(1)
