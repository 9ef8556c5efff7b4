"""A quick test that lets most names pass without asking the rules of each layer.

It may doubt a name that no rule matches; it never passes one that a rule does match. Case is ignored
throughout, so that one test serves layers that fold case and layers that do not.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Final

from leindex_mcp.scan.name_table import NameTable

_MOST_ENDINGS: Final = 1000  # endings that a sieve remembers, lest a tree of odd names fill the memory


class Sieve:
    """Knows which names no pattern of its tables can match."""

    __slots__ = ("_features", "_heads", "_infixes", "_initials", "_is_wary", "_tails")

    def __init__(self, tables: Iterable[NameTable]) -> None:
        self._features = [table.features for table in tables]
        initials = chain.from_iterable(features.initials for features in self._features)
        self._initials = frozenset(chain.from_iterable((letter, letter.upper()) for letter in initials))
        self._heads = tuple(chain.from_iterable(features.heads for features in self._features))
        self._infixes = tuple(chain.from_iterable(features.infixes for features in self._features))
        #: whether a name must be looked at more closely than most sieves need
        self._is_wary = bool(self._infixes) or any(
            features.matches_anything or not features.is_ascii for features in self._features
        )
        self._tails: dict[str, tuple[str, ...]] = {}

    def doubtful(self, names: Iterable[str]) -> list[str]:
        """Return the names that a rule may match."""
        if self._is_wary:
            return [name for name in names if self._is_doubtful(name.lower())]
        # This loop runs once for each file of a tree: it names what it uses, and folds few names.
        tails_by_ending, initials, heads = self._tails, self._initials, self._heads
        found = []
        for name in names:
            ending = name[name.rfind(".") :]
            tails = tails_by_ending.get(ending)
            if tails is None:
                tails = self._tails_of(ending)
            if (tails and name.lower().endswith(tails)) or (
                name[0] in initials and name.lower().startswith(heads)
            ):
                found.append(name)
        return found

    def _is_doubtful(self, folded: str) -> bool:
        """Look at everything that a table may need of a name."""
        return (
            folded.endswith(self._tails_of(folded[folded.rfind(".") :]))
            or (folded[0] in self._initials and folded.startswith(self._heads))
            or any(infix in folded for infix in self._infixes)
            or any(
                features.matches_anything or not (features.is_ascii or folded.isascii())
                for features in self._features
            )
        )

    def _tails_of(self, ending: str) -> tuple[str, ...]:
        """Return how a name with this ending must end for a rule to match it.

        A tail with a dot matches only names that end as it does from its last dot on, so they are few. A
        whole name is its own tail.
        """
        tails = self._tails.get(ending)
        if tails is None:
            if len(self._tails) >= _MOST_ENDINGS:
                self._tails.clear()
            folded = ending.lower()
            found = chain.from_iterable(features.tails_of(folded) for features in self._features)
            tails = self._tails[ending] = tuple(found)
        return tails
