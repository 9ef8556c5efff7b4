"""Learned word vectors, with an answer for words that were not learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.embed.table_file import TableFile, read_table
from leindex_mcp.embed.word_table import WholeNumbers, drawn_signs
from leindex_mcp.errors import EncoderError

_SHORTEST_PIECE = 3  # letters; shorter pieces are found in any word
_MOST_PIECES = 8  # no name has more; the sum stays within 16 bits
_READ_LETTERS = 40  # of an unknown word; what is longer is data, not a name
_REMEMBERED = 1 << 16  # unknown words whose pieces are kept
_INT8_MAX = 127
_GREATEST = 2047  # of the numbers in weighed vectors; thousands of them then add up exactly in float32
_SAMPLE = 512  # vectors that tell how long one usually is


@dataclass(frozen=True, slots=True)
class _Side:
    """How much the words weigh in documents, or in questions."""

    steps: NDArray[np.float32]  #: (n,) what 1 in an int8 vector is worth, the word's weight multiplied in
    usual: int  #: the usual size of a number in a weighed vector


class TrainedTable:
    """The vectors of a table file; each side, document and question, weighs the words its own way."""

    knows_rarity = True

    def __init__(self, table: TableFile, dim: int | None = None) -> None:
        """Use the first *dim* numbers of each vector: tables are trained to be cut at 128 and 64."""
        description = table.description
        self.dim = description.dim if dim is None else dim
        if not 1 <= self.dim <= description.dim:
            raise EncoderError(f"{self.dim} dimensions of a table of {description.dim}: ask for fewer")
        digest = description.sha256[:12]
        self.fingerprint = f"{description.name}-{description.version}-{self.dim}-{digest}"
        self._ids = {word: number for number, word in enumerate(table.words)}
        self._vectors = table.vectors[:, : self.dim]
        self._document_side = self._side(table.scales * table.document_weights)
        self._question_side = self._side(table.scales * table.question_weights)
        self._pieces = lru_cache(_REMEMBERED)(self._find_pieces)

    @classmethod
    def load(cls, directory: Path, dim: int | None = None) -> Self:
        """Map the table in *directory*.

        Raises:
            EncoderError: There is none, or it is damaged, or it has fewer than *dim* dimensions.
        """
        return cls(read_table(directory), dim)

    def document_vectors(self, words: Sequence[str]) -> WholeNumbers:
        """Return learned vectors with the weights that documents have."""
        return self._vectors_of(words, self._document_side)

    def question_vectors(self, words: Sequence[str]) -> WholeNumbers:
        """Return learned vectors with the weights that questions have."""
        return self._vectors_of(words, self._question_side)

    def _side(self, scales: NDArray[np.float32]) -> _Side:
        steps = scales * np.float32(_GREATEST / (np.abs(scales).max() * _INT8_MAX))
        sample = slice(None, None, max(len(steps) // _SAMPLE, 1))
        norms = np.linalg.norm(self._vectors[sample].astype(np.float32), axis=1) * steps[sample]
        return _Side(steps, max(round(np.median(norms) / np.sqrt(self.dim)), 1))

    def _vectors_of(self, words: Sequence[str], side: _Side) -> WholeNumbers:
        ids = np.array([self._ids.get(word, -1) for word in words], np.int64)
        vectors = self._weighed(ids, side)
        unknown = np.flatnonzero(ids < 0)
        if len(unknown):
            vectors[unknown] = self._make([words[place] for place in unknown.tolist()], side)
        return vectors

    def _weighed(self, ids: NDArray[np.int64], side: _Side) -> WholeNumbers:
        weighed = self._vectors[ids] * side.steps[ids][:, None]
        whole: WholeNumbers = np.rint(weighed, out=weighed).astype(np.int16)
        return whole

    def _make(self, words: Sequence[str], side: _Side) -> WholeNumbers:
        """Return the sum of the pieces' vectors for each unknown word, drawn signs for one without pieces."""
        pieces = [self._pieces(word) for word in words]
        vectors = np.zeros((len(words), self.dim), np.int16)
        for turn in range(max(map(len, pieces))):
            having = [place for place, ids in enumerate(pieces) if len(ids) > turn]
            vectors[having] += self._weighed(np.array([pieces[place][turn] for place in having]), side)
        unmade = np.flatnonzero(~vectors.any(axis=1)).tolist()
        vectors[unmade] = drawn_signs([words[place] for place in unmade], self.dim) * np.int16(side.usual)
        return vectors

    def _find_pieces(self, word: str) -> tuple[int, ...]:
        """Cut known words off the front of an unknown one, the longest first; letters between are skipped."""
        word = word[:_READ_LETTERS]
        found: list[int] = []
        start = 0
        while start <= len(word) - _SHORTEST_PIECE and len(found) < _MOST_PIECES:
            for end in range(len(word), start + _SHORTEST_PIECE - 1, -1):
                if (number := self._ids.get(word[start:end])) is not None:
                    found.append(number)
                    start = end
                    break
            else:
                start += 1
        return tuple(found)
