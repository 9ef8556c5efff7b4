"""The words of file names and of paths, in one vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from leindex_mcp import words
from leindex_mcp.search.vocabulary import SHORTEST_WORD, Vocabulary
from leindex_mcp.search.word_sets import WordSets


@dataclass(frozen=True, slots=True)
class NameWords:
    """Words without their plural, without stop words and without words of one or two letters."""

    vocabulary: Vocabulary
    stems: WordSets  #: one set a file
    paths: WordSets  #: one set a file: its stem and its directories

    @classmethod
    def of(cls, stems: words.Tally, paths: words.Tally) -> NameWords:
        """Invert the counted words of the stems and the paths of all files."""
        spoken = {word: name_word(word) for tally in (stems, paths) for word in tally.vocabulary}
        vocabulary = Vocabulary.of([word for word in set(spoken.values()) if word])

        def sets(tally: words.Tally) -> WordSets:
            telling = [i for i, word in enumerate(tally.vocabulary) if spoken[word]]
            # Our id for each of the tally's, -1 for the words that do not count.
            ids = np.full(len(tally.vocabulary), -1)
            ids[telling] = vocabulary.ids([spoken[tally.vocabulary[i]] for i in telling])
            row, word = tally.rows(), ids[tally.ids]
            counts = word >= 0
            return WordSets.of(
                row[counts], word[counts], n_sets=len(tally.offsets) - 1, n_words=len(vocabulary)
            )

        return cls(vocabulary, sets(stems), sets(paths))


def name_word(word: str) -> str:
    """Return the word as names are compared by it, or the empty string if it does not count."""
    if len(word) < SHORTEST_WORD or word in words.STOP_WORDS or word.isdigit():
        return ""
    return words.plural_stem(word)
