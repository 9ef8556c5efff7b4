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

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from leindex_mcp.scan.built_in_rules import economic_rules, repository_rules, secret_rules
from leindex_mcp.scan.context import Context, Contexts, Layer, Rank, State
from leindex_mcp.scan.ignore_file import read_regular_file, read_rules
from leindex_mcp.scan.pattern import Rule
from leindex_mcp.scan.pattern_trie import PatternTrie
from leindex_mcp.scan.plain_rules import PlainRules
from leindex_mcp.scan.repository import Repository, find_repository, read_repository
from leindex_mcp.scan.sight import Evidence, Note

#: Rule files that a directory may hold, and their layers.
RULE_FILES: Final = {
    ".leindexignore": Rank.LEINDEXIGNORE,
    ".ignore": Rank.IGNORE,
    ".gitignore": Rank.GITIGNORE,
}
_LARGE_FILE: Final = 1_000_000  # bytes; the rules of a larger file are not kept in memory


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
        self.evidence = Evidence()  #: of every file that was asked for rules
        self._root = root
        self._uses_trie = uses_trie
        # States of plain rules differ in every directory, so their contexts would only pile up.
        self._contexts = Contexts(cache_size=cache_size, is_interning=uses_trie)
        self._own_layers: list[Layer] = []
        self._own_layers.append(Layer(Rank.PROTECTIVE, _repository_state(uses_trie=uses_trie)))
        if has_built_in_rules:
            economic = _economic_state(tuple(skip_large_directories), uses_trie=uses_trie)
            self._own_layers.append(Layer(Rank.PROTECTIVE, _secret_state(uses_trie=uses_trie)))
            self._own_layers.append(Layer(Rank.ECONOMIC, economic))
        if caller_rules is not None and caller_rules.rules:
            state = _compiled(caller_rules.rules, folds_case=caller_rules.folds_case, uses_trie=uses_trie)
            self._own_layers.append(Layer(Rank.CALLER, state))

    @property
    def verdicts_computed(self) -> int:
        """How many verdicts were not answered from memory."""
        return self._contexts.verdicts_computed

    def at_root(self) -> Context:
        """Return the rules in force at the root, its own rule files apart."""
        repository = find_repository(self._root, self.evidence.note)
        outer = self._outer_layers(repository) if repository is not None else []
        folds_case = repository is not None and repository.folds_case
        return self._contexts.of([*self._own_layers, *outer], folds_case=folds_case)

    def with_rule_files(
        self, context: Context, relative: str, contents: Mapping[str, bytes | None]
    ) -> Context:
        """Add the rule files of a directory, name -> content, to its context; None counts as empty."""
        layers: list[Layer] = []
        for name, content in contents.items():
            layers += self._layer(
                RULE_FILES[name], content, f"{relative}{name}", folds_case=context.folds_case
            )
        return self._contexts.of([*layers, *context.layers], folds_case=context.folds_case)

    def within(self, context: Context, directory: Path, prefix: str) -> Context:
        """Return the context of the directory *prefix*, whose parent has this context, read from disk."""
        context = context.enter(directory.name)
        repository = read_repository(directory, self.evidence.note)
        if repository is not None:
            context = self.in_repository(context, repository)
        return self.with_rule_files(context, prefix, read_rule_files(directory, self.evidence.note))

    def in_repository(self, context: Context, repository: Repository) -> Context:
        """Return the context of a directory in which a repository of its own begins."""
        kept = [layer for layer in context.layers if layer.rank < Rank.GITIGNORE]
        layers = [*kept, *self._exclude_layers(repository)]
        return self._contexts.of(layers, folds_case=repository.folds_case)

    def _outer_layers(self, repository: Repository) -> list[Layer]:
        """Return what the directories from the repository's top to the root's parent say at the root."""
        context = self._contexts.of(self._exclude_layers(repository), folds_case=repository.folds_case)
        directory = repository.top
        for name in self._root.relative_to(repository.top).parts:
            contents = read_rule_files(directory, self.evidence.note)
            context = self.with_rule_files(context, f"{directory}/", contents)
            if context.excluded_directories([name]):
                return []
            context = context.enter(name)
            directory = directory / name
        return list(context.layers)

    def _exclude_layers(self, repository: Repository) -> list[Layer]:
        ranks = (Rank.INFO_EXCLUDE, Rank.EXCLUDES_FILE)
        layers: list[Layer] = []
        for rank, path in zip(ranks, repository.exclude_files, strict=True):
            self.evidence.note(path)
            content = read_regular_file(str(path), follows_links=True)
            layers += self._layer(rank, content, str(path), folds_case=repository.folds_case)
        return layers

    def _layer(self, rank: Rank, content: bytes | None, source: str, *, folds_case: bool) -> list[Layer]:
        """Compile a rule file; one without rules makes no layer."""
        compile_file = _file_state if len(content or b"") <= _LARGE_FILE else _file_state.__wrapped__
        state = compile_file(content or b"", source, folds_case=folds_case, uses_trie=self._uses_trie)
        return [] if state is None else [Layer(rank, state)]


def _compiled(rules: Sequence[Rule], *, folds_case: bool, uses_trie: bool) -> State:
    if uses_trie:
        return PatternTrie(rules, folds_case=folds_case).start()
    return PlainRules(rules, folds_case=folds_case).start()


# What was compiled is kept for the next scan of the process: a small tree may be scanned before every search.


@lru_cache(maxsize=512)
def _file_state(content: bytes, source: str, *, folds_case: bool, uses_trie: bool) -> State | None:
    rules = read_rules(content, source, folds_case=folds_case)
    return _compiled(rules, folds_case=folds_case, uses_trie=uses_trie) if rules else None


@lru_cache
def _repository_state(*, uses_trie: bool) -> State:
    return _compiled(repository_rules(), folds_case=True, uses_trie=uses_trie)


@lru_cache
def _secret_state(*, uses_trie: bool) -> State:
    return _compiled(secret_rules(), folds_case=True, uses_trie=uses_trie)


def is_secret(relative: str) -> bool:
    """Return whether a file's name says that it holds secrets, wherever it lies."""
    rule = _secret_state(uses_trie=False).file_rule(relative.rpartition("/")[2])
    return rule is not None and not rule.is_negated


@lru_cache
def _economic_state(directories: tuple[str, ...], *, uses_trie: bool) -> State:
    return _compiled(economic_rules(directories), folds_case=True, uses_trie=uses_trie)


def read_rule_files(directory: Path, note: Note) -> dict[str, bytes | None]:
    """Return the content of the rule files that lie in a directory, by name; each is noted."""
    contents = {}
    for name in RULE_FILES:
        path = str(directory / name)
        note(path)
        contents[name] = read_regular_file(path, follows_links=False)
    return contents
