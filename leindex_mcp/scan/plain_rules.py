"""The rules of one ignore file, tried one by one: what `performance.pattern_trie.enabled: false` runs.

It shares the reading of a line with the trie and nothing else, so each is the other's check.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from leindex_mcp.scan.pattern import Rule, Token, Wild, fold


class PlainRules:
    """The rules of one ignore file; the last one that matches decides. O(number of rules) a verdict."""

    def __init__(self, rules: Sequence[Rule], *, folds_case: bool = False) -> None:
        self.rules: Final = tuple(rules)
        self._folds_case = folds_case
        self._trials = [(rule, _Automaton(rule.tokens)) for rule in reversed(self.rules)]

    def start(self) -> PlainState:
        """Return the state in the directory of the ignore file."""
        return PlainState(self, "")

    def last_match(self, prefix: str, name: str, *, is_directory: bool) -> Rule | None:
        """Return the last rule that matches the path *prefix* + *name* below the ignore file's directory."""
        if self._folds_case:
            prefix, name = fold(prefix), fold(name)
        for rule, automaton in self._trials:
            if rule.files_only if is_directory else rule.directories_only:
                continue
            if automaton.accepts(prefix + name if rule.is_path else name):
                return rule
        return None


class PlainState:
    """Plain rules in one directory."""

    __slots__ = ("_prefix", "_rules")

    file_tables = None
    directory_tables = None
    turns_at = None

    def __init__(self, rules: PlainRules, prefix: str) -> None:
        self._rules = rules
        self._prefix = prefix

    def file_rule(self, name: str) -> Rule | None:
        """Return the last rule that matches a file of this name here; the name as `byte_text` has it."""
        return self._rules.last_match(self._prefix, name, is_directory=False)

    def directory_rule(self, name: str) -> Rule | None:
        """Return the last rule that matches a directory of this name here."""
        return self._rules.last_match(self._prefix, name, is_directory=True)

    def enter(self, name: str) -> PlainState:
        """Return the state in the sub-directory of this name."""
        return PlainState(self._rules, f"{self._prefix}{name}/")


class _Automaton:
    """A pattern as a set of places in it, kept in the bits of one integer and moved on by each byte.

    Bit i is set when the first i single-byte tokens may have matched what was read. A star is a place that
    also stays; `**/` is a place that stays until a slash and can be passed at once when it is reached. So a
    path takes O(len(path) * len(pattern) / 64), whatever the pattern.
    """

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._steps: list[
            frozenset[str] | None
        ] = []  #: what each place needs to move on; None is any but a slash
        self._stays = 0  #: places that stay on any byte but a slash
        self._stays_on_slash = 0
        self._passable = 0  #: places that may be left as they are reached
        for token in tokens:
            self._add(token)
        self._end = 1 << len(self._steps)
        self._moving: dict[str, int] = {}

    def _add(self, token: Token) -> None:
        place = 1 << len(self._steps)
        if token is Wild.STAR:
            self._stays |= place
        elif token in (Wild.DEEP, Wild.DIRECTORIES):
            self._stays |= place
            self._stays_on_slash |= place
            if token is Wild.DIRECTORIES:
                self._passable |= place
                self._steps.append(frozenset("/"))
        elif token is Wild.ANY:
            self._steps.append(None)
        elif not isinstance(token, Wild):
            self._steps.append(frozenset(token))

    def accepts(self, text: str) -> bool:
        """Return whether the whole text matches."""
        places = self._reach(1)
        for char in text:
            stays = self._stays_on_slash if char == "/" else self._stays
            places = self._reach((places & self._moved_by(char)) << 1) | (places & stays)
            if not places:
                return False
        return bool(places & self._end)

    def _reach(self, places: int) -> int:
        """Add the places behind those that can be passed."""
        return places | (places & self._passable) << 1

    def _moved_by(self, char: str) -> int:
        """Return the places that this byte moves on."""
        if char not in self._moving:
            bits = ("1" if (char != "/" if step is None else char in step) else "0" for step in self._steps)
            self._moving[char] = int("0" + "".join(bits)[::-1], base=2)
        return self._moving[char]
