"""Which chunks hold which keyword terms: the inverted form of the stored term counts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.records import TermCounts
from leindex_mcp.search import runs

SATURATION = 1.2  # BM25's k1: how soon repeating a term stops to help
LENGTH_PENALTY = 0.75  # BM25's b: how much a long chunk pays
MAX_CHUNKS = 1 << 24  # a sort key holds 32 bits of term, 24 of chunk, 8 of count
_AT_ONCE = 1 << 21  # postings sorted together: the keys of a large project would take gigabytes
_ROWS_AT_ONCE = 1 << 16  # counted together
_MOST_BITS = 8  # of the number of a range
_MOST = 255  # counts are stored in a byte


@dataclass(frozen=True, slots=True)
class Postings:
    """Term i is in `chunks[offsets[i]:offsets[i + 1]]`, ascending, `counts` times in each."""

    terms: NDArray[np.uint32]  #: (t,) distinct hashes, ascending
    offsets: NDArray[np.int64]  #: (t + 1,)
    chunks: NDArray[np.int32]
    counts: NDArray[np.uint8]
    lengths: NDArray[np.float32]  #: (m,) words of each chunk, its path's included
    damping: NDArray[np.float32]  #: (m,) per chunk k1 * (1 - b + b * length / mean length)

    @classmethod
    def of(cls, rows: TermCounts, extra: TermCounts, extra_row: NDArray[np.int32]) -> Postings:
        """Invert the rows of the chunks; chunk i also holds row `extra_row[i]` of *extra*, its path's words.

        Raises:
            ValueError: There are more chunks than a sort key can number.
        """
        n_chunks = len(extra_row)
        if n_chunks > MAX_CHUNKS:
            raise ValueError(f"{n_chunks} chunks, at most {MAX_CHUNKS} can be searched")
        bits = min((len(rows.terms) // _AT_ONCE).bit_length(), _MOST_BITS)
        ranges = [_range_of(matrix, bits) for matrix in (rows, extra)]
        parts = [
            _Part.of(_within(rows, ranges[0] == part), _within(extra, ranges[1] == part), extra_row)
            for part in range(1 << bits)
        ]
        sizes = np.concatenate([part.frequencies for part in parts])
        lengths = _lengths(rows, extra, extra_row)
        return cls(
            terms=np.concatenate([part.terms for part in parts]),
            offsets=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            chunks=np.concatenate([part.chunks for part in parts]),
            counts=np.concatenate([part.counts for part in parts]),
            lengths=lengths,
            damping=damping(lengths),
        )

    def find(self, term: int) -> slice:
        """Return where the term's postings are; an empty slice for a term that no chunk holds."""
        place = int(np.searchsorted(self.terms, np.uint32(term)))
        if place == len(self.terms) or self.terms[place] != term:
            return slice(0, 0)
        return slice(int(self.offsets[place]), int(self.offsets[place + 1]))

    def holding_all(self, terms: Iterable[int]) -> NDArray[np.int32]:
        """Return the chunks that hold every one of the terms, ascending; none for no terms."""
        lists = sorted((self.chunks[self.find(term)] for term in terms), key=len)
        held = lists[0] if lists else self.chunks[:0]
        for other in lists[1:]:
            held = held[np.isin(held, other, assume_unique=True)]
        return held

    def idf(self, term: int) -> float:
        """Return how rare the term is: ln(1 + (m - df + 0.5) / (df + 0.5)), always above 0."""
        found = self.find(term)
        frequency = found.stop - found.start
        return math.log(1 + (len(self.damping) - frequency + 0.5) / (frequency + 0.5))


@dataclass(frozen=True, slots=True)
class _Part:
    """The postings of the terms of one range."""

    terms: NDArray[np.uint32]  #: distinct, ascending
    frequencies: NDArray[np.int64]  #: postings of each term
    chunks: NDArray[np.int32]
    counts: NDArray[np.uint8]

    @classmethod
    def of(cls, rows: TermCounts, extra: TermCounts, extra_row: NDArray[np.int32]) -> _Part:
        keys = np.concatenate([_keys(rows, len(extra_row)), _spread_keys(extra, extra_row)])
        # One sort puts the postings in order of term, then chunk; the count rides in the low byte.
        keys.sort()
        counts = (keys & np.uint64(_MOST)).astype(np.uint8)
        keys >>= np.uint64(8)
        is_new = runs.is_new(keys)
        # A word of the text that is also in the path stands twice: the entries become one.
        again = np.flatnonzero(~is_new)
        counts[again - 1] = np.minimum(counts[again - 1].astype(np.int32) + counts[again], _MOST)
        keys, counts = keys[is_new], counts[is_new]
        chunks = (keys & np.uint64(MAX_CHUNKS - 1)).astype(np.int32)
        hashes = (keys >> np.uint64(24)).astype(np.uint32)
        starts = np.flatnonzero(runs.is_new(hashes))
        return cls(hashes[starts], np.diff(starts, append=len(hashes)), chunks, counts)


def _range_of(rows: TermCounts, bits: int) -> NDArray[np.uint8]:
    """Return the first bits of every term: which of the equal ranges of terms it is in."""
    numbers = np.zeros(len(rows.terms), np.uint8)
    if bits:
        np.right_shift(rows.terms, np.uint32(32 - bits), out=numbers, casting="unsafe")
    return numbers


def _within(rows: TermCounts, is_within: NDArray[np.bool_]) -> TermCounts:
    """Return the same rows with some of their terms only."""
    chosen = np.flatnonzero(is_within)
    return TermCounts(np.searchsorted(chosen, rows.offsets), rows.terms[chosen], rows.counts[chosen])


def _lengths(rows: TermCounts, extra: TermCounts, extra_row: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return the number of words of every chunk, its path's included."""
    lengths = np.diff(extra.offsets)[extra_row]
    for first in range(0, len(lengths), _ROWS_AT_ONCE):
        edges = rows.offsets[first : first + _ROWS_AT_ONCE + 1]
        said = np.concatenate([[0], np.cumsum(rows.counts[edges[0] : edges[-1]], dtype=np.int64)])
        lengths[first : first + _ROWS_AT_ONCE] += np.diff(said[edges - edges[0]])
    return lengths.astype(np.float32)


def damping(lengths: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return k1 * (1 - b + b * length / mean length)."""
    mean = float(lengths.mean()) if len(lengths) else 0.0
    relative = lengths / np.float32(mean or 1.0)
    damped: NDArray[np.float32] = SATURATION * (1 - LENGTH_PENALTY + LENGTH_PENALTY * relative)
    return damped


def _keys(rows: TermCounts, n_rows: int) -> NDArray[np.uint64]:
    """Pack every posting of the rows into a sortable number."""
    owner = np.repeat(np.arange(n_rows, dtype=np.uint64), np.diff(rows.offsets))
    return _packed(rows.terms, owner, rows.counts)


def _spread_keys(rows: TermCounts, row: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Pack the postings of `row[i]` for every chunk i; each term counts once."""
    owner = np.repeat(np.arange(len(row), dtype=np.uint64), np.diff(rows.offsets)[row])
    terms = rows.terms[runs.positions(rows.offsets, row)]
    return _packed(terms, owner, np.ones(len(terms), np.uint8))


def _packed(
    terms: NDArray[np.uint32], chunks: NDArray[np.uint64], counts: NDArray[np.uint8]
) -> NDArray[np.uint64]:
    keys = terms.astype(np.uint64)
    keys <<= np.uint64(24)
    keys |= chunks
    keys <<= np.uint64(8)
    keys |= counts
    return keys
