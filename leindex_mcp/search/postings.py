"""Which chunks hold which keyword terms: the inverted form of the stored term counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.records import TermCounts
from leindex_mcp.search import runs

SATURATION = 1.2  # BM25's k1: how soon repeating a term stops to help
LENGTH_PENALTY = 0.75  # BM25's b: how much a long chunk pays
MAX_CHUNKS = 1 << 24  # a sort key holds 32 bits of term, 24 of chunk, 8 of count
_MOST = 255  # counts are stored in a byte


@dataclass(frozen=True, slots=True)
class Postings:
    """Term i is in `chunks[offsets[i]:offsets[i + 1]]`, ascending, `counts` times in each."""

    terms: NDArray[np.uint32]  #: (t,) distinct hashes, ascending
    offsets: NDArray[np.int64]  #: (t + 1,)
    chunks: NDArray[np.int32]
    counts: NDArray[np.uint8]
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
        keys = np.concatenate([_keys(rows, np.arange(n_chunks)), _spread_keys(extra, extra_row)])
        # One sort puts the postings in order of term, then chunk; the count rides in the low byte.
        keys.sort()
        place = keys >> np.uint64(8)
        first = np.flatnonzero(np.diff(place, prepend=~place[:1]))
        counts = (keys & np.uint64(_MOST)).astype(np.uint8)
        if len(first) < len(keys):  # a word stands both in the text and in the path
            counts = np.minimum(np.add.reduceat(counts, first, dtype=np.int32), _MOST).astype(np.uint8)
            place = place[first]
        chunks = (place & np.uint64(MAX_CHUNKS - 1)).astype(np.int32)
        hashes = (place >> np.uint64(24)).astype(np.uint32)
        starts = np.flatnonzero(np.diff(hashes, prepend=~hashes[:1]))
        offsets = np.append(starts, len(hashes)).astype(np.int64)
        lengths = np.bincount(chunks, counts, n_chunks).astype(np.float32)
        mean = float(lengths.mean()) if n_chunks else 0.0
        relative_length = lengths / mean if mean else lengths
        damping = SATURATION * (1 - LENGTH_PENALTY + LENGTH_PENALTY * relative_length)
        return cls(hashes[starts], offsets, chunks, counts, damping.astype(np.float32))

    def find(self, term: int) -> slice:
        """Return where the term's postings are; an empty slice for a term that no chunk holds."""
        place = int(np.searchsorted(self.terms, np.uint32(term)))
        if place == len(self.terms) or self.terms[place] != term:
            return slice(0, 0)
        return slice(int(self.offsets[place]), int(self.offsets[place + 1]))

    def idf(self, term: int) -> float:
        """Return how rare the term is: ln(1 + (m - df + 0.5) / (df + 0.5)), always above 0."""
        found = self.find(term)
        frequency = found.stop - found.start
        return math.log(1 + (len(self.damping) - frequency + 0.5) / (frequency + 0.5))


def _keys(rows: TermCounts, chunk: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Pack every posting of the rows, row i belonging to `chunk[i]`, into a sortable number."""
    owner = np.repeat(chunk.astype(np.uint64), np.diff(rows.offsets))
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
