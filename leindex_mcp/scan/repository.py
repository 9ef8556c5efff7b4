"""A git work tree: where it begins, and which ignore rules lie outside its `.gitignore` files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from leindex_mcp.scan.git_config import (
    expand_home,
    is_true,
    read_config,
    user_config_files,
    user_git_directory,
)


@dataclass(frozen=True, slots=True)
class Repository:
    """What git's ignore rules need to know of a work tree."""

    top: Path
    exclude_files: tuple[Path, ...]  #: `info/exclude`, then `core.excludesFile`: the first that decides wins
    folds_case: bool  #: `core.ignorecase`


def find_repository(directory: Path) -> Repository | None:
    """Return the innermost work tree that holds this absolute directory."""
    for top in (directory, *directory.parents):
        repository = read_repository(top)
        if repository is not None:
            return repository
    return None


def read_repository(top: Path) -> Repository | None:
    """Return the work tree that begins in this directory, if one does."""
    git_directory = _git_directory(top)
    if git_directory is None:
        return None
    shared = _shared_directory(git_directory)
    files = [*user_config_files(), shared / "config"]
    config = read_config(files)
    if is_true(config.get("extensions.worktreeconfig", "false")):
        config = read_config([*files, git_directory / "config.worktree"])
    return Repository(
        top=top,
        exclude_files=(shared / "info" / "exclude", _excludes_file(config, top)),
        folds_case=is_true(config.get("core.ignorecase", "false")),
    )


def _git_directory(top: Path) -> Path | None:
    """Return the git directory of a work tree; `.git` may be a file that names it (worktree, submodule)."""
    entry = top / ".git"
    try:
        if entry.is_file():
            target = entry.read_bytes().decode("utf-8", "surrogateescape").strip()
            if not target.startswith("gitdir:"):
                return None
            entry = top / target.removeprefix("gitdir:").strip()
        # A `.git` without a HEAD is no repository to git either: it goes on looking further up.
        return entry if os.path.lexists(entry / "HEAD") else None
    except (OSError, ValueError):
        return None


def _shared_directory(git_directory: Path) -> Path:
    """Return the directory that all work trees of the repository share."""
    try:
        written = (git_directory / "commondir").read_bytes()
    except OSError:
        return git_directory
    return git_directory / os.fsdecode(written.strip())


def _excludes_file(config: dict[str, str], top: Path) -> Path:
    written = config.get("core.excludesfile")
    if written is None:
        return user_git_directory() / "ignore"
    return top / expand_home(written)
