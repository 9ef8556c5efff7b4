"""Sums of word vectors, text by text: a sparse matrix times a dense one, in plain numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.embed.word_table import WholeNumbers
from leindex_mcp.words import Tally

if TYPE_CHECKING:
    from leindex_mcp.records import Matrix

_BLOCK_TEXTS = 16  # neighbours share words; few enough that their words fit the second-level cache
_SERIAL_PRODUCTS = 1 << 18  # for more OpenBLAS wakes threads, which spin; indexing has its own
_FINENESS = 16  # weights are whole sixteenths
_DAMPED: NDArray[np.float32] = np.rint(_FINENESS * (1 + np.log(np.maximum(np.arange(256), 1)))).astype(
    np.float32
)


def pooled(tally: Tally, weights: NDArray[np.float32], vectors: WholeNumbers) -> Matrix:
    """Return float32 (n, dim): for each text the sum of its words' vectors.

    Whole numbers in, whole numbers out: a sum is exact, so that it is the same in whatever company.

    Args:
        weights: Of every entry of the tally, whole numbers.
        vectors: (v, dim), of the tally's vocabulary.
    """
    n_texts, dim = len(tally.offsets) - 1, vectors.shape[1]
    sums = np.zeros((n_texts, dim), np.float32)
    columns = np.zeros(len(tally.vocabulary), np.int64)
    for start in range(0, n_texts, _BLOCK_TEXTS):
        offsets = tally.offsets[start : start + _BLOCK_TEXTS + 1]
        entries = slice(offsets[0], offsets[-1])
        # Only the words that these texts hold get a column.
        is_present = np.zeros(len(columns), np.bool_)
        is_present[tally.ids[entries]] = True
        present = np.flatnonzero(is_present)
        columns[present] = np.arange(len(present))
        texts = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        places = texts, columns[tally.ids[entries]]
        sums[start : start + _BLOCK_TEXTS] = _product(places, weights[entries], vectors[present])[
            : len(offsets) - 1
        ]
    return sums


def _product(
    places: tuple[NDArray[np.int64], NDArray[np.int64]],
    weights: NDArray[np.float32],
    vectors: WholeNumbers,
) -> Matrix:
    """Return float32 (16, dim): the matrix with *weights* at *places*, times *vectors*, in small layers."""
    n_words, dim = vectors.shape
    depth = max(_SERIAL_PRODUCTS // (_BLOCK_TEXTS * dim), 1)
    layers = -(-n_words // depth)
    left = np.zeros((_BLOCK_TEXTS, layers * depth), np.float32)
    left[places] = weights
    right = np.zeros((layers * depth, dim), np.float32)
    right[:n_words] = vectors
    stack: Matrix = np.matmul(
        left.reshape(_BLOCK_TEXTS, layers, depth).transpose(1, 0, 2), right.reshape(layers, depth, dim)
    )
    product: Matrix = stack.sum(axis=0)
    return product


def counted(counts: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return the weight of words that weigh as often as they are said, in sixteenths."""
    return (_FINENESS * counts).astype(np.float32)


def damped(counts: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return 1 + ln(count) in sixteenths: said ten times is little more than said five times."""
    weights: NDArray[np.float32] = _DAMPED[np.minimum(counts, len(_DAMPED) - 1)]
    return weights


def unit_rows(rows: Matrix, otherwise: Matrix) -> Matrix:
    """Scale every row to norm 1; a row of zeros becomes *otherwise*, itself of norm 1."""
    norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, None]
    is_zero = norms[:, 0] == 0
    if is_zero.any():
        rows = np.where(is_zero[:, None], otherwise, rows)
        norms[is_zero] = 1
    units: Matrix = rows / norms
    return units
