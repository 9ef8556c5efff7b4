"""The layers of rules in force in one directory, and their verdict on a name."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from enum import IntEnum
from operator import attrgetter
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from leindex_mcp.scan.name_table import NameTable
from leindex_mcp.scan.pattern import Rule, byte_text
from leindex_mcp.scan.sieve import Sieve

T = TypeVar("T")


class Rank(IntEnum):
    """The order of the layers, strongest first."""

    PROTECTIVE = 0
    CALLER = 1
    LEINDEXIGNORE = 2
    ECONOMIC = 3
    IGNORE = 4
    GITIGNORE = 5
    INFO_EXCLUDE = 6
    EXCLUDES_FILE = 7


#: In these layers a `!` only takes back what the same list says; in the others it includes.
_BUILT_IN: Final = (Rank.PROTECTIVE, Rank.ECONOMIC)


class State(Protocol):
    """The rules of one file, seen from one directory below it."""

    @property
    def file_tables(self) -> Sequence[NameTable] | None:
        """What a file's name is looked up in; None if it is not looked up."""

    @property
    def directory_tables(self) -> Sequence[NameTable] | None:
        """What a directory's name is looked up in; None if it is not looked up."""

    @property
    def turns_at(self) -> Sequence[Container[str]] | None:
        """The names that `enter` does not treat as all others; None if there may be more."""

    def file_rule(self, name: str) -> Rule | None:
        """Return the last rule that matches a file of this name here."""

    def directory_rule(self, name: str) -> Rule | None:
        """Return the last rule that matches a directory of this name here."""

    def enter(self, name: str) -> State | None:
        """Return the state in a sub-directory; None when nothing can match below."""


class Layer(NamedTuple):
    """Rules with their rank."""

    rank: Rank
    state: State


class Context:
    """The rules in force in one directory. Directories under the same rules share one context."""

    __slots__ = ("_below", "_contexts", "_directories", "_files", "_turns", "folds_case", "layers")

    def __init__(self, contexts: Contexts, layers: tuple[Layer, ...], *, folds_case: bool) -> None:
        self._contexts = contexts
        self.layers = layers
        self.folds_case = folds_case
        states = [state for _, state in layers]
        self._files = _Verdicts(
            contexts,
            [(rank not in _BUILT_IN, state.file_rule) for rank, state in layers],
            _sieve(state.file_tables for state in states),
        )
        self._directories = _Verdicts(
            contexts,
            [(rank not in _BUILT_IN, state.directory_rule) for rank, state in layers],
            _sieve(state.directory_tables for state in states),
        )
        self._turns = _all_or_none(state.turns_at for state in states)
        self._below: Context | None = None

    def excluded_files(self, names: list[str]) -> dict[str, Rule]:
        """Return those of the files that a rule keeps out, each with that rule."""
        return self._files.excluding_rules(names)

    def excluded_directories(self, names: list[str]) -> dict[str, Rule]:
        """Return those of the sub-directories that a rule keeps out, each with that rule."""
        return self._directories.excluding_rules(names)

    def enter(self, name: str) -> Context:
        """Return the context of a sub-directory, its own rule files apart."""
        key = byte_text(name)
        if self._turns is None or (self._turns and any(key in names for names in self._turns)):
            return self._entered(key)
        if self._below is None:
            self._below = self._entered(key)
        return self._below

    def _entered(self, key: str) -> Context:
        below = ((rank, state.enter(key)) for rank, state in self.layers)
        layers = tuple(Layer(rank, state) for rank, state in below if state is not None)
        return self._contexts.of(layers, folds_case=self.folds_case)


class Contexts:
    """The contexts of one scan, and the verdicts that they remember together.

    Threads may share it: at worst a verdict is computed twice, or two equal contexts are made.
    """

    def __init__(self, *, cache_size: int, is_interning: bool) -> None:
        self._cache_size = cache_size
        self._is_interning = is_interning
        self._contexts: dict[tuple[tuple[Layer, ...], bool], Context] = {}
        self._filled: list[dict[str, Rule | None]] = []
        self._remembered = 0
        self.verdicts_computed = 0

    def of(self, layers: Iterable[Layer], *, folds_case: bool) -> Context:
        """Return the one context that has these layers; within a rank the first is the strongest."""
        ordered = tuple(sorted(layers, key=attrgetter("rank")))
        if not self._is_interning:
            return Context(self, ordered, folds_case=folds_case)
        key = (ordered, folds_case)
        found = self._contexts.get(key)
        if found is None:
            found = self._contexts[key] = Context(self, ordered, folds_case=folds_case)
        return found

    def remember(self, verdicts: dict[str, Rule | None], name: str, verdict: Rule | None) -> None:
        """Keep a verdict, and forget all of them when there are too many."""
        self.verdicts_computed += 1
        if self._remembered >= self._cache_size:
            for filled in self._filled:
                filled.clear()
            self._filled, self._remembered = [], 0
            if not self._cache_size:
                return
        if not verdicts:
            self._filled.append(verdicts)
        verdicts[name] = verdict
        self._remembered += 1


_Opinion = tuple[bool, Callable[[str], Rule | None]]  #: whether a `!` includes, and the rule for a name
#: Verdicts are rules or None, so "not yet asked" needs a value of its own.
_UNKNOWN: Final[Any] = object()


class _Verdicts:
    """What the layers of a context say of files, or of directories."""

    __slots__ = ("_contexts", "_opinions", "_remembered", "_sieve")

    def __init__(self, contexts: Contexts, opinions: Sequence[_Opinion], sieve: Sieve | None) -> None:
        self._contexts = contexts
        self._opinions = opinions
        self._sieve = sieve
        self._remembered: dict[str, Rule | None] = {}

    def excluding_rules(self, names: list[str]) -> dict[str, Rule]:
        """Return the names that a rule keeps out, each with that rule."""
        doubtful = names if self._sieve is None else self._sieve.doubtful(names)
        return {name: rule for name in doubtful if (rule := self._excluding_rule(name)) is not None}

    def _excluding_rule(self, name: str) -> Rule | None:
        verdict: Rule | None = self._remembered.get(name, _UNKNOWN)
        if verdict is _UNKNOWN:
            verdict = _excluding_rule(self._opinions, byte_text(name))
            self._contexts.remember(self._remembered, name, verdict)
        return verdict


def _sieve(tables_of_states: Iterable[Sequence[NameTable] | None]) -> Sieve | None:
    tables = _all_or_none(tables_of_states)
    return None if tables is None else Sieve(tables)


def _all_or_none(parts: Iterable[Sequence[T] | None]) -> list[T] | None:
    """Return the members of all parts, or None if a part is None."""
    found: list[T] = []
    for part in parts:
        if part is None:
            return None
        found.extend(part)
    return found


def _excluding_rule(opinions: Iterable[_Opinion], key: str) -> Rule | None:
    """Return the rule that keeps a name out, if the first layer with an opinion keeps it out."""
    for may_include, rule_for in opinions:
        rule = rule_for(key)
        if rule is None:
            continue
        if not rule.is_negated:
            return rule
        if may_include:
            return None
    return None
