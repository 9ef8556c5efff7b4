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
from leindex_mcp.embed.word_table import WordVectors, drawn_signs
from leindex_mcp.errors import EncoderError

_SHORTEST_PIECE = 3  # letters; shorter pieces are found in any word
_REMEMBERED = 1 << 16  # unknown words whose pieces are kept
_STEPS = 127
_SAMPLE = 4096  # vectors that tell how long one is


@dataclass(frozen=True, slots=True)
class _Side:
    """How much the words weigh in documents, or in questions."""

    scales: NDArray[np.float32]  #: (n,) of the int8 vectors, the weight multiplied in
    usual_norm: float  #: of a weighted vector


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
        self._longest = max(map(len, table.words))
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

    def document_vectors(self, words: Sequence[str]) -> WordVectors:
        """Return learned vectors with the weights that documents have."""
        return self._vectors_of(words, self._document_side)

    def question_vectors(self, words: Sequence[str]) -> WordVectors:
        """Return learned vectors with the weights that questions have."""
        return self._vectors_of(words, self._question_side)

    def _side(self, scales: NDArray[np.float32]) -> _Side:
        sample = slice(None, None, max(len(scales) // _SAMPLE, 1))
        norms = np.linalg.norm(self._vectors[sample].astype(np.float32), axis=1) * scales[sample]
        return _Side(scales, float(np.median(norms)))

    def _vectors_of(self, words: Sequence[str], side: _Side) -> WordVectors:
        ids = np.array([self._ids.get(word, -1) for word in words], np.int64)
        steps, scales = self._vectors[ids], side.scales[ids]
        unknown = np.flatnonzero(ids < 0)
        if len(unknown):
            made = self._make([words[place] for place in unknown.tolist()], side)
            steps[unknown], scales[unknown] = made.steps, made.scales
        return WordVectors(steps, scales)

    def _make(self, words: Sequence[str], side: _Side) -> WordVectors:
        """Return the sum of the pieces' vectors for each unknown word, drawn signs for one without pieces."""
        scale = side.usual_norm / np.sqrt(self.dim)
        vectors = drawn_signs(words, self.dim) * np.float32(scale)
        pieces = [self._pieces(word) for word in words]
        lengths = np.array([len(ids) for ids in pieces])
        made = np.flatnonzero(lengths)
        if len(made):
            ids = np.array([number for numbers in pieces for number in numbers])
            rows = self._vectors[ids] * side.scales[ids][:, None]
            sums = np.add.reduceat(rows, (np.cumsum(lengths) - lengths)[made], axis=0)
            is_usable = sums.any(axis=1)
            vectors[made[is_usable]] = sums[is_usable]
        largest = np.abs(vectors).max(axis=1)
        steps = np.rint(vectors * (_STEPS / largest)[:, None]).astype(np.int8)
        return WordVectors(steps, largest / np.float32(_STEPS))

    def _find_pieces(self, word: str) -> tuple[int, ...]:
        """Cut known words off the front of an unknown one, the longest first; letters between are skipped."""
        found: list[int] = []
        start = 0
        while start <= len(word) - _SHORTEST_PIECE:
            for end in range(min(len(word), start + self._longest), start + _SHORTEST_PIECE - 1, -1):
                if (number := self._ids.get(word[start:end])) is not None:
                    found.append(number)
                    start = end
                    break
            else:
                start += 1
        return tuple(found)
