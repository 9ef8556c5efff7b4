"""What a corpus knows of one question, computed once and read by every signal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.search import best, dense, lexical, runs
from leindex_mcp.search.corpus import Corpus
from leindex_mcp.search.question import Question
from leindex_mcp.search.word_sets import Likeness, Overlap

Scores = NDArray[np.float32]
Mask = NDArray[np.bool_]

FEEDBACK_FILES = 1000  # files whose cosine is computed again after feedback
COSINE_WEIGHT = 1.5  # of a cosine beside the keyword share, where the best chunks are picked for feedback


@dataclass(frozen=True, slots=True)
class Evidence:
    """Scores of chunks and files, and the question's words found among the names.

    A chunk that is not allowed has no keyword score and no cosine above 0, so it can lend nothing to others.
    """

    question: Question
    allowed: Mask  #: (files,)
    chunk_keyword: Scores  #: (chunks,) BM25, 0 where no term occurs
    file_best: Scores  #: (files,) 0 to 1, how good the best chunk is by keyword
    file_held: Scores  #: (files,) 0 to 1, how much of the 50 best chunks of all it holds
    chunk_cosine: Scores | None  #: (chunks,) None without a vector
    file_cosine: Scores | None  #: (files,) of the best chunk
    file_cosine_after_feedback: Scores | None  #: (files,)
    stems: Overlap  #: per file
    stem_rarity: Scores  #: (files,) 0 to 1, how few stems hold the rarest word that this one shares
    paths: Overlap  #: per file, its stem included


def gather(
    corpus: Corpus, question: Question, vector: NDArray[np.float32] | None, allowed: Mask | None
) -> Evidence:
    """Search the chunks by keyword and by vector, and the names by word; *allowed* goes by file."""
    kept = None if allowed is None else allowed[corpus.file]
    keyword = lexical.chunk_scores(corpus.postings, question.terms)
    if kept is not None:
        keyword *= kept
    cosine = file_cosine = after_feedback = None
    if vector is not None and len(keyword):
        cosine = corpus.vectors.dot(vector)
        if kept is not None:
            cosine = np.where(kept, cosine, np.float32(-1.0))
        file_cosine = runs.maxima(cosine, corpus.chunk_offsets, empty=float(cosine.min()))
        after_feedback = _after_feedback(corpus, keyword, cosine, file_cosine, vector)
    likeness = Likeness.of(corpus.words.vocabulary, question.words)
    weights = _weights(corpus, question)
    return Evidence(
        question=question,
        allowed=allowed if allowed is not None else np.ones(len(corpus), np.bool_),
        chunk_keyword=keyword,
        file_best=lexical.best_of_file(keyword, corpus.chunk_offsets),
        file_held=lexical.held_by_file(keyword, corpus.file, len(corpus)),
        chunk_cosine=cosine,
        file_cosine=file_cosine,
        file_cosine_after_feedback=after_feedback,
        stems=corpus.words.stems.overlap(likeness, weights),
        stem_rarity=corpus.words.stems.rarity(likeness),
        paths=corpus.words.paths.overlap(likeness, weights),
    )


def _after_feedback(
    corpus: Corpus, keyword: Scores, cosine: Scores, file_cosine: Scores, vector: NDArray[np.float32]
) -> Scores:
    """Return each file's best cosine, the question moved towards the two best chunks of the corpus.

    The second product takes the nearest files only, and of each the chunk that was best in the first: the
    same order for a tenth of the work. The others keep what the question alone gave them, on the same scale.
    """
    highest = keyword.max()
    both = COSINE_WEIGHT * cosine + (keyword / highest if highest else keyword)
    moved = dense.feedback(corpus.vectors, vector, best.highest(both, dense.FEEDBACK_CHUNKS))
    scores = file_cosine * moved.share
    nearest = best.highest(scores, FEEDBACK_FILES)
    chunks = best.of_each(cosine, corpus.chunk_offsets, nearest)
    scores[corpus.file[chunks]] = corpus.vectors.some(chunks).dot(moved.vector)
    return scores


def _weights(corpus: Corpus, question: Question) -> Scores:
    """Share out 1 among the question's words by their rarity."""
    rarity = np.array([corpus.idf(word) for word in question.words], np.float32)
    total = rarity.sum()
    return rarity / total if total else rarity
