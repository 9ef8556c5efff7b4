"""How central a file is: how many files import it, and how often its names are mentioned elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from leindex_mcp import words
from leindex_mcp.records import FileColumns
from leindex_mcp.search import paths, runs
from leindex_mcp.search.defined_names import DefinedNames
from leindex_mcp.search.postings import Postings

SHORTEST_NAME = 4  # shorter names are mentioned by chance
MOST_DEFINING_FILES = 2  # a name that three files define does not say which one is meant
CLIP = 2.0  # a file ten times as central is not ten times as likely


def core_scores(
    files: FileColumns,
    names: DefinedNames,
    name_terms: NDArray[np.uint32],
    postings: Postings,
    file_of_chunk: NDArray[np.int32],
) -> NDArray[np.float32]:
    """Return the sum of both standard scores of every file, each between -2 and 2.

    Args:
        name_terms: The keyword term of each distinct name.
    """
    imports = _importing_files(files, [paths.stem(relative) for relative in files.relative])
    mentions = _mentions_elsewhere(names, name_terms, postings, file_of_chunk)
    holds_text = np.bincount(file_of_chunk, minlength=len(files.relative)) > 0
    return _standard(np.log1p(imports), holds_text) + _standard(np.log1p(mentions), holds_text)


def mention_terms(names: words.WordCounts) -> NDArray[np.uint32]:
    """Return the keyword term of each name as a whole: its identifier's, else its only word's; 0 for none."""
    terms = np.zeros(len(names.offsets) - 1, np.uint32)
    for tally, of_text in ((names, words.word_term), (names.identifiers, words.term)):
        hashed = np.array([of_text(text) for text in tally.vocabulary], np.uint32)
        filled = np.flatnonzero(np.diff(tally.offsets))
        terms[filled] = hashed[tally.ids[tally.offsets[filled]]]
    return terms


def _importing_files(files: FileColumns, stems: Sequence[str]) -> NDArray[np.float64]:
    """Count, for every file, the other files whose import lines name its stem."""
    importing = Counter(files.import_stems)  # without repeats within one file
    counts = np.array([importing[stem] for stem in stems], np.float64)
    offsets = files.import_offsets.tolist()
    for file, stem in enumerate(stems):
        if counts[file] and stem in files.import_stems[offsets[file] : offsets[file + 1]]:
            counts[file] -= 1
    return counts


def _mentions_elsewhere(
    names: DefinedNames, name_terms: NDArray[np.uint32], postings: Postings, file_of_chunk: NDArray[np.int32]
) -> NDArray[np.float64]:
    """Count, for every file, how often other files say the names that it defines."""
    n_files = len(names.file_offsets) - 1
    file, name = _telling_pairs(names)
    term = np.searchsorted(postings.terms, name_terms[name])
    term = np.minimum(term, max(len(postings.terms) - 1, 0))
    known = postings.terms[term] == name_terms[name] if len(postings.terms) else np.zeros(len(term), bool)
    file, term = file[known], term[known]
    if not len(term):
        return np.zeros(n_files)
    # The postings of the telling terms only, in order of term and chunk, added up by (term, file).
    telling = np.unique(term)
    chosen = runs.positions(postings.offsets, telling)
    lengths = postings.offsets[telling + 1] - postings.offsets[telling]
    rank = np.repeat(np.arange(len(telling)), lengths)
    pairs = rank * n_files + file_of_chunk[postings.chunks[chosen]]
    starts = np.flatnonzero(runs.is_new(pairs))
    said = np.add.reduceat(postings.counts[chosen], starts, dtype=np.int64)
    everywhere = np.bincount(rank[starts], said)
    # What the defining file says itself, its definition at least, does not count.
    rank = np.searchsorted(telling, term)
    own = np.searchsorted(pairs[starts], rank * n_files + file)
    own = np.minimum(own, len(starts) - 1)
    at_home = np.where(pairs[starts][own] == rank * n_files + file, said[own], 0)
    return np.bincount(file, everywhere[rank] - at_home, n_files).astype(np.float64)


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
