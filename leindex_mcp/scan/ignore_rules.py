"""Which rules hold in which directory, and what they say of a name there.

The layers, strongest first; the first that has an opinion decides:

1. secrets and repository data, which nothing can re-include;
2. rules that the caller brings;
3. `.leindexignore`, the deepest first;
4. `skip_large_directories`, generated and binary files;
5. `.ignore`, the deepest first;
6. `.gitignore`, the deepest first, then `.git/info/exclude`, then `core.excludesFile`.

Where a repository begins inside another one, the outer one's layer 6 ends.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from leindex_mcp.scan.built_in_rules import economic_rules, repository_rules, secret_rules
from leindex_mcp.scan.ignore_file import read_regular_file, read_rules
from leindex_mcp.scan.name_table import NameTable
from leindex_mcp.scan.pattern import Rule, byte_text
from leindex_mcp.scan.pattern_trie import PatternTrie
from leindex_mcp.scan.plain_rules import PlainRules
from leindex_mcp.scan.repository import Repository, find_repository, read_repository
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


#: Rule files that a directory may hold, and their layers.
RULE_FILES: Final = {
    ".leindexignore": Rank.LEINDEXIGNORE,
    ".ignore": Rank.IGNORE,
    ".gitignore": Rank.GITIGNORE,
}
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

    __slots__ = ("_below", "_directories", "_files", "_rules", "_turns", "folds_case", "layers")

    def __init__(self, rules: IgnoreRules, layers: tuple[Layer, ...], *, folds_case: bool) -> None:
        self._rules = rules
        self.layers = layers
        self.folds_case = folds_case
        states = [state for _, state in layers]
        self._files = _Verdicts(
            rules,
            [(rank not in _BUILT_IN, state.file_rule) for rank, state in layers],
            _sieve(state.file_tables for state in states),
        )
        self._directories = _Verdicts(
            rules,
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
        return self._rules.context(layers, folds_case=self.folds_case)


class _Verdicts:
    """What the layers of a context say of files, or of directories."""

    __slots__ = ("_opinions", "_remembered", "_rules", "_sieve")

    def __init__(self, rules: IgnoreRules, opinions: Sequence[_Opinion], sieve: Sieve | None) -> None:
        self._rules = rules
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
            self._rules.remember(self._remembered, name, verdict)
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


_Opinion = tuple[bool, Callable[[str], Rule | None]]  #: whether a `!` includes, and the rule for a name
#: Verdicts are rules or None, so "not yet asked" needs a value of its own.
_UNKNOWN: Final[Any] = object()


class IgnoreRules:
    """The ignore rules of one tree: hands out contexts, from the root down.

    Args:
        root: The directory that was named; it is never itself ignored. When a rule outside would exclude it,
            the rules outside end there.
        skip_large_directories: Names, paths or patterns of directories that are never entered.
        caller_rules: Rules that outrank those of the project, such as `PatternTrie.from_files` makes.
        uses_trie: Whether rules are compiled, or tried one by one with the same verdicts.
        cache_size: Verdicts that are remembered, at most.
        has_built_in_rules: False leaves out secrets and layer 4, for comparing with git.
    """

    def __init__(
        self,
        root: Path,
        *,
        skip_large_directories: Iterable[str] = (),
        caller_rules: PatternTrie | None = None,
        uses_trie: bool = True,
        cache_size: int = 1000,
        has_built_in_rules: bool = True,
    ) -> None:
        self._root = root
        self._compile: type[PatternTrie | PlainRules] = PatternTrie if uses_trie else PlainRules
        self._contexts: dict[tuple[tuple[Layer, ...], bool], Context] = {}
        self._is_interning = uses_trie
        self._cache_size = cache_size
        self._filled: list[dict[str, Rule | None]] = []
        self._remembered = 0
        self.verdicts_computed = 0
        self._own_layers: list[Layer] = []
        self._add_own(Rank.PROTECTIVE, repository_rules(), folds_case=True)
        if has_built_in_rules:
            self._add_own(Rank.PROTECTIVE, secret_rules(), folds_case=True)
            self._add_own(Rank.ECONOMIC, economic_rules(skip_large_directories), folds_case=True)
        if caller_rules is not None:
            self._add_own(Rank.CALLER, caller_rules.rules, folds_case=caller_rules.folds_case)

    def at_root(self) -> Context:
        """Return the rules in force at the root, its own rule files apart."""
        repository = find_repository(self._root)
        outer = self._outer_layers(repository) if repository is not None else []
        folds_case = repository is not None and repository.folds_case
        return self.context(_ordered([*self._own_layers, *outer]), folds_case=folds_case)

    def with_rule_files(
        self, context: Context, relative: str, contents: Mapping[str, bytes | None]
    ) -> Context:
        """Add the rule files of a directory, name -> content, to its context; None counts as empty."""
        layers = []
        for name, content in contents.items():
            state = self._compiled(content or b"", f"{relative}{name}", folds_case=context.folds_case)
            if state is not None:
                layers.append(Layer(RULE_FILES[name], state))
        return self.context(_ordered([*layers, *context.layers]), folds_case=context.folds_case)

    def within(self, context: Context, directory: Path, prefix: str) -> Context:
        """Return the context of the directory *prefix*, whose parent has this context, read from disk."""
        context = context.enter(directory.name)
        repository = read_repository(directory)
        if repository is not None:
            context = self.in_repository(context, repository)
        return self.with_rule_files(context, prefix, read_rule_files(directory))

    def in_repository(self, context: Context, repository: Repository) -> Context:
        """Return the context of a directory in which a repository of its own begins."""
        kept = [layer for layer in context.layers if layer.rank < Rank.GITIGNORE]
        layers = [*kept, *self._exclude_layers(repository)]
        return self.context(_ordered(layers), folds_case=repository.folds_case)

    def context(self, layers: tuple[Layer, ...], *, folds_case: bool) -> Context:
        """Return the one context that has these layers."""
        if not self._is_interning:
            return Context(self, layers, folds_case=folds_case)
        key = (layers, folds_case)
        found = self._contexts.get(key)
        if found is None:
            found = self._contexts[key] = Context(self, layers, folds_case=folds_case)
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

    def _outer_layers(self, repository: Repository) -> list[Layer]:
        """Return what the directories from the repository's top to the root's parent say at the root."""
        context = self.context(_ordered(self._exclude_layers(repository)), folds_case=repository.folds_case)
        directory = repository.top
        for name in self._root.relative_to(repository.top).parts:
            context = self.with_rule_files(context, f"{directory}/", read_rule_files(directory))
            if context.excluded_directories([name]):
                return []
            context = context.enter(name)
            directory = directory / name
        return list(context.layers)

    def _exclude_layers(self, repository: Repository) -> list[Layer]:
        ranks = (Rank.INFO_EXCLUDE, Rank.EXCLUDES_FILE)
        layers = []
        for rank, path in zip(ranks, repository.exclude_files, strict=True):
            content = read_regular_file(str(path), follows_links=True)
            state = self._compiled(content or b"", str(path), folds_case=repository.folds_case)
            if state is not None:
                layers.append(Layer(rank, state))
        return layers

    def _compiled(self, content: bytes, source: str, *, folds_case: bool) -> State | None:
        rules = read_rules(content, source, folds_case=folds_case)
        return self._compile(rules, folds_case=folds_case).start() if rules else None

    def _add_own(self, rank: Rank, rules: Sequence[Rule], *, folds_case: bool) -> None:
        state = self._compile(rules, folds_case=folds_case).start()
        if state is not None:
            self._own_layers.append(Layer(rank, state))


def read_rule_files(directory: Path) -> dict[str, bytes | None]:
    """Return the content of the rule files that lie in a directory, by name."""
    return {name: read_regular_file(str(directory / name), follows_links=False) for name in RULE_FILES}


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


def _ordered(layers: list[Layer]) -> tuple[Layer, ...]:
    """Sort by rank; within a rank the first stays first, so newer (deeper) layers must come first."""
    return tuple(sorted(layers, key=lambda layer: layer.rank))
