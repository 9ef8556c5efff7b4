"""The rules of one ignore file as a trie of path segments.

A rule is a path of segments: `docs/*.txt` is `docs`, then `*.txt`; `**/` is a node that stays active in every
directory below it; a rule without a slash hangs under such a node at the root. While a walk goes down, the
trie is in a state (the set of active nodes), and each node has one table of the names that end a rule there.
So the cost of a verdict hangs on the length of the name, hardly on the number of rules.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self

from leindex_mcp.scan.ignore_file import read_rules
from leindex_mcp.scan.name_table import NameTable
from leindex_mcp.scan.pattern import Rule, Token, Wild, byte_text, fold
from leindex_mcp.scan.segment import Segment

_SEPARATOR: Final = "/"


class PatternTrie:
    """The rules of one ignore file; the last one that matches decides, as in gitignore(5)."""

    def __init__(self, rules: Sequence[Rule], *, folds_case: bool = False) -> None:
        self.rules: Final = tuple(rules)
        self.folds_case: Final = folds_case
        self._root = _Node()
        self._states: dict[frozenset[_Node], TrieState] = {}
        for index, rule in enumerate(self.rules):
            for spelling in _spellings(rule):
                self._insert(index, rule, spelling)

    @classmethod
    def from_files(cls, *paths: Path | str) -> Self:
        """Build one trie from ignore files that lie in the same directory; later files win.

        Raises:
            OSError: A file cannot be read.
        """
        return cls([rule for path in paths for rule in read_rules(Path(path).read_bytes(), str(path))])

    def start(self) -> TrieState:
        """Return the state in the directory of the ignore file."""
        return self._state(_closure([self._root]))

    def state(self, nodes: frozenset[_Node]) -> TrieState | None:
        """Return the one state that these active nodes make; None when they can match nothing."""
        return self._state(nodes) if any(node.holds_rules for node in nodes) else None

    def _state(self, nodes: frozenset[_Node]) -> TrieState:
        found = self._states.get(nodes)
        if found is None:
            found = self._states[nodes] = TrieState(self, nodes)
        return found

    def rule_for(self, relative: str, *, is_directory: bool = False) -> Rule | None:
        """Return the rule that decides for a path below the trie's directory, or None.

        A path below an excluded directory cannot be re-included, so the first excluded ancestor decides.
        """
        state: TrieState | None = self.start()
        *parents, name = byte_text(relative).split("/")
        for parent in parents:
            if state is None:
                return None
            rule = state.directory_rule(parent)
            if rule is not None and not rule.is_negated:
                return rule
            state = state.enter(parent)
        if state is None:
            return None
        return state.directory_rule(name) if is_directory else state.file_rule(name)

    def _insert(self, index: int, rule: Rule, spelling: _Spelling) -> None:
        node = self._root
        for segment in spelling.directories:
            node = node.below() if segment is None else node.child(segment)
        node.holds_rules = True
        for variant in spelling.name.variants():
            if not rule.files_only:
                node.directories.add(index, variant)
            if not rule.directories_only:
                node.files.add(index, variant)


class TrieState:
    """A trie in one directory; interned, so that two equal states are one object."""

    __slots__ = ("_nodes", "_stay", "_trie", "directory_tables", "file_tables", "turns_at")

    def __init__(self, trie: PatternTrie, nodes: frozenset[_Node]) -> None:
        self._trie = trie
        self._nodes = nodes
        self.file_tables = tuple(node.files for node in nodes if node.files)
        self.directory_tables = tuple(node.directories for node in nodes if node.directories)
        #: names of sub-directories that lead to another state than all others do; None if there may be more
        self.turns_at: Sequence[Container[str]] | None = None
        if not any(node.globs or (trie.folds_case and node.children) for node in nodes):
            self.turns_at = tuple(node.children for node in nodes if node.children)
        self._stay = frozenset(node for node in nodes if node.loops)

    def file_rule(self, name: str) -> Rule | None:
        """Return the last rule that matches a file of this name here; the name as `byte_text` has it."""
        if self._trie.folds_case:
            name = fold(name)
        best = -1
        for table in self.file_tables:
            best = table.last_match(name, best)
        return self._trie.rules[best] if best >= 0 else None

    def directory_rule(self, name: str) -> Rule | None:
        """Return the last rule that matches a directory of this name here."""
        if self._trie.folds_case:
            name = fold(name)
        best = -1
        for table in self.directory_tables:
            best = table.last_match(name, best)
        return self._trie.rules[best] if best >= 0 else None

    def enter(self, name: str) -> TrieState | None:
        """Return the state in the sub-directory of this name; None when nothing can match below."""
        if self._trie.folds_case:
            name = fold(name)
        reached = [child for node in self._nodes for child in node.matching_children(name)]
        if not reached and self._stay == self._nodes:
            return self
        return self._trie.state(self._stay | _closure(reached))


class _Node:
    """A place in the trie: the names that end a rule here, and where other names lead."""

    __slots__ = ("children", "directories", "files", "globs", "holds_rules", "loop", "loops")

    def __init__(self, *, loops: bool = False) -> None:
        self.loops = loops  #: stays active in every directory below
        self.holds_rules = False  #: here or further down
        self.files = NameTable()
        self.directories = NameTable()
        self.children: dict[str, _Node] = {}
        self.globs: dict[str, tuple[Segment, _Node]] = {}
        self.loop: _Node | None = None

    def child(self, segment: Segment) -> _Node:
        self.holds_rules = True
        if segment.literal is not None:
            return self.children.setdefault(segment.literal, _Node())
        return self.globs.setdefault(segment.expression, (segment, _Node()))[1]

    def below(self) -> _Node:
        """Return the node that stands for this directory and all below it."""
        self.holds_rules = True
        if self.loops:
            return self
        if self.loop is None:
            self.loop = _Node(loops=True)
        return self.loop

    def matching_children(self, name: str) -> Iterator[_Node]:
        child = self.children.get(name)
        if child is not None:
            yield child
        for segment, node in self.globs.values():
            if segment.matches(name):
                yield node


def _closure(nodes: Sequence[_Node]) -> frozenset[_Node]:
    """Add the looping nodes that become active together with these."""
    return frozenset(nodes).union(node.loop for node in nodes if node.loop is not None)


class _Spelling(NamedTuple):
    """A rule as the directories that lead to it and the name that ends it."""

    directories: list[Segment | None]  #: None stands for any directories, or none
    name: Segment


def _spellings(rule: Rule) -> list[_Spelling]:
    """Return the spellings that together mean the rule.

    Nearly always one; two where git lets `**` begin inside a name: `a**/b` is `ab` and `a*/**/b`.
    """
    if not rule.is_path:
        return [_Spelling([None], Segment(rule.tokens))]
    return [_segments(tokens) for tokens in _with_stars_at_boundaries(rule.tokens)]


def _with_stars_at_boundaries(tokens: tuple[Token, ...]) -> list[tuple[Token, ...]]:
    """Rewrite a pattern whose first `**` follows a literal byte: each `**` stands alone afterwards."""
    at = next((at for at, token in enumerate(tokens) if not isinstance(token, str)), 0)
    head, first, rest = tokens[:at], tokens[at : at + 1], tokens[at + 1 :]
    if not head or head[-1] == "/":
        return [tokens]
    if first == (Wild.DIRECTORIES,):
        return [*_with_stars_at_boundaries(head + rest), (*head, Wild.STAR, "/", Wild.DIRECTORIES, *rest)]
    if first == (Wild.DEEP,):
        below = (*head, Wild.STAR, "/", Wild.DEEP)
        return [(*head, Wild.STAR), below] if not rest else [(*below[:-1], Wild.DIRECTORIES, *rest[1:])]
    return [tokens]


def _segments(tokens: tuple[Token, ...]) -> _Spelling:
    """Cut the tokens of a path at its slashes."""
    path: list[Segment | None] = []
    name: list[Token] = []
    for token in tokens:
        if token is Wild.DIRECTORIES:
            path.append(None)
        elif token is Wild.DEEP:
            # At the end anything below; before an escaped slash, at least one directory.
            path.append(None)
            name = [Wild.STAR]
        elif token == _SEPARATOR:
            path.append(Segment(name))
            name = []
        else:
            name.append(token)
    return _Spelling(path, Segment(name))
