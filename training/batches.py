"""Batches: which pairs are drawn together, and how a question is varied each time it comes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.bags import Flat, Pieces, TrainingSet, joined

MODULE, NAME, COMMIT = 2, 3, 6  # positions in `prepare.KINDS`
Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
_OPENINGS = (
    "how does|how is|how are|how do|where is|how to|what is the|code that|implementation of|find the|"
    "which function|handling|logic|how does the code"
)
_SHORTENED = 0.6  # of the questions are cut to 5 to 15 words: people ask shorter than authors comment
_THINNED = 0.3  # of the questions lose words, each with this chance
_OPENED = 0.25  # of the questions begin as people begin them
_NAMED = 0.15  # of the questions hold the symbol, too
_WITH_PATH = 0.75  # of the documents hold their path
_WITH_SYMBOL = 0.75  # of the documents hold their symbol again, as the encoder repeats it
_HIDDEN = (0.1, 0.6)  # chance that code hides the words of its symbol: when there is a sentence, and when not


@dataclass(frozen=True, slots=True)
class Parts:
    """n documents in the three parts that the encoder joins."""

    count: int
    code: Flat
    path: Flat
    symbol: Flat


@dataclass(frozen=True, slots=True)
class Batch:
    """n questions and their n documents, with other code of the documents' files."""

    questions: Flat
    documents: Parts
    siblings: Parts
    sibling_of: NDArray[np.int64]  #: the document whose file each sibling shares
    file: NDArray[np.int32]  #: (n,)


@dataclass(frozen=True, slots=True)
class Drawing:
    """How batches are drawn."""

    batch: int = 2048
    block: int = 512  #: pairs of one package in a row: they are each other's wrong answers
    names: float = 0.4  #: share of the pairs with only a name that a pass takes
    modules: int = 3  #: times that a pass takes what is said of a whole file, and the subjects of commits
    siblings: int = 1  #: other pairs of the file that make its mean


class Batches:
    """Draws batches, seeded."""

    def __init__(self, data: TrainingSet, drawing: Drawing, seed: int) -> None:
        self._data, self._drawing = data, drawing
        self._random = np.random.default_rng(seed)
        pieces = Pieces(data.vocabulary)
        openings = [
            [row for word in words.split() for row in pieces.of(word)] for words in _OPENINGS.split("|")
        ]
        self._openings = [np.array(rows, np.int32) for rows in openings]

    def endless(self) -> Iterator[Batch]:
        """Yield batches for ever, pass after pass over the pairs."""
        while True:
            for rows in self._one_pass():
                yield self._batch(rows)

    def _one_pass(self) -> NDArray[np.int64]:
        """Return (batches, size) rows: blocks of one package each, blocks shuffled."""
        told = np.flatnonzero(self._data.kind != NAME)
        named = np.flatnonzero(self._data.kind == NAME)
        broad = np.flatnonzero(np.isin(self._data.kind, (MODULE, COMMIT)))
        told = np.concatenate([told, *[broad] * (self._drawing.modules - 1)])
        named = self._random.choice(named, int(len(named) * self._drawing.names), replace=False)
        rows = self._random.permutation(np.concatenate([told, named]))
        rows = rows[np.argsort(self._data.package[rows], kind="stable")]
        block, batch = self._drawing.block, self._drawing.batch
        blocks = rows[: len(rows) // block * block].reshape(-1, block)
        blocks = blocks[self._random.permutation(len(blocks))]
        return blocks[: len(blocks) * block // batch * batch // block].reshape(-1, batch)

    def _batch(self, rows: Rows) -> Batch:
        has_path, has_symbol = self._chance(len(rows), _WITH_PATH), self._chance(len(rows), _WITH_SYMBOL)
        is_name = self._data.kind[rows] == NAME
        hides = self._random.random(len(rows)) < np.where(is_name, _HIDDEN[1], _HIDDEN[0])
        siblings, sibling_of = self._neighbours(rows)
        nothing = np.zeros(len(siblings), np.bool_)
        return Batch(
            self._asked(rows),
            self._found(rows, has_path, has_symbol, hides),
            self._found(siblings, has_path[sibling_of], has_symbol[sibling_of], nothing),
            sibling_of,
            self._data.file[rows],
        )

    def _asked(self, rows: Rows) -> Flat:
        """Return the questions, varied."""
        count = len(rows)
        told = self._data.question.take(rows)
        longest = np.where(self._chance(count, _SHORTENED), self._random.integers(5, 16, count), 64)
        dropped = np.where(self._chance(count, _THINNED), _THINNED, 0.0)
        told = told.where(
            (told.positions() < longest[told.bags])
            & (self._random.random(len(told.bags)) >= dropped[told.bags])
        )
        symbol = self._data.symbol.take(rows)
        asks_symbol = (self._data.kind[rows] == NAME) | self._chance(count, _NAMED)
        return joined([told, symbol.where(asks_symbol[symbol.bags]), self._opening(count)])

    def _opening(self, count: int) -> Flat:
        bags = np.flatnonzero(self._chance(count, _OPENED))
        chosen = [self._openings[place] for place in self._random.integers(0, len(self._openings), len(bags))]
        ids = np.concatenate([np.zeros(0, np.int32), *chosen])
        return Flat(np.repeat(bags, [len(words) for words in chosen]), ids, np.ones(len(ids), np.float32))

    def _found(self, rows: Rows, has_path: Mask, has_symbol: Mask, hides: Mask) -> Parts:
        """Return documents; the words of a hidden symbol are nowhere in them."""
        code, path, symbol = (
            bags.take(rows) for bags in (self._data.code, self._data.path, self._data.symbol)
        )
        if hides.any():
            code = code.where(~np.isin(code.keys(), symbol.where(hides[symbol.bags]).keys()))
        shown = has_symbol & ~hides
        return Parts(len(rows), code, path.where(has_path[path.bags]), symbol.where(shown[symbol.bags]))

    def _neighbours(self, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return pairs of the same files, near the drawn ones, and for each the place of the drawn one."""
        steps = [step for reach in range(1, self._drawing.siblings + 1) for step in (reach, -reach)]
        steps = steps[: self._drawing.siblings]
        files, found, places = self._data.file, [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for step in steps:
            near = np.clip(rows + 3 * step, 0, len(files) - 1)  # two pairs of one definition lie side by side
            same = np.flatnonzero((files[near] == files[rows]) & (near != rows))
            found.append(near[same])
            places.append(same)
        return np.concatenate(found), np.concatenate(places)

    def _chance(self, count: int, share: float) -> Mask:
        return self._random.random(count) < share
