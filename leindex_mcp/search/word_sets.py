"""How much of a question a name holds, and how much of the name the question holds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.search import runs
from leindex_mcp.search.vocabulary import Vocabulary

Shares = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Overlap:
    """What a question and each set of words have in common, as shares from 0 to 1."""

    of_question: Shares  #: (n,) weight of the question's words that the set holds
    of_set: Shares  #: (n,) part of the set's words that the question holds


@dataclass(frozen=True, slots=True)
class WordSets:
    """Sets of words (one a file), inverted: the sets that hold each word."""

    offsets: NDArray[np.int64]  #: (v + 1,) word i is in `sets[offsets[i]:offsets[i + 1]]`
    sets: NDArray[np.int32]
    sizes: NDArray[np.int32]  #: (n,) distinct words of each set

    @classmethod
    def of(cls, rows: NDArray[np.int64], words: NDArray[np.int64], *, n_sets: int, n_words: int) -> WordSets:
        """Invert the pairs (set, word id); repeated pairs count once."""
        set_bits = n_sets.bit_length()
        pairs = (words.astype(np.int64) << set_bits) | rows
        pairs.sort()
        pairs = pairs[runs.is_new(pairs)]
        word, held_by = pairs >> set_bits, pairs & ((1 << set_bits) - 1)
        offsets = np.searchsorted(word, np.arange(n_words + 1))
        sizes = np.bincount(held_by, minlength=n_sets)
        return cls(offsets, held_by.astype(np.int32), sizes.astype(np.int32))

    def overlap(self, likeness: Likeness, weights: NDArray[np.float32]) -> Overlap:
        """Compare every set with the question; *weights* (one a word) sum to 1.

        O(sets that hold a matched word), but for arrays of zeros.
        """
        n = len(self.sizes)
        weight_held, words_held = np.zeros(n), np.zeros(n, np.int32)
        for ids, weight in zip(likeness.ids, weights, strict=True):
            weight_held[self._holding(ids)] += weight
        for word in likeness.all_ids.tolist():
            words_held[self._of_word(word)] += 1
        # Of very many sets few hold a matched word: only those are divided and rounded.
        held = np.flatnonzero(words_held)
        of_question, of_set = np.zeros(n, np.float32), np.zeros(n, np.float32)
        of_question[held] = weight_held[held]
        of_set[held] = words_held[held] / self.sizes[held]
        return Overlap(of_question, of_set)

    def rarity(self, likeness: Likeness) -> Shares:
        """Return for each set how rare the rarest of its matched words is among the sets: 0 to 1."""
        rarest = np.zeros(len(self.sizes), np.float32)
        for ids in likeness.ids:
            held_by = self._holding(ids)
            if len(held_by):
                rarity = math.log1p(len(rarest) / len(held_by)) / math.log1p(len(rarest))
                rarest[held_by] = np.maximum(rarest[held_by], np.float32(rarity))
        return rarest

    def _holding(self, ids: NDArray[np.int64]) -> NDArray[np.integer]:
        """Return the sets that hold any of the words, ascending and without repeats."""
        words = ids.tolist()
        if len(words) == 1:
            return self._of_word(words[0])
        is_held = np.zeros(len(self.sizes), np.bool_)
        for word in words:
            is_held[self._of_word(word)] = True
        return np.flatnonzero(is_held)

    def _of_word(self, word: int) -> NDArray[np.int32]:
        return self.sets[self.offsets[word] : self.offsets[word + 1]]


@dataclass(frozen=True, slots=True)
class Likeness:
    """For each word of a question, the ids of the vocabulary's words that are like it."""

    ids: tuple[NDArray[np.int64], ...]
    all_ids: NDArray[np.int64]  #: without repeats

    @classmethod
    def of(cls, vocabulary: Vocabulary, words: Sequence[str]) -> Likeness:
        """Match each word alone and together with its neighbour: "basic auth" is like `basicauth`."""
        found = [vocabulary.like(word) for word in words]
        for position in range(len(words) - 1):
            joined = vocabulary.beginning_with(words[position] + words[position + 1])
            if len(joined):
                found[position] = np.union1d(found[position], joined)
                found[position + 1] = np.union1d(found[position + 1], joined)
        ids = tuple(found)
        return cls(ids, np.unique(np.concatenate(ids)) if ids else np.empty(0, np.int64))
