"""Which files have anything to do with a question, and whether any of them has enough."""

from __future__ import annotations

import numpy as np

from leindex_mcp.search import lexical, signals
from leindex_mcp.search.corpus import Corpus
from leindex_mcp.search.evidence import Evidence, Mask

# Measured on 492 real questions and on nonsense put to 25 repositories; docs/ranking.md has the figures.
# To refuse a real question costs more than to answer nonsense.
ENOUGH_KEYWORD = 0.1  # of what a chunk could score at most, where words alone are asked for
ENOUGH_COSINE = 0.3  # of the best chunk, where meaning alone is
ENOUGH_OF_BOTH = 0.37  # the two added up: nonsense has a bit of either, but rarely of both
ENOUGH_NAME = 0.5  # of the question, found in one path


def near_files(corpus: Corpus, evidence: Evidence, *, by_vector_only: bool) -> Mask:
    """Return the files that have something in common with the question; none if no file has enough.

    Ten places filled with noise cost a reader more than being told that nothing is near.
    """
    # Before feedback: a question moved towards a chunk is near it, however far it was.
    cosine = evidence.file_cosine
    if cosine is None:
        cosine = np.full(len(corpus), -1, np.float32)
    possible = evidence.allowed & (np.diff(corpus.chunk_offsets) > 0)
    if by_vector_only:
        some, enough = cosine > 0, cosine >= ENOUGH_COSINE
    else:
        exact = (signals.definition(corpus, evidence) > 0) | (signals.path(corpus, evidence) > 0)
        some = exact | (evidence.file_best > 0) | (evidence.paths.of_set > 0) | (cosine >= ENOUGH_COSINE)
        enough = exact | (evidence.paths.of_question >= ENOUGH_NAME)
        keyword = _keyword_share(corpus, evidence)
        if evidence.file_cosine is None:
            enough |= keyword >= ENOUGH_KEYWORD
        else:
            enough |= keyword + cosine >= ENOUGH_OF_BOTH
    some &= possible
    return some if (some & enough).any() else np.zeros(len(corpus), np.bool_)


def _keyword_share(corpus: Corpus, evidence: Evidence) -> float:
    """Return how much of the question the best chunk says: its score as a share of what it could be."""
    ceiling = lexical.ceiling(corpus.postings, evidence.question.terms)
    return float(evidence.chunk_keyword.max(initial=0.0)) / ceiling if ceiling else 0.0
