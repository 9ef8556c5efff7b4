"""How central a file is: how many files import it, and how often its names are mentioned elsewhere."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from leindex_mcp import words
from leindex_mcp.search import runs
from leindex_mcp.search.defined_names import DefinedNames
from leindex_mcp.search.imports import Imports
from leindex_mcp.search.postings import Postings

SHORTEST_NAME = 4  # shorter names are mentioned by chance
MOST_DEFINING_FILES = 2  # a name that three files define does not say which one is meant
CLIP = 2.0  # a file ten times as central is not ten times as likely


def core_scores(
    imports: Imports,
    names: DefinedNames,
    name_terms: NDArray[np.uint32],
    postings: Postings,
    chunk_offsets: NDArray[np.int64],
) -> NDArray[np.float32]:
    """Return the sum of both standard scores of every file, each between -2 and 2.

    Args:
        name_terms: The keyword term of each distinct name.
    """
    mentions = _mentions_elsewhere(names, name_terms, postings, chunk_offsets)
    holds_text = np.diff(chunk_offsets) > 0
    return _standard(np.log1p(imports.importing()), holds_text) + _standard(np.log1p(mentions), holds_text)


def mention_terms(names: words.WordCounts) -> NDArray[np.uint32]:
    """Return the keyword term of each name as a whole: its identifier's, else its only word's; 0 for none."""
    terms = np.zeros(len(names.offsets) - 1, np.uint32)
    for tally, of_text in ((names, words.word_term), (names.identifiers, words.term)):
        hashed = np.array([of_text(text) for text in tally.vocabulary], np.uint32)
        filled = np.flatnonzero(np.diff(tally.offsets))
        terms[filled] = hashed[tally.ids[tally.offsets[filled]]]
    return terms


def _mentions_elsewhere(
    names: DefinedNames, name_terms: NDArray[np.uint32], postings: Postings, chunk_offsets: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Count, for every file, how often other files say the names that it defines."""
    n_files = len(chunk_offsets) - 1
    file, wanted = _in_order_of_term(*_telling_pairs(names), name_terms)
    term = np.searchsorted(postings.terms, wanted)
    term = np.minimum(term, max(len(postings.terms) - 1, 0))
    known = postings.terms[term] == wanted if len(postings.terms) else np.zeros(len(term), bool)
    file, term = file[known], term[known]
    first, last = postings.offsets[term], postings.offsets[term + 1]
    # What the defining file says itself, its definition at least, does not count.
    home_first = runs.first_not_below(postings.chunks, first, last, chunk_offsets[file])
    home_last = runs.first_not_below(postings.chunks, home_first, last, chunk_offsets[file + 1])
    # Differences of running sums; they may wrap around, the differences do not.
    said = np.zeros(len(postings.counts) + 1, np.uint32)
    np.cumsum(postings.counts, dtype=np.uint32, out=said[1:])
    elsewhere = (said[last] - said[first]) - (said[home_last] - said[home_first])
    return np.bincount(file, elsewhere, n_files).astype(np.float64)


def _in_order_of_term(
    file: NDArray[np.int32], name: NDArray[np.int64], name_terms: NDArray[np.uint32]
) -> tuple[NDArray[np.int32], NDArray[np.uint32]]:
    """Return the files and the terms of (file, name) pairs: searches in order stay in the cache."""
    keys = name_terms[name].astype(np.uint64)
    keys <<= np.uint64(32)
    keys |= np.arange(len(name), dtype=np.uint64)
    keys.sort()
    return file[(keys & np.uint64(0xFFFF_FFFF)).astype(np.int64)], (keys >> np.uint64(32)).astype(np.uint32)


def _telling_pairs(names: DefinedNames) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return the (file, name) pairs of the names long enough and defined in few enough files."""
    holders = np.diff(names.holder_offsets)
    lengths = np.diff(names.texts.offsets)
    telling = (holders <= MOST_DEFINING_FILES) & (lengths >= SHORTEST_NAME)
    name = np.repeat(np.arange(len(holders)), holders)
    return names.holders[telling[name]], name[telling[name]]


def _standard(values: NDArray[np.float64], sample: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Subtract the mean of the sample, divide by its deviation, clip."""
    deviation = values[sample].std() if sample.any() else 0.0
    if not deviation:
        return np.zeros(len(values), np.float32)
    clipped: NDArray[np.float32] = np.clip((values - values[sample].mean()) / deviation, -CLIP, CLIP)
    return clipped.astype(np.float32)
