"""A vector for every word: learned ones from a file, or seeded signs until there are any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import xxhash
from numpy.typing import NDArray

UNTRAINED_DIM = 256
_WORD_BITS = 64
_GOLDEN = 0x9E3779B97F4A7C15  # splitmix64: the step of its counter, then the two factors of its mix
_FACTORS = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)


@dataclass(frozen=True, slots=True)
class WordVectors:
    """Vectors of some words at a quarter of their size: row i is `steps[i] * scales[i]`."""

    steps: NDArray[np.int8]  #: (v, dim)
    scales: NDArray[np.float32]  #: (v,) the word's own weight included


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
        """Whether the question side has learned weights, so that no document frequencies are needed."""

    def document_vectors(self, words: Sequence[str]) -> WordVectors:
        """Return the vectors of lower-cased words as a document means them."""

    def question_vectors(self, words: Sequence[str]) -> WordVectors:
        """Return the vectors of lower-cased words as a question means them."""


class UntrainedTable:
    """Signs drawn for each word: words have nothing in common but themselves, so this is keyword search."""

    fingerprint = "untrained-1"
    dim = UNTRAINED_DIM
    knows_rarity = False

    def document_vectors(self, words: Sequence[str]) -> WordVectors:
        """Return the drawn signs."""
        return WordVectors(drawn_signs(words, self.dim), np.ones(len(words), np.float32))

    question_vectors = document_vectors


def drawn_signs(words: Sequence[str], dim: int) -> NDArray[np.int8]:
    """Return int8 (v, dim) of +1 and -1 from splitmix64 seeded by xxh3_64(word): the same everywhere."""
    seeds = np.array([xxhash.xxh3_64_intdigest(word.encode()) for word in words], np.uint64)
    steps = np.arange(1, -(-dim // _WORD_BITS) + 1, dtype=np.uint64) * np.uint64(_GOLDEN)
    drawn = seeds[:, None] + steps
    for shift, factor in zip((30, 27), _FACTORS, strict=True):
        drawn = (drawn ^ (drawn >> np.uint64(shift))) * np.uint64(factor)
    drawn ^= drawn >> np.uint64(31)
    # Little-endian bytes, lowest bit first: bit i of the stream is sign i on every machine.
    bits = np.unpackbits(drawn.astype("<u8").view(np.uint8), axis=1, count=dim, bitorder="little")
    return (bits.view(np.int8) << 1) - np.int8(1)
