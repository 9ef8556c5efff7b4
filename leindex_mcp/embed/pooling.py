"""Sums of word vectors, text by text: a sparse matrix times a dense one, in plain numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.embed.word_table import WordVectors
from leindex_mcp.words import Tally

if TYPE_CHECKING:
    from leindex_mcp.records import Matrix

_BLOCK_ROWS = 64  # the distinct words of 64 chunks, as float32 rows, stay in the second-level cache


def pooled(tally: Tally, weights: NDArray[np.float32], vectors: WordVectors) -> Matrix:
    """Return float32 (n, dim): for each text the sum of its words' vectors.

    Args:
        weights: Of every entry of the tally; the scale of the word's vector is multiplied in here.
        vectors: Of the tally's vocabulary.
    """
    n_texts, n_words = len(tally.offsets) - 1, len(tally.vocabulary)
    sums = np.zeros((n_texts, vectors.steps.shape[1]), np.float32)
    weights = weights * vectors.scales[tally.ids]
    columns = np.zeros(n_words, np.int64)
    for start in range(0, n_texts, _BLOCK_ROWS):
        offsets = tally.offsets[start : start + _BLOCK_ROWS + 1]
        entries = slice(offsets[0], offsets[-1])
        ids = tally.ids[entries]
        # Only the words that the block holds get a column; then the product is a small dense one.
        is_present = np.zeros(n_words, np.bool_)
        is_present[ids] = True
        present = np.flatnonzero(is_present)
        columns[present] = np.arange(len(present))
        block = np.zeros((len(offsets) - 1, len(present)), np.float32)
        block[np.repeat(np.arange(len(block)), np.diff(offsets)), columns[ids]] = weights[entries]
        np.matmul(block, vectors.steps[present].astype(np.float32), out=sums[start : start + _BLOCK_ROWS])
    return sums


def damped(counts: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return 1 + ln(count): a word said ten times says little more than one said five times."""
    return (1 + np.log(counts)).astype(np.float32)


def unit_rows(rows: Matrix, otherwise: Matrix) -> Matrix:
    """Scale every row to norm 1; a row of zeros becomes *otherwise*, itself of norm 1."""
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    is_zero = norms[:, 0] == 0
    if is_zero.any():
        rows = np.where(is_zero[:, None], otherwise, rows)
        norms[is_zero] = 1
    units: Matrix = rows / norms
    return units
