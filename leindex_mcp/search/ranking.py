"""The order of the files for one question: one linear sum of a few signals.

What answering calls:

    question = parse(text)                                             # search.question
    vector = encoder.encode_question(question.text, corpus.idf)
    hits = rank(corpus, question, vector, mode="hybrid", allowed=mask, limit=10)

The weights, and what each signal is worth, are explained in docs/ranking.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.search import best, signals
from leindex_mcp.search.corpus import Corpus
from leindex_mcp.search.evidence import Evidence, Mask, Scores, gather
from leindex_mcp.search.nearness import near_files
from leindex_mcp.search.question import Question

Signal = Callable[[Corpus, Evidence], Scores]

# The optimum is flat: all weights off by a third at random cost .006. Do not tune digits.
WEIGHTS: tuple[tuple[Signal, float], ...] = (
    (signals.keyword, 1.5),
    (signals.meaning, 4.0),
    (signals.name, 0.8),
    (signals.directory, 2.5),
    (signals.definition, 1.0),
    (signals.aside, -1.3),
    (signals.core, 0.1),
    (signals.imported, 1.0),
    (signals.quoted, 1.5),
    (signals.path, 3.0),
)
_COSINE_BESIDE_KEYWORD = 0.5  # where one chunk of a file is picked to be shown


Mode = Literal["hybrid", "semantic", "keyword"]
"""Which signals take part: all, the vectors alone, or all but the vectors."""


@dataclass(frozen=True, slots=True)
class RankedHit:
    """One file of a ranking, and the chunk of it to show."""

    file: int  #: position in the corpus
    chunk: int  #: position in the corpus
    start_line: int  #: 1-based, of the chunk
    end_line: int  #: inclusive
    score: float
    focus_line: int | None = None  #: where the file defines the asked name


def rank(
    corpus: Corpus,
    question: Question,
    vector: NDArray[np.float32] | None,
    *,
    mode: Mode = "hybrid",
    allowed: Mask | None = None,
    limit: int = 10,
) -> list[RankedHit]:
    """Return the best files, best first, one chunk of each; equal scores in order of path.

    Args:
        vector: The question's vector, norm 1; without it the vectors take no part.
        allowed: Bool (files,): the other files lend nothing to the ranking and are not in it.
        limit: Files at most; fewer when only fewer have anything in common with the question, and none when
            nothing is near it.
    """
    if mode == "keyword":
        vector = None
    evidence = gather(corpus, question, vector, allowed)
    scores = file_scores(corpus, evidence, mode)
    candidates = np.flatnonzero(near_files(corpus, evidence, by_vector_only=mode == "semantic"))
    if not len(candidates):
        return []
    files = candidates[best.highest(scores[candidates], max(limit, 0))]
    chunk_scores = _chunk_scores(evidence)
    return [_hit(corpus, question, chunk_scores, int(file), float(scores[file])) for file in files]


def file_scores(corpus: Corpus, evidence: Evidence, mode: Mode) -> Scores:
    """Return the score of every file."""
    if mode == "semantic":
        return signals.meaning(corpus, evidence)
    scores = np.zeros(len(corpus), np.float32)
    for signal, weight in WEIGHTS:
        scores += np.float32(weight) * signal(corpus, evidence)
    return scores


def _hit(corpus: Corpus, question: Question, chunk_scores: Scores, file: int, score: float) -> RankedHit:
    """Show the chunk that defines the asked name, else the file's best chunk."""
    first, last = int(corpus.chunk_offsets[file]), int(corpus.chunk_offsets[file + 1])
    line = _defining_line(corpus, question, file)
    if line is not None:
        within = np.searchsorted(corpus.start_line[first:last], line, side="right") - 1
        chunk = first + max(int(within), 0)
    else:
        chunk = first + int(np.argmax(chunk_scores[first:last]))
    start_line, end_line = int(corpus.start_line[chunk]), int(corpus.end_line[chunk])
    return RankedHit(file, chunk, start_line, end_line, score, line)


def _defining_line(corpus: Corpus, question: Question, file: int) -> int | None:
    """Return the first line of the file that defines an asked name, strong definitions before weak ones."""
    for asked in question.names:
        found = corpus.names.defining(asked)
        ours = found[corpus.names.file[found] == file]
        if len(ours):
            strongest = ours[np.argmin(corpus.names.kind[ours])]
            return int(corpus.names.line[strongest])
    return None


def _chunk_scores(evidence: Evidence) -> Scores:
    """Return the keyword share plus half the cosine share of every chunk."""
    keyword, cosine = evidence.chunk_keyword, evidence.chunk_cosine
    scores = keyword / max(float(keyword.max()), 1e-9)
    if cosine is None:
        return scores
    return scores + cosine * np.float32(_COSINE_BESIDE_KEYWORD / max(float(cosine.max()), 1e-9))
