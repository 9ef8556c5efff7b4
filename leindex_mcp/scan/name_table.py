"""Many patterns for one name, looked up at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Final

from leindex_mcp.scan.pattern import Token, Wild, fold

#: A name has at most 255 characters of at most four bytes; a segment that needs more can match nothing.
_LONGEST_NAME: Final = 1020
_MOST_VARIANTS: Final = 32  # literal spellings of one pattern with classes
FEW_NAMES: Final = 256  # whole names that a name is compared with by its ending; more are a look-up
_MANY: Final = 64  # more than these are not compared with every name


class Segment:
    """A pattern for one name, without slashes."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self.tokens: Final = tuple(tokens)

    @cached_property
    def literal(self) -> str | None:
        """The one name that matches, if there is only one."""
        return self.head if len(self.head) == len(self.tokens) else None

    @cached_property
    def head(self) -> str:
        """The literal bytes that a matching name starts with."""
        return "".join(_leading_bytes(self.tokens))

    @cached_property
    def tail(self) -> str:
        """The literal bytes that a matching name ends with."""
        return "".join(reversed(_leading_bytes(self.tokens[::-1])))

    @property
    def is_affix(self) -> bool:
        """Whether a name matches when it starts with the head and ends with the tail, one being empty."""
        return len(self.tokens) == max(len(self.head), len(self.tail)) + 1 and Wild.STAR in self.tokens

    @property
    def is_too_long(self) -> bool:
        """Whether no name is long enough to match."""
        return sum(token is not Wild.STAR for token in self.tokens) > _LONGEST_NAME

    @cached_property
    def infix(self) -> str:
        """The longest run of literal bytes that a matching name holds."""
        runs = "".join(token if isinstance(token, str) else "\0" for token in self.tokens).split("\0")
        return max(runs, key=len)

    def variants(self) -> list[Segment]:
        """Return segments with fewer classes that together match the same names.

        `[Bb]in` is `Bin` and `bin`, `*.py[cod]` three tails: look-ups, where a class would need a trial.
        """
        found: list[list[Token]] = [list(self.tokens)]
        classes = [(at, token) for at, token in enumerate(self.tokens) if isinstance(token, frozenset)]
        for at, members in sorted(classes, key=lambda place: len(place[1])):
            if len(found) * len(members) <= _MOST_VARIANTS:
                found = [[*some[:at], member, *some[at + 1 :]] for some in found for member in members]
        return [Segment(some) for some in found]

    @cached_property
    def expression(self) -> str:
        """The regular expression that the whole name must match.

        The first place where the bytes between two stars fit is as good as any later one, so each star but
        the last is atomic: no name takes more than O(len(name) * len(pattern)).
        """
        first, *others = _split_at_stars(self.tokens)
        if not others:
            return first
        *middle, last = others
        return first + "".join(f"(?>.*?{part})" for part in middle) + f".*{last}"

    @cached_property
    def matches(self) -> Callable[[str], object]:
        """The test of a name; a true value is a match. Compiled when first needed, as most never are."""
        if self.is_too_long:
            return _never
        return re.compile(self.expression, re.DOTALL).fullmatch


@dataclass(frozen=True, slots=True)
class Features:
    """What a name must have for a pattern of a table to match it, in small letters."""

    names: frozenset[str]
    heads: tuple[str, ...]
    tails: Mapping[str, tuple[str, ...]]  #: by what follows their last dot; whole names too, if they are few
    tails_without_dot: tuple[str, ...]
    infixes: tuple[str, ...]
    is_ascii: bool  #: a name with other letters must be looked at byte by byte
    matches_anything: bool  #: there are patterns that need none of these

    def tails_of(self, ending: str) -> tuple[str, ...]:
        """Return the tails for a name that ends so from its last dot on, or in this letter without a dot."""
        return self.tails.get(ending, ()) + self.tails_without_dot


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
        for variant in segment.variants():
            self._place(index, variant)

    def _place(self, index: int, segment: Segment) -> None:
        trial = (index, None if segment.is_affix else segment)
        if segment.literal is not None:
            self._names[segment.literal] = index
        elif segment.tokens == (Wild.STAR,):
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
        names = frozenset(map(fold, self._names))
        heads = tuple({fold(head) for head in self._heads.trials})
        tails = {fold(tail) for tail in self._tails.trials}
        bare = tuple(tail for tail in tails if "." not in tail)
        infixes = tuple({fold(segment.infix) for _, segment in self._others if segment is not None})
        by_ending: dict[str, tuple[str, ...]] = {}
        for tail in chain(tails.difference(bare), names if len(names) <= FEW_NAMES else ()):
            ending = tail[tail.rfind(".") :]
            by_ending[ending] = (*by_ending.get(ending, ()), tail)
        return Features(
            names=names,
            heads=heads,
            tails=by_ending,
            tails_without_dot=bare,
            infixes=infixes,
            is_ascii="".join((*names, *heads, *tails, *infixes)).isascii(),
            matches_anything=self._anything >= 0 or "" in infixes or len(heads + bare + infixes) > _MANY,
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


def _leading_bytes(tokens: Sequence[Token]) -> list[str]:
    """Return the tokens before the first that is no single given byte."""
    found = []
    for token in tokens:
        if not isinstance(token, str):
            break
        found.append(token)
    return found


def _split_at_stars(tokens: Sequence[Token]) -> list[str]:
    """Return the regular expressions of what stands before, between and after the stars."""
    parts = [""]
    for token in tokens:
        if token is Wild.STAR:
            parts.append("")
        else:
            parts[-1] += _one_byte(token)
    return parts


def _one_byte(token: Token) -> str:
    """Return the regular expression of a token that stands for one byte."""
    if isinstance(token, str):
        return re.escape(token)
    if isinstance(token, frozenset):
        return f"[{''.join(map(re.escape, sorted(token)))}]" if token else "(?!)"
    return "."  # what spans directories never reaches a segment, so this is `?`


def _never(_name: str) -> None:
    """Match nothing."""
