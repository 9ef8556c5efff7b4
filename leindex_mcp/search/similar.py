"""Code like a piece of code: chunks ranked by what they share with it, the best one of each file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.search import best, lexical
from leindex_mcp.search.corpus import Corpus
from leindex_mcp.search.ranking import RankedHit

MOST_TERMS = 32  # the rarest words of the sample; the others say little and cost as much
COSINE_WEIGHT = 1.0  # beside the keyword share; 0.5 to 4 are equal


@dataclass(frozen=True, slots=True)
class Likeness:
    """What a chunk is compared with."""

    terms: tuple[int, ...]  #: keyword terms
    vector: NDArray[np.float32] | None  #: norm 1; without it words alone decide
    left_out: NDArray[np.int64]  #: chunks that are the sample itself


def own_chunks(corpus: Corpus, relative: str, start_line: int, end_line: int) -> NDArray[np.int64]:
    """Return the chunks of a file that touch some lines; none if the file is not indexed."""
    file = corpus.paths.position(relative)
    if file is None:
        return np.zeros(0, np.int64)
    first, last = int(corpus.chunk_offsets[file]), int(corpus.chunk_offsets[file + 1])
    touches = (corpus.start_line[first:last] <= end_line) & (corpus.end_line[first:last] >= start_line)
    return first + np.flatnonzero(touches)


def rarest(corpus: Corpus, terms: Sequence[int]) -> tuple[int, ...]:
    """Return the terms that are in some chunk, the rarest first."""
    held = [term for term in terms if len(corpus.postings.chunks[corpus.postings.find(term)])]
    return tuple(sorted(held, key=lambda term: (-corpus.postings.idf(term), term))[:MOST_TERMS])


def rank_similar(
    corpus: Corpus, likeness: Likeness, allowed: NDArray[np.bool_] | None, limit: int
) -> list[RankedHit]:
    """Return the files with the most similar chunk, best first; equal scores in order of path."""
    scores = lexical.chunk_scores(corpus.postings, likeness.terms)
    scores[likeness.left_out] = 0.0
    scores /= max(float(scores.max(initial=0.0)), 1e-9)
    if likeness.vector is not None and len(scores):
        scores += np.float32(COSINE_WEIGHT) * np.maximum(corpus.vectors.dot(likeness.vector), 0.0)
    scores[likeness.left_out] = 0.0
    if allowed is not None:
        scores *= allowed[corpus.file]
    filled = np.flatnonzero(np.diff(corpus.chunk_offsets))
    chunks = best.of_each(scores, corpus.chunk_offsets, filled)
    chunks = chunks[scores[chunks] > 0]
    order = best.highest(scores[chunks], limit) if len(chunks) else np.zeros(0, np.int64)
    return [
        RankedHit(
            file=int(corpus.file[chunk]),
            chunk=int(chunk),
            start_line=int(corpus.start_line[chunk]),
            end_line=int(corpus.end_line[chunk]),
            score=float(scores[chunk]),
        )
        for chunk in chunks[order]
    ]
