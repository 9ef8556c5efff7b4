"""Why one path is not in the index."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from leindex_mcp.records import Skipped, SkipReason
from leindex_mcp.scan.context import Context
from leindex_mcp.scan.ignore_rules import IgnoreRules, read_rule_files
from leindex_mcp.scan.tally import why_not


def explain(root: Path, relative: str, rules: IgnoreRules, max_file_size: int) -> Skipped | None:
    """Return why a scan of the root leaves this path out; None when it does not.

    O(depth): looks only at the directories above the path. What is skipped may be one of these.
    """
    if not {"", ".", ".."}.isdisjoint(relative.split("/")):
        return Skipped(relative, SkipReason.UNREADABLE, "not a path below the root")
    context = rules.with_rule_files(rules.at_root(), "", read_rule_files(root, rules.evidence.note))
    prefix = ""
    for name in relative.split("/")[:-1]:
        skipped = _why_not_here(root, prefix, name, context, max_file_size)
        if skipped is not None:
            return skipped
        prefix += f"{name}/"
        context = rules.within(context, root / prefix, prefix)
    name = relative.removeprefix(prefix)
    return _why_not_here(root, prefix, name, context, max_file_size)


def _why_not_here(root: Path, prefix: str, name: str, context: Context, max_file_size: int) -> Skipped | None:
    """Judge one name in a directory that is itself walked."""
    relative = prefix + name
    try:
        status = os.lstat(root / relative)
    except (OSError, ValueError) as error:
        return Skipped(relative, SkipReason.UNREADABLE, getattr(error, "strerror", None) or str(error))
    if stat.S_ISDIR(status.st_mode):
        rule = context.excluded_directories([name]).get(name)
        return Skipped(relative, rule.reason, rule.where) if rule is not None else None
    rule = context.excluded_files([name]).get(name)
    if rule is not None:
        return Skipped(relative, rule.reason, rule.where)
    return why_not(relative, status, max_file_size)
