"""The directories of a tree, one after the other, without the paths that rules keep out."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from leindex_mcp.records import Skipped, SkipReason
from leindex_mcp.scan.ignore_rules import RULE_FILES, Context, IgnoreRules
from leindex_mcp.scan.open_directory import CAN_USE_DESCRIPTORS, OpenDirectory, open_directory
from leindex_mcp.scan.repository import read_repository

#: Directories that a walk keeps open; it finds back to those above by `..`. Far below any system's limit.
_MOST_OPEN: Final = 64


@dataclass(slots=True)
class Listing:
    """What one directory holds. Its entries can be asked for their status until the walk goes on."""

    prefix: str  #: of the relative paths of its entries: empty at the root, else it ends with a slash
    files: list[os.DirEntry[str]] = field(default_factory=list)  #: all that is kept and no directory
    directories: list[str] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    is_known: bool = True  #: False when it could not be listed: nothing is known of what lies below
    matching_seconds: float = 0


@dataclass(slots=True)
class _Visit:
    """A directory between its listing and the end of its last sub-directory."""

    directory: OpenDirectory
    prefix: str
    context: Context
    pending: list[str]  #: sub-directories still to be visited


class Walk:
    """One pass over a tree, by iteration and not by recursion: no depth is too deep."""

    def __init__(self, root: Path, rules: IgnoreRules, *, by_descriptor: bool = CAN_USE_DESCRIPTORS) -> None:
        self._root = root
        self._rules = rules
        self._by_descriptor = by_descriptor

    def __iter__(self) -> Iterator[Listing]:
        """Yield each directory's listing, a directory before those below it.

        Raises:
            OSError: The root cannot be opened.
        """
        visits: list[_Visit] = []
        try:
            root = open_directory(self._root, by_descriptor=self._by_descriptor)
            yield self._enter(visits, root, "", self._rules.at_root())
            while visits:
                if visits[-1].pending:
                    yield self._descend(visits)
                elif (failure := _ascend(visits)) is not None:
                    yield failure
        finally:
            for visit in visits:
                visit.directory.close()

    def _descend(self, visits: list[_Visit]) -> Listing:
        """List the next pending directory of the innermost visit."""
        parent = visits[-1]
        name = parent.pending.pop()
        prefix = f"{parent.prefix}{name}/"
        try:
            directory = parent.directory.open_child(name)
        except OSError as error:
            return _unknown(prefix, error)
        if len(visits) >= _MOST_OPEN:
            visits[-_MOST_OPEN].directory.suspend()
        return self._enter(visits, directory, prefix, parent.context.enter(name))

    def _enter(
        self, visits: list[_Visit], directory: OpenDirectory, prefix: str, context: Context
    ) -> Listing:
        """List an open directory and put its visit on the stack."""
        visit = _Visit(directory, prefix, context, pending=[])
        visits.append(visit)
        try:
            entries = directory.entries()
        except OSError as error:
            return _unknown(prefix, error)
        started = time.perf_counter()
        context = visit.context = self._with_own_rules(visit, entries)
        listing = Listing(prefix)
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                rule = context.directory_rule(entry.name)
                if rule is None:
                    listing.directories.append(entry.name)
            else:
                rule = context.file_rule(entry.name)
                if rule is None:
                    listing.files.append(entry)
            if rule is not None:
                listing.skipped.append(Skipped(prefix + entry.name, rule.reason, rule.where))
        visit.pending = sorted(listing.directories, reverse=True)
        listing.matching_seconds = time.perf_counter() - started
        return listing

    def _with_own_rules(self, visit: _Visit, entries: list[os.DirEntry[str]]) -> Context:
        """Return the context of a directory together with the rule files that lie in it."""
        context = visit.context
        names = [entry.name for entry in entries if entry.name in _OF_INTEREST]
        if ".git" in names and visit.prefix:
            repository = read_repository(self._root / visit.prefix)
            if repository is not None:
                context = self._rules.in_repository(context, repository)
        contents = {
            name: content
            for name in names
            if name in RULE_FILES and (content := visit.directory.read_rule_file(name)) is not None
        }
        return self._rules.with_rule_files(context, visit.prefix, contents) if contents else context


_OF_INTEREST: Final = frozenset({*RULE_FILES, ".git"})


def _ascend(visits: list[_Visit]) -> Listing | None:
    """Leave the innermost directory; return what became unknown by that."""
    child = visits.pop()
    try:
        if visits:
            visits[-1].directory.resume(child.directory)
    except OSError as error:
        # The way back is lost for every visit that gave up its handle, so these end here.
        parent = visits[-1]
        parent.pending = []
        return _unknown(parent.prefix, error)
    finally:
        child.directory.close()
    return None


def _unknown(prefix: str, error: OSError) -> Listing:
    """Return the listing of a directory that cannot be listed."""
    skipped = Skipped(prefix.removesuffix("/") or ".", SkipReason.UNREADABLE, error.strerror or str(error))
    return Listing(prefix, skipped=[skipped], is_known=False)
