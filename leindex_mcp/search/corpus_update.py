"""The corpus of a snapshot in which few files changed, made from the corpora of the old and the new files.

It equals, array by array, what `build` derives from the whole snapshot. What a name, a chunk or a path says
does not depend on other files: it is copied. What does (how rare, how central) is computed again.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.search import aside, runs
from leindex_mcp.search.core import core_scores
from leindex_mcp.search.corpus import Corpus
from leindex_mcp.search.defined_names import DefinedNames
from leindex_mcp.search.dense import Vectors
from leindex_mcp.search.import_graph import ImportGraph
from leindex_mcp.search.imports import Imports
from leindex_mcp.search.name_words import NameWords
from leindex_mcp.search.postings import Postings, damping
from leindex_mcp.search.strings import Strings
from leindex_mcp.search.vocabulary import Vocabulary
from leindex_mcp.search.weave import Positions, Weave
from leindex_mcp.search.word_sets import WordSets


def files_weave(old: Strings, fresh: Strings, removed: Iterable[str]) -> Weave:
    """Lay new and changed files among those that stay; both lists are ordered."""
    gone = []
    for relative in {*fresh, *removed}:
        place = bisect_left(old, relative)
        if place < len(old) and old[place] == relative:
            gone.append(place)
    before = [bisect_left(old, relative) for relative in fresh]
    return Weave.of(len(old), np.array(sorted(gone), np.int64), np.array(before, np.int64))


def updated(old: Corpus, fresh: Corpus, files: Weave) -> Corpus:
    """Return the corpus of the old files that stay and the fresh ones. O(n) copies, no work per old name."""
    chunks = files.runs(old.chunk_offsets, fresh.chunk_offsets)
    chunk_offsets = files.offsets(old.chunk_offsets, fresh.chunk_offsets)
    file = np.repeat(np.arange(len(chunk_offsets) - 1, dtype=np.int32), np.diff(chunk_offsets))
    languages, language = _languages(old, fresh, files)
    postings = _postings(old.postings, fresh.postings, chunks)
    names, join = _names(old.names, fresh.names, files)
    name_terms = join.weave.lay(old.name_terms, fresh.name_terms)
    imports = _imports(old.imports, fresh.imports, files)
    paths = _strings(old.paths, fresh.paths, files)
    reasons = files.lay(old.reasons, fresh.reasons)
    return Corpus(
        paths=paths,
        languages=languages,
        language=language,
        chunk_offsets=chunk_offsets,
        file=file,
        start_line=chunks.lay(old.start_line, fresh.start_line),
        end_line=chunks.lay(old.end_line, fresh.end_line),
        postings=postings,
        vectors=Vectors(
            chunks.lay(old.vectors.rows, fresh.vectors.rows),
            chunks.lay(old.vectors.scales, fresh.vectors.scales),
        ),
        names=names,
        words=_words(old.words, fresh.words, files),
        name_terms=name_terms,
        imports=imports,
        graph=ImportGraph.of(imports, paths),
        reasons=reasons,
        aside=aside.telling(reasons),
        core=core_scores(imports, names, name_terms, postings, chunk_offsets),
    )


# ---------------------------------------------------------------- lists of distinct keys


@dataclass(frozen=True, slots=True)
class _Join:
    """Two ascending lists of distinct keys in one; a key of both is taken from the second."""

    weave: Weave
    old: Positions  #: where each old key is now; -1 for one that is gone
    fresh: Positions  #: where each fresh key is now

    @classmethod
    def of(cls, old: NDArray[Any], fresh: NDArray[Any], *, is_used: NDArray[np.bool_]) -> _Join:
        """Keep the old keys that are still in use, and all fresh ones."""
        slots = np.searchsorted(old, fresh)
        is_known = _equal_at(old, slots, fresh)
        gone = ~is_used
        gone[slots[is_known]] = True
        weave = Weave.of(len(old), np.flatnonzero(gone), slots)
        old_places, fresh_places = weave.places()
        old_places[slots[is_known]] = fresh_places[is_known]
        return cls(weave, old_places, fresh_places)


def _equal_at(keys: NDArray[Any], slots: Positions, wanted: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell of each wanted key whether it stands at its slot."""
    is_equal = slots < len(keys)
    is_equal[is_equal] = keys[slots[is_equal]] == wanted[is_equal]
    return is_equal


# ---------------------------------------------------------------- the parts of a corpus


def _strings(old: Strings, fresh: Strings, weave: Weave) -> Strings:
    letters = weave.runs(old.offsets, fresh.offsets)
    return Strings(letters.lay(old.buffer, fresh.buffer), weave.offsets(old.offsets, fresh.offsets))


def _languages(old: Corpus, fresh: Corpus, files: Weave) -> tuple[Strings, NDArray[np.int16]]:
    """Number the languages that are still in use."""
    known = [*old.languages, *fresh.languages]
    met = files.lay(old.language, fresh.language + np.int16(len(old.languages)))
    used = sorted({known[number] for number in np.unique(met).tolist()} | {""})
    number = np.array([used.index(name) if name in used else -1 for name in known], np.int16)
    return Strings.of(used), number[met]


def _imports(old: Imports, fresh: Imports, files: Weave) -> Imports:
    named = files.runs(old.offsets, fresh.offsets)
    return Imports(
        files.lay(old.stems, fresh.stems),
        files.offsets(old.offsets, fresh.offsets),
        named.lay(old.named, fresh.named),
    )


def _names(old: DefinedNames, fresh: DefinedNames, files: Weave) -> tuple[DefinedNames, _Join]:
    """Lay the definitions, and leave out the names that no file defines any more."""
    definitions = files.runs(old.file_offsets, fresh.file_offsets)
    stays = definitions.places()[0] >= 0
    join = _Join.of(
        old.hashes, fresh.hashes, is_used=np.bincount(old.name[stays], minlength=len(old.hashes)) > 0
    )
    name = definitions.lay(join.old.astype(np.int32)[old.name], join.fresh.astype(np.int32)[fresh.name])
    names = DefinedNames.inverted(
        hashes=join.weave.lay(old.hashes, fresh.hashes),
        texts=_strings(old.texts, fresh.texts, join.weave),
        file_offsets=files.offsets(old.file_offsets, fresh.file_offsets),
        name=name,
        kind=definitions.lay(old.kind, fresh.kind),
        line=definitions.lay(old.line, fresh.line),
    )
    return names, join


# ---------------------------------------------------------------- words of names


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Which of the sets that stay holds which word."""

    words: Positions  #: ids of the vocabulary before
    sets: Positions  #: positions now

    @classmethod
    def of(cls, sets: WordSets, places: Positions) -> _Pairs:
        place = places[sets.sets]
        words = np.repeat(np.arange(len(sets.offsets) - 1), np.diff(sets.offsets))
        stays = place >= 0
        return cls(words[stays], place[stays]) if not stays.all() else cls(words, place)


def _words(old: NameWords, fresh: NameWords, files: Weave) -> NameWords:
    """Lay the sets, and leave out the words that none holds any more."""
    places, fresh_places = files.places()
    before = [_Pairs.of(sets, places) for sets in (old.stems, old.paths)]
    added = [_Pairs.of(sets, fresh_places) for sets in (fresh.stems, fresh.paths)]
    is_used = np.zeros(len(old.vocabulary), np.bool_)
    for pairs in before:
        is_used[pairs.words] = True
    join = _Join.of(old.vocabulary.words, fresh.vocabulary.words, is_used=is_used)
    vocabulary = Vocabulary(join.weave.lay(old.vocabulary.words, fresh.vocabulary.words))
    sets = [
        WordSets.of(
            np.concatenate([stay.sets, new.sets]),
            np.concatenate([join.old[stay.words], join.fresh[new.words]]),
            n_sets=_length(files),
            n_words=len(vocabulary),
        )
        for stay, new in zip(before, added, strict=True)
    ]
    return NameWords(vocabulary, *sets)


def _length(weave: Weave) -> int:
    return sum(end - start for _, start, end in weave.stretches)


# ---------------------------------------------------------------- postings


def _postings(old: Postings, fresh: Postings, chunks: Weave) -> Postings:
    """Renumber the chunks, and put the fresh postings where their terms and chunks belong."""
    places, fresh_places = (part.astype(np.int32) for part in chunks.places())
    chunk = places[old.chunks]
    gone = np.flatnonzero(chunk < 0)
    weave = Weave.of(len(chunk), gone, _slots(old, fresh, _followers(places, fresh_places)))
    lost = np.bincount(np.searchsorted(old.offsets, gone, side="right") - 1, minlength=len(old.terms))
    frequency = np.diff(old.offsets) - lost
    join = _Join.of(old.terms, fresh.terms, is_used=frequency > 0)
    # A term of both lists has the postings that stay, and those that are new.
    frequencies = np.zeros(_length(join.weave), np.int64)
    frequencies[join.old[frequency > 0]] = frequency[frequency > 0]
    frequencies[join.fresh] += np.diff(fresh.offsets)
    lengths = chunks.lay(old.lengths, fresh.lengths)
    return Postings(
        terms=join.weave.lay(old.terms, fresh.terms),
        offsets=np.concatenate([[0], np.cumsum(frequencies)]),
        chunks=weave.lay(chunk, fresh_places[fresh.chunks]),
        counts=weave.lay(old.counts, fresh.counts),
        lengths=lengths,
        damping=damping(lengths),
    )


def _followers(places: NDArray[np.int32], fresh_places: NDArray[np.int32]) -> Positions:
    """Return for each fresh chunk the old chunk that comes next, the number of old chunks for none."""
    stays = np.flatnonzero(places >= 0)
    return np.append(stays, len(places))[np.searchsorted(places[stays], fresh_places)]


def _slots(old: Postings, fresh: Postings, followers: Positions) -> Positions:
    """Return for each fresh posting the old one that it stands right before."""
    slots = np.searchsorted(old.terms, fresh.terms)
    is_known = _equal_at(old.terms, slots, fresh.terms)
    sizes = np.diff(fresh.offsets)
    first, last = np.repeat(old.offsets[slots], sizes), np.repeat(old.offsets[slots + is_known], sizes)
    return runs.first_not_below(old.chunks, first, last, followers[fresh.chunks])
