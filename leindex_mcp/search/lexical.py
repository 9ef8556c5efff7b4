"""Keyword scores: BM25 of every chunk, and of every file by its best chunks."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.search import best, runs
from leindex_mcp.search.postings import SATURATION, Postings

BEST_CHUNKS = 50  # chunks of the whole corpus that are added up into their files


def chunk_scores(postings: Postings, terms: Iterable[int]) -> NDArray[np.float32]:
    """Return BM25 of every chunk for distinct *terms*; 0 where none occurs. O(matching postings)."""
    scores = np.zeros(len(postings.damping), np.float32)
    for term in terms:
        found = postings.find(term)
        chunks = postings.chunks[found]
        counts = postings.counts[found].astype(np.float32)
        weight = np.float32(postings.idf(term) * (SATURATION + 1))
        # A chunk stands once among a term's postings, so a plain indexed sum loses nothing.
        scores[chunks] += weight * counts / (counts + postings.damping[chunks])
    return scores


def ceiling(postings: Postings, terms: Iterable[int]) -> float:
    """Return what a chunk would score that holds nothing but the terms, without end: no chunk reaches it."""
    return (SATURATION + 1) * sum(postings.idf(term) for term in terms)


def best_of_file(scores: NDArray[np.float32], chunk_offsets: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return 0 to 1 for every file: how good its best chunk is."""
    return _share(runs.maxima(scores, chunk_offsets, empty=0.0))


def held_by_file(
    scores: NDArray[np.float32], file_of_chunk: NDArray[np.int32], n_files: int
) -> NDArray[np.float32]:
    """Return 0 to 1 for every file: how much it holds of the best chunks of all; few files have any."""
    chunks = best_chunks(scores, BEST_CHUNKS)
    return _share(np.bincount(file_of_chunk[chunks], scores[chunks], n_files).astype(np.float32))


def _share(values: NDArray[np.float32]) -> NDArray[np.float32]:
    highest = np.float32(values.max(initial=0.0))
    return values / highest if highest > 0 else values


def best_chunks(scores: NDArray[np.float32], limit: int) -> NDArray[np.int64]:
    """Return the highest chunks with a score above 0, ascending by position; among equals the first win."""
    least = best.threshold(scores, limit) if len(scores) else 0.0
    if least <= 0:
        return np.flatnonzero(scores > 0)
    above = np.flatnonzero(scores > least)
    level = np.flatnonzero(scores == least)
    return np.sort(np.concatenate([above, level[: limit - len(above)]]))
