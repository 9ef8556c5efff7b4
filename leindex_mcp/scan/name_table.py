"""Many patterns for one name, looked up at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final

from leindex_mcp.scan.pattern import fold
from leindex_mcp.scan.segment import Segment

_MANY: Final = 64  # affixes that one name is compared with, at most
_LENGTHS_OF_MANY: Final = (8, 4, 2, 1)  # to which they are cut in turn, until they are few


@dataclass(frozen=True, slots=True)
class Features:
    """What a name must have, in small letters, for a pattern of a table to match it."""

    heads: tuple[str, ...]
    initials: frozenset[str]  #: of the heads
    ends: Mapping[str, tuple[str, ...]]  #: tails and whole names, by what follows the last dot
    last_letters: Mapping[str, tuple[str, ...]]  #: tails without a dot, by their last letter
    infixes: tuple[str, ...]
    is_ascii: bool  #: otherwise a name with other letters must be looked at byte by byte
    matches_anything: bool  #: there are patterns that need none of these

    def tails_of(self, ending: str) -> tuple[str, ...]:
        """Return the tails for a name that ends so from its last dot on, or in this letter without a dot."""
        return self.ends.get(ending, ()) + self.last_letters.get(ending[-1], ())


class NameTable:
    """Patterns in order, and the last of them that a name matches.

    Literal names, `*.suffix` and `prefix*` are dictionary look-ups; what is odder is tried one by one, but
    only where its literal head or tail fits.
    """

    __slots__ = ("_anything", "_features", "_heads", "_names", "_others", "_tails")

    def __init__(self) -> None:
        self._features: Features | None = None
        self._names: dict[str, int] = {}
        self._anything = -1
        self._heads = _Affixes()
        self._tails = _Affixes()
        self._others: list[_Trial] = []

    def __bool__(self) -> bool:
        """Return whether any name can match."""
        return (
            bool(self._names or self._heads.trials or self._tails.trials or self._others)
            or self._anything >= 0
        )

    def add(self, index: int, segment: Segment) -> None:
        """Add the pattern; indices must ascend from call to call."""
        trial = (index, None if segment.is_affix else segment)
        if segment.literal is not None:
            self._names[segment.literal] = index
        elif segment.is_anything:
            self._anything = index
        elif segment.tail:
            self._tails.add(segment.tail, segment.tail[-1], trial)
        elif segment.head:
            self._heads.add(segment.head, segment.head[0], trial)
        else:
            self._others.append(trial)

    @property
    def features(self) -> Features:
        """What names that match have in common; the table must be complete."""
        if self._features is None:
            self._features = self._features_of_all()
        return self._features

    def _features_of_all(self) -> Features:
        heads = {fold(head) for head in self._heads.trials}
        tails = {fold(tail) for tail in self._tails.trials}
        infixes = {fold(segment.infix) for _, segment in self._others if segment is not None}
        ends: dict[str, list[str]] = {}
        last_letters: dict[str, list[str]] = {}
        for tail in chain(tails, map(fold, self._names)):
            if "." in tail or tail not in tails:
                ends.setdefault(tail[tail.rfind(".") :], []).append(tail)
            else:
                last_letters.setdefault(tail[-1], []).append(tail)
        return Features(
            heads=_few(heads),
            initials=frozenset(head[0] for head in heads),
            ends={ending: _few_tails(some) for ending, some in ends.items()},
            last_letters={letter: _few_tails(some) for letter, some in last_letters.items()},
            infixes=tuple(infixes),
            is_ascii="".join((*self._names, *heads, *tails, *infixes)).isascii(),
            matches_anything=self._anything >= 0 or "" in infixes or len(infixes) > _MANY,
        )

    def last_match(self, name: str, best: int = -1) -> int:
        """Return the highest index that this non-empty name matches, or *best* if none is above it."""
        best = max(best, self._anything, self._names.get(name, -1))
        for length in self._tails.lengths.get(name[-1], ()):
            if (trials := self._tails.trials.get(name[-length:])) is not None:
                best = _last_success(trials, name, best)
        for length in self._heads.lengths.get(name[0], ()):
            if (trials := self._heads.trials.get(name[:length])) is not None:
                best = _last_success(trials, name, best)
        return _last_success(self._others, name, best) if self._others else best


#: A pattern's index, and its segment where the place in the table does not prove the match already.
_Trial = tuple[int, Segment | None]


class _Affixes:
    """Trials by the literal head or tail that they need."""

    __slots__ = ("lengths", "trials")

    def __init__(self) -> None:
        self.trials: dict[str, list[_Trial]] = {}
        self.lengths: dict[str, list[int]] = {}  #: outermost byte -> lengths of the affixes that have it

    def add(self, affix: str, outermost: str, trial: _Trial) -> None:
        self.trials.setdefault(affix, []).append(trial)
        lengths = self.lengths.setdefault(outermost, [])
        if len(affix) not in lengths:
            lengths.append(len(affix))


def _last_success(trials: list[_Trial], name: str, best: int) -> int:
    """Return the index of the last trial that succeeds, or *best* if none above it does."""
    for index, segment in reversed(trials):
        if index <= best:
            return best
        if segment is None or segment.matches(name):
            return index
    return best


def _few(heads: Collection[str]) -> tuple[str, ...]:
    """Return the heads, cut short if they are many: a name that starts with one starts with what is left."""
    for length in _LENGTHS_OF_MANY:
        if len(heads) <= _MANY:
            break
        heads = {head[:length] for head in heads}
    return tuple(heads)


def _few_tails(tails: Collection[str]) -> tuple[str, ...]:
    """Return the tails, cut short in the same way."""
    return tuple(head[::-1] for head in _few([tail[::-1] for tail in tails]))
