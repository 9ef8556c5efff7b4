"""An encoder that adds up word vectors: no layers, and no tokenizer beyond the words of keyword search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.embed.batching import encode_in_batches
from leindex_mcp.embed.pooling import counted, damped, pooled, unit_rows
from leindex_mcp.embed.word_table import WordTable
from leindex_mcp.records import Chunk
from leindex_mcp.words import STOP_WORDS, Tally, WordCounts, count, path_words, split

if TYPE_CHECKING:
    from leindex_mcp.records import Matrix

PATH_PARTS = 3  # the last parts of a path say what a file is about; those above name the project
STEM_WEIGHT = 2  # the file's own name counts this often beside its path
PATH_WEIGHT = 0.5  # what the path says, against what the text says, however long the text is
DEFINITION_WEIGHT = 0.6  # the same for the names that the chunk defines, or stands in the definition of
RARITY_POWER = 0.25  # of idf: by all of it, one rare word would decide what a question means
FILE_MEAN_WEIGHT = 0.5  # how far a chunk leans towards what its file is about


class StaticEncoder:
    """Encodes a text as the weighted sum of the vectors of its words, scaled to norm 1."""

    def __init__(self, table: WordTable) -> None:
        self.fingerprint = table.fingerprint
        self.dim = table.dim
        self._table = table
        nothing = pooled(_one_word(""), np.ones(1, np.float32), table.document_vectors([""]))
        self._nothing = nothing / np.linalg.norm(nothing)  # stands for a text without words

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return float32 (n, dim), rows of norm 1."""
        return self._unit_rows(self._sums(count(texts)))

    def encode_question(self, text: str, idf: Callable[[str], float] | None = None) -> Matrix:
        """Return float32 (dim,) of norm 1: the words' vectors, weighed by how rare they are.

        Args:
            idf: Tells how rare a lower-cased word is in what is searched; a table that learned it never asks.
        """
        counts = Counter(split(text))
        words = list(counts)
        vectors = self._table.question_vectors(words)
        weights = damped(np.array(list(counts.values()), np.int32))
        if not self._table.knows_rarity:
            weights *= _question_weights(words, idf)
        unit: Matrix = self._unit_rows((weights @ vectors.astype(np.float32))[None])[0]
        return unit

    def encode_chunks(self, chunks: Sequence[Chunk], counts: WordCounts) -> Matrix:
        """Return float32 (n, dim), rows of norm 1, for the chunks of whole files; each file stands alone.

        Args:
            counts: The words of the chunks' texts, in the same order.
        """
        files = Files.of(chunks)
        definitions = self._sums(count([definition_text(chunk) for chunk in chunks]))
        rows = _units_or_zeros(self._sums(counts))
        rows += PATH_WEIGHT * _units_or_zeros(self._path_sums(files.relatives))[files.of_chunk]
        rows += DEFINITION_WEIGHT * _units_or_zeros(definitions)
        return self._unit_rows(with_file_means(self._unit_rows(rows), files))

    async def encode_batch(
        self,
        texts: Sequence[str],
        batch_size: int = 32,
        device: str = "auto",
        *,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Matrix:
        """Return what `encode` does, in worker threads; *device* is for models that have one."""
        del device
        return await encode_in_batches(self.encode, texts, batch_size=batch_size, on_progress=on_progress)

    def _sums(self, counts: Tally) -> Matrix:
        """Add up the words of texts, repetition damped."""
        return pooled(counts, damped(counts.counts), self._table.document_vectors(counts.vocabulary))

    def _path_sums(self, relatives: Sequence[str]) -> Matrix:
        """Add up the words of paths, each as often as it stands there."""
        tally = count([path_text(relative) for relative in relatives])
        vectors = self._table.document_vectors(tally.vocabulary)
        return pooled(tally, counted(tally.counts), vectors)

    def _unit_rows(self, sums: Matrix) -> Matrix:
        return unit_rows(sums, self._nothing)


@dataclass(frozen=True, slots=True)
class Files:
    """The files that chunks come from: neighbours with one path are one file."""

    relatives: list[str]
    starts: NDArray[np.int64]  #: position of each file's first chunk
    of_chunk: NDArray[np.int64]  #: position of each chunk's file

    @classmethod
    def of(cls, chunks: Sequence[Chunk]) -> Files:
        """Find where one file ends and the next begins."""
        is_first = [
            not place or chunks[place - 1].relative != chunk.relative for place, chunk in enumerate(chunks)
        ]
        starts = np.flatnonzero(is_first)
        return cls(
            [chunks[start].relative for start in starts.tolist()],
            starts,
            np.cumsum(is_first, dtype=np.int64) - 1,
        )


def _units_or_zeros(sums: Matrix) -> Matrix:
    """Scale every row to norm 1; a part without words stays zero and adds nothing."""
    return unit_rows(sums, np.zeros_like(sums[:1]))


def with_file_means(rows: Matrix, files: Files) -> Matrix:
    """Move each row of norm 1 towards the mean of its file's rows, itself scaled to norm 1."""
    if not len(rows):
        return rows
    totals = np.add.reduceat(rows, files.starts, axis=0)
    norms = np.maximum(np.linalg.norm(totals, axis=1, keepdims=True), np.float32(1e-12))
    means: Matrix = totals / norms
    return rows + FILE_MEAN_WEIGHT * means[files.of_chunk]


def path_text(relative: str) -> str:
    """Return the words that a path adds to each of its file's chunks: the last parts, and the stem again."""
    parts = path_words(relative).split("/")[-PATH_PARTS:]
    return " ".join(parts + parts[-1:] * STEM_WEIGHT)


def definition_text(chunk: Chunk) -> str:
    """Return the words that its definitions add to a chunk: the one it stands in, and those that it holds."""
    return " ".join([chunk.symbol or "", *chunk.defines])


def _question_weights(words: Sequence[str], idf: Callable[[str], float] | None) -> NDArray[np.float32]:
    """Weigh the words of a question: by rarity, and stop words not at all unless there is nothing else."""
    weights = np.array([idf(word) ** RARITY_POWER if idf else 1 for word in words], np.float32)
    is_telling = np.array([word not in STOP_WORDS for word in words], np.bool_)
    return weights * is_telling if is_telling.any() else weights


def _one_word(word: str) -> Tally:
    """Return the tally of a text that is one word, be it empty."""
    return Tally([word], np.array([0, 1]), np.zeros(1, np.int32), np.ones(1, np.int32))
