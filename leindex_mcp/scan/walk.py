"""The directories of a tree, one after the other, without the paths that rules keep out."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from leindex_mcp.records import Skipped, SkipReason
from leindex_mcp.scan.context import Context
from leindex_mcp.scan.ignore_rules import RULE_FILES, IgnoreRules
from leindex_mcp.scan.open_directory import CAN_USE_DESCRIPTORS, Entries, OpenDirectory, open_directory
from leindex_mcp.scan.repository import read_repository
from leindex_mcp.scan.sight import Sight, believed

#: Directories that a walk keeps open; it finds back to those above by `..`. Far below any system's limit.
_MOST_OPEN: Final = 64
_REPOSITORY: Final = ".git"
_RULE_FILES: Final = frozenset(RULE_FILES)


@dataclass(slots=True)
class Listing:
    """What one directory holds. Its entries can be asked for their status until the walk goes on."""

    prefix: str  #: of the relative paths of its entries: empty at the root, else it ends with a slash
    files: list[os.DirEntry[str]] = field(default_factory=list)  #: all that is kept and no directory
    skipped: list[Skipped] = field(default_factory=list)
    sight: Sight = ()  #: of the directory before it was listed
    is_known: bool = True  #: False when it could not be listed: nothing is known of what lies below
    names: int = 0  #: that the rules were asked about
    listing_seconds: float = 0  #: that the system took to list it
    matching_seconds: float = 0  #: that the rules took


@dataclass(slots=True)
class Branch:
    """An open directory with the rules that hold there, its own rule files apart: where a walk begins."""

    directory: OpenDirectory
    prefix: str
    context: Context
    pending: list[str] = field(default_factory=list)  #: sub-directories that are still to be walked


def trunk(root: Path, rules: IgnoreRules, *, by_descriptor: bool = CAN_USE_DESCRIPTORS) -> Branch:
    """Open a root for a walk.

    Raises:
        OSError: The root cannot be opened.
    """
    return Branch(open_directory(root, by_descriptor=by_descriptor), "", rules.at_root())


class Walk:
    """One pass over a branch, by iteration and not by recursion: no depth is too deep.

    It closes what it opens, and the branch's directory too.
    """

    def __init__(self, root: Path, rules: IgnoreRules, branch: Branch) -> None:
        self._root = root
        self._rules = rules
        self._open: list[Branch] = [branch]  #: from the branch down to the directory that is walked now

    def listings(self) -> Generator[Listing, None, None]:
        """Yield each directory's listing, a directory before those below it."""
        try:
            yield self._listing(self._open[0])
            while self._open:
                if self._open[-1].pending:
                    yield self._descend()
                elif (failure := self._ascend()) is not None:
                    yield failure
        finally:
            for branch in self._open:
                branch.directory.close()

    def split(self) -> Branch | None:
        """Give away the sub-directory nearest to the root for another walk; None if there is none."""
        for branch in self._open:
            if branch.pending and branch.directory.is_open:
                # What cannot be opened stays pending, so that this walk meets the error too and reports it.
                with suppress(OSError):
                    child = _child(branch, branch.pending[0])
                    del branch.pending[0]
                    return child
        return None

    def _descend(self) -> Listing:
        """List the next pending directory of the innermost one."""
        parent = self._open[-1]
        name = parent.pending.pop()
        try:
            child = _child(parent, name)
        except OSError as error:
            return _unknown(f"{parent.prefix}{name}/", error)
        self._open.append(child)
        if len(self._open) > _MOST_OPEN:
            self._open[-1 - _MOST_OPEN].directory.suspend()
        return self._listing(child)

    def _ascend(self) -> Listing | None:
        """Leave the innermost directory; return what became unknown by that."""
        child = self._open.pop()
        try:
            if self._open and not self._open[-1].directory.is_open:
                self._open[-1].directory.resume(child.directory)
        except OSError as error:
            parent = self._open[-1]
            parent.pending = []
            return _unknown(parent.prefix, error)
        finally:
            child.directory.close()
        return None

    def _listing(self, branch: Branch) -> Listing:
        """List an open directory, apply the rules to its names, and note what lies below."""
        prefix = branch.prefix
        started = time.perf_counter()
        try:
            sight = believed(branch.directory.status(), time.time_ns())
            entries = branch.directory.entries()
        except OSError as error:
            return _unknown(prefix, error)
        listed = time.perf_counter()
        names = [entry.name for entry in entries.others]
        branch.context = context = self._with_own_rules(branch, entries, names)
        files = entries.others
        excluded = context.excluded_files(names)
        if excluded:
            files = [entry for entry in files if entry.name not in excluded]
        if entries.directories:
            branch.pending = entries.directories
            branch.pending.sort(reverse=True)
            if pruned := context.excluded_directories(entries.directories):
                branch.pending = [name for name in entries.directories if name not in pruned]
                excluded |= pruned
        return Listing(
            prefix,
            files,
            [Skipped(prefix + name, rule.reason, rule.where) for name, rule in excluded.items()],
            sight,
            names=len(names) + len(entries.directories),
            listing_seconds=listed - started,
            matching_seconds=time.perf_counter() - listed,
        )

    def _with_own_rules(self, branch: Branch, entries: Entries, names: list[str]) -> Context:
        """Return the context of a directory together with the rule files that lie in it."""
        context = branch.context
        if branch.prefix and (_REPOSITORY in entries.directories or _REPOSITORY in names):
            repository = read_repository(self._root / branch.prefix, self._rules.evidence.note)
            if repository is not None:
                context = self._rules.in_repository(context, repository)
        if _RULE_FILES.isdisjoint(names):
            return context
        rule_files = _RULE_FILES.intersection(names)
        for name in rule_files:
            self._rules.evidence.note(self._root / branch.prefix / name)
        contents = {name: branch.directory.read_rule_file(name) for name in rule_files}
        return self._rules.with_rule_files(context, branch.prefix, contents)


def _child(parent: Branch, name: str) -> Branch:
    """Open a sub-directory of a branch."""
    return Branch(parent.directory.open_child(name), f"{parent.prefix}{name}/", parent.context.enter(name))


def _unknown(prefix: str, error: OSError) -> Listing:
    """Return the listing of a directory that cannot be listed."""
    skipped = Skipped(prefix.removesuffix("/") or ".", SkipReason.UNREADABLE, error.strerror or str(error))
    return Listing(prefix, skipped=[skipped], is_known=False)
