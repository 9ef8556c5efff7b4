"""The signals of the ranking: one function each, from evidence to a score of every file."""

from __future__ import annotations

import numpy as np

from leindex_mcp import words
from leindex_mcp.records import DefinitionKind
from leindex_mcp.search.corpus import Corpus
from leindex_mcp.search.defined_names import KINDS
from leindex_mcp.search.evidence import Evidence, Mask, Scores

_WEAK_KIND = KINDS.index(DefinitionKind.VALUE)
_WEAK_DEFINITION = np.float32(0.5)  # an assignment, or a head that only looks like a definition


def keyword(corpus: Corpus, evidence: Evidence) -> Scores:
    """How good the file's best chunk is by BM25, and how much of the 50 best chunks it holds: 0 to 1.

    Several good chunks make the better answer, but in a long file many are good by chance: half each.
    """
    del corpus
    return np.float32(0.5) * (evidence.file_best + evidence.file_held)


def meaning(corpus: Corpus, evidence: Evidence) -> Scores:
    """Cosine of the file's best chunk, after feedback; all 0 without a vector."""
    scores = evidence.file_cosine_after_feedback
    return scores if scores is not None else np.zeros(len(corpus), np.float32)


def name(corpus: Corpus, evidence: Evidence) -> Scores:
    """Share of the question found in the file's stem, plus share of the stem found in the question.

    The latter counts less where many stems share the word: `types` says little of each of thirty `types.ts`.
    """
    del corpus
    return evidence.stems.of_question + evidence.stem_rarity * evidence.stems.of_set


def directory(corpus: Corpus, evidence: Evidence) -> Scores:
    """Share of the question found in the directories and not in the stem."""
    del corpus
    return evidence.paths.of_question - evidence.stems.of_question


def definition(corpus: Corpus, evidence: Evidence) -> Scores:
    """1 for a file that defines an asked name as a type or function, 0.5 as anything else; exact spelling."""
    scores = np.zeros(len(corpus), np.float32)
    for asked in evidence.question.names:
        found = corpus.names.defining(asked)
        worth = np.where(corpus.names.kind[found] == _WEAK_KIND, _WEAK_DEFINITION, np.float32(1.0))
        np.maximum.at(scores, corpus.names.file[found], worth)
    return scores


def aside(corpus: Corpus, evidence: Evidence) -> Scores:
    """1 for tests, examples and foreign code, unless the question asks for that kind."""
    unasked = np.uint8(0xFF ^ evidence.question.aside)
    stands_aside: Mask = (corpus.aside & unasked) > 0
    return stands_aside.astype(np.float32)


def core(corpus: Corpus, evidence: Evidence) -> Scores:
    """How central the file is, -4 to 4, whatever the question."""
    del evidence
    return corpus.core


def imported(corpus: Corpus, evidence: Evidence) -> Scores:
    """How much of the 50 best chunks the files hold that import this one, on average: 0 to 1."""
    return corpus.graph.lent(evidence.file_held)


def quoted(corpus: Corpus, evidence: Evidence) -> Scores:
    """1 for a file with a chunk that holds every word of a quoted string, its stop words included."""
    scores = np.zeros(len(corpus), np.float32)
    for string in evidence.question.quoted:
        terms = [found.term for found in words.query_terms(string)]
        scores[corpus.file[corpus.postings.holding_all(terms)]] = 1.0
    return scores


def path(corpus: Corpus, evidence: Evidence) -> Scores:
    """1 for a file whose path is, or ends with, a path in the question."""
    scores = np.zeros(len(corpus), np.float32)
    for asked in evidence.question.paths:
        scores[corpus.paths_ending_with(asked)] = 1.0
    return scores
