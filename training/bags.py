"""Bags of words as flat arrays, and the vocabulary that training gives vectors to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Weights = NDArray[np.float32]

_SHORTEST_PIECE = 3  # letters of a piece of an unknown word, as in the encoder
_LONGEST_WORD = 20


@dataclass(frozen=True, slots=True)
class Bags:
    """n bags of table rows: row r of bag i counts `weights[j]` for each j in `ends[i]:ends[i + 1]`."""

    ends: NDArray[np.int64]  #: (n + 1,)
    ids: Ids
    weights: Weights

    def take(self, rows: NDArray[np.int64]) -> Flat:
        """Return the bags *rows*, numbered from 0."""
        sizes = self.ends[rows + 1] - self.ends[rows]
        # Entry k of the result comes from k + (where its bag starts here - where it starts in the result).
        shift = np.repeat(self.ends[rows] - (np.cumsum(sizes) - sizes), sizes)
        places = np.arange(len(shift)) + shift
        return Flat(np.repeat(np.arange(len(rows)), sizes), self.ids[places], self.weights[places])


@dataclass(frozen=True, slots=True)
class Flat:
    """Entries of some bags: entry j puts `weights[j]` of row `ids[j]` into bag `bags[j]`."""

    bags: NDArray[np.int64]
    ids: Ids
    weights: Weights

    def where(self, kept: NDArray[np.bool_]) -> Flat:
        """Return the entries that are kept."""
        return Flat(self.bags[kept], self.ids[kept], self.weights[kept])

    def keys(self) -> NDArray[np.int64]:
        """Return one number for each (bag, row)."""
        return (self.bags << 32) | self.ids

    def positions(self) -> NDArray[np.int64]:
        """Return the place of each entry within its bag, bags being in order."""
        starts = np.searchsorted(self.bags, np.arange(self.bags[-1] + 1 if len(self.bags) else 0))
        return np.arange(len(self.bags)) - starts[self.bags]


def joined(parts: Sequence[Flat]) -> Flat:
    """Return all entries, ordered by bag."""
    bags = np.concatenate([part.bags for part in parts])
    order = np.argsort(bags, kind="stable")
    ids = np.concatenate([part.ids for part in parts])[order]
    return Flat(bags[order], ids, np.concatenate([part.weights for part in parts])[order])


class Pieces:
    """Which rows of the table a word is made of; a word of the vocabulary is one row."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self.vocabulary = list(vocabulary)
        self._rows = {word: row for row, word in enumerate(vocabulary)}

    def of(self, word: str) -> list[int]:
        """Return the rows of *word*: itself, or its longest known prefixes in a row, as the encoder does."""
        row = self._rows.get(word)
        if row is not None:
            return [row]
        rows: list[int] = []
        start = 0
        while start <= len(word) - _SHORTEST_PIECE:
            ends = range(min(len(word), start + _LONGEST_WORD), start + _SHORTEST_PIECE - 1, -1)
            end = next((end for end in ends if word[start:end] in self._rows), None)
            if end is not None:
                rows.append(self._rows[word[start:end]])
            start = end or start + 1
        return rows


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Everything that training reads, as bags of table rows."""

    vocabulary: list[str]
    rarity: Weights  #: (v,) inverse document frequency of each row, about 0 to 1.6
    question: Bags
    symbol: Bags
    path: Bags
    code: Bags
    package: Ids
    kind: Ids  #: position in `prepare.KINDS`
    file: Ids
    languages: Ids

    @classmethod
    def load(cls, folder: Path, size: int) -> TrainingSet:
        """Read the prepared arrays and choose the *size* most frequent words as vocabulary."""
        arrays = np.load(folder / "pairs.npz")
        words: list[str] = json.loads((folder / "names.json").read_text())["words"]
        code, question = arrays["code"], arrays["question"]
        frequency = np.bincount(code, minlength=len(words)) + np.bincount(question, minlength=len(words))
        vocabulary = _most_frequent(words, frequency, size)
        pieces = Pieces(vocabulary)
        rows = [pieces.of(word) for word in words]
        facts = arrays["facts"]
        counts = 1 + np.log(np.maximum(arrays["counts"], 1)).astype(np.float32)
        ones = {name: np.ones(len(arrays[name]), np.float32) for name in ("question", "symbol", "path")}
        code_bags = _in_pieces(rows, code, arrays["code_ends"], counts)
        return cls(
            vocabulary,
            _rarity(code_bags, len(vocabulary)),
            _in_pieces(rows, question, arrays["question_ends"], ones["question"]),
            _in_pieces(rows, arrays["symbol"], arrays["symbol_ends"], ones["symbol"]),
            _in_pieces(rows, arrays["path"], arrays["path_ends"], ones["path"]),
            code_bags,
            facts[:, 0].copy(),
            facts[:, 2].copy(),
            facts[:, 3].copy(),
            facts[:, 1].copy(),
        )


def _most_frequent(words: list[str], frequency: NDArray[np.int64], size: int) -> list[str]:
    """Return letters and digits alone, then the most frequent words, *size* in all."""
    singles = [word for word in words if len(word) == 1 and word.isascii()]
    chosen = list(dict.fromkeys(sorted(singles)))
    for row in np.argsort(-frequency, kind="stable"):
        word = words[row]
        if len(word) > 1 and (len(word) <= 3 or (word.isalpha() and len(word) <= _LONGEST_WORD)):
            chosen.append(word)
        if len(chosen) == size:
            break
    return chosen


def _in_pieces(rows: list[list[int]], ids: Ids, ends: NDArray[np.int64], weights: Weights) -> Bags:
    """Replace each word by its rows."""
    sizes = np.array([len(pieces) for pieces in rows])
    flat = np.array([row for pieces in rows for row in pieces], np.int32)
    starts = np.cumsum(sizes) - sizes
    repeats = sizes[ids]
    new_ends = np.concatenate([[0], np.cumsum(repeats)])[ends]
    shift = np.repeat(starts[ids] - (np.cumsum(repeats) - repeats), repeats)
    return Bags(new_ends, flat[np.arange(len(shift)) + shift], np.repeat(weights, repeats))


def _rarity(code: Bags, size: int) -> Weights:
    """Return ln(n / df) / 6, kept between .05 and 1.6; 50 imagined uses keep rare words from exploding."""
    frequency = np.bincount(code.ids, minlength=size)
    rarity = np.log(len(code.ends) / (frequency + 50)) / 6
    return np.clip(rarity, 0.05, 1.6).astype(np.float32)
