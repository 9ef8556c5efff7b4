"""A question as strings that are looked for in text which nobody has split into words yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leindex_mcp import words
from leindex_mcp.search import paths
from leindex_mcp.search.postings import LENGTH_PENALTY, SATURATION
from leindex_mcp.search.question import Question

_MOST_NEEDLES = (
    24  # of a pasted page the longest words, which are the rarest; each costs a pass over all text
)
_ASKED_FOR = 1e6  # a file whose path, or whose definition, is asked for goes before all others


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a look at one file told."""

    in_text: tuple[int, ...]  #: how often each needle stands in the text
    in_path: tuple[int, ...]  #: 1 for a needle in the path, 2 for one in the file's own name
    characters: int
    is_asked_for: bool


@dataclass(frozen=True, slots=True)
class Needles:
    """The stems and identifiers that the keyword search of a question goes by, as they stand in lower case.

    A needle is found inside of longer words too, so that counting takes no splitting: it sees what the
    keyword search would see, and some files more.
    """

    question: Question
    texts: tuple[str, ...]

    @classmethod
    def of(cls, question: Question) -> Needles:
        """Take the words whose terms the question has kept, the longest first."""
        kept = [term for term in words.query_terms(question.text) if term.term in question.terms]
        texts = sorted(dict.fromkeys(map(_needle, kept)), key=len, reverse=True)
        return cls(question, tuple(texts[:_MOST_NEEDLES]))

    def in_path(self, relative: str) -> tuple[int, ...]:
        """Tell of each needle whether the path says it."""
        spoken, stem = paths.spoken(relative).lower(), paths.stem(relative).lower()
        return tuple((needle in spoken) + (needle in stem) for needle in self.texts)

    def look(self, relative: str, text: str, *, defines: bool) -> Sighting:
        """Look at one file.

        Args:
            relative: Its path.
            text: What is in it.
            defines: Whether it defines a name that the question asks for.
        """
        lowered = text.lower()
        is_named = any(f"/{relative}".endswith(f"/{path}") for path in self.question.paths)
        counts = tuple(map(lowered.count, self.texts))
        return Sighting(counts, self.in_path(relative), len(lowered), defines or is_named)

    def scores(self, sightings: Sequence[Sighting]) -> NDArray[np.float32]:
        """Return how likely each file is to be among the best: BM25 of whole files, and what paths say."""
        shape = (len(sightings), len(self.texts))
        in_text = np.array([sighting.in_text for sighting in sightings], np.float32).reshape(shape)
        in_path = np.array([sighting.in_path for sighting in sightings], np.float32).reshape(shape)
        lengths = np.array([sighting.characters for sighting in sightings], np.float32)
        asked_for = np.array([sighting.is_asked_for for sighting in sightings], np.float32)
        holding = np.count_nonzero(in_text + in_path, axis=0)
        rarity = np.log1p((len(sightings) - holding + 0.5) / (holding + 0.5)).astype(np.float32)
        relative_lengths = lengths / max(float(lengths.sum()) / max(len(lengths), 1), 1.0)
        damping = SATURATION * (1 - LENGTH_PENALTY + LENGTH_PENALTY * relative_lengths)
        scores: NDArray[np.float32] = (in_text / (in_text + damping[:, None]) + in_path) @ rarity
        return scores + np.float32(_ASKED_FOR) * asked_for


def _needle(query_term: words.QueryTerm) -> str:
    """Return what all forms of a word begin with, or the identifier as it is."""
    stem = words.stem(query_term.word)
    if words.term(stem) != query_term.term:
        return query_term.word
    return stem.rstrip("y") or stem  # `queries` holds `quer`, not `query`
