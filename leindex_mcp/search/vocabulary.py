"""The words that names are made of, sorted, so that a word finds the words that begin like it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WORD_BYTES = 24  # longer words are compared by their first 24 bytes
SHORTEST_PREFIX = 4  # `conf` may stand for `config`; `con` stands for too much
SHORTEST_WORD = 3  # `io` and `c` name too much


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Distinct words in byte order; a word's id is its position."""

    words: NDArray[np.bytes_]  #: (v,) utf-8, cut to `WORD_BYTES`

    @classmethod
    def of(cls, words: Sequence[str]) -> Vocabulary:
        """Collect the distinct words."""
        return cls(np.unique(as_bytes(words)))

    def __len__(self) -> int:
        return len(self.words)

    def ids(self, words: Sequence[str]) -> NDArray[np.int64]:
        """Return the id of each word; all of them must be in the vocabulary."""
        return np.searchsorted(self.words, as_bytes(words))

    def like(self, word: str) -> NDArray[np.int64]:
        """Return the ids of the words equal to *word*, or beginning with it, or that it begins with.

        The shorter of the two has at least `SHORTEST_PREFIX` letters, unless they are equal.
        """
        heads = [word[:length] for length in range(SHORTEST_PREFIX, len(word))]
        found = self._exact([*heads, word])
        if len(word) < SHORTEST_PREFIX:
            return found
        return np.union1d(found, self.beginning_with(word))

    def beginning_with(self, word: str) -> NDArray[np.int64]:
        """Return the ids of the words that begin with *word*."""
        prefix = as_bytes([word])[0]
        # 0xff is in no utf-8 text, so it sorts behind every continuation of the prefix.
        bounds = np.array([prefix, (prefix + b"\xff" * WORD_BYTES)[:WORD_BYTES]], f"S{WORD_BYTES}")
        first, last = np.searchsorted(self.words, bounds)
        return np.arange(first, last)

    def _exact(self, words: Sequence[str]) -> NDArray[np.int64]:
        wanted = as_bytes(words)
        places = np.searchsorted(self.words, wanted)
        places = places[places < len(self.words)]
        return places[self.words[places] == wanted[: len(places)]] if len(places) else places


def as_bytes(words: Sequence[str]) -> NDArray[np.bytes_]:
    """Encode words for comparison."""
    return np.array([word.encode("utf-8", "replace")[:WORD_BYTES] for word in words], f"S{WORD_BYTES}")
