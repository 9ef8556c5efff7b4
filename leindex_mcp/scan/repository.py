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
from leindex_mcp.scan.sight import Note


@dataclass(frozen=True, slots=True)
class Repository:
    """What git's ignore rules need to know of a work tree."""

    top: Path
    exclude_files: tuple[Path, ...]  #: `info/exclude`, then `core.excludesFile`: the first that decides wins
    folds_case: bool  #: `core.ignorecase`


def find_repository(directory: Path, note: Note) -> Repository | None:
    """Return the innermost work tree that holds this absolute directory."""
    for top in (directory, *directory.parents):
        repository = read_repository(top, note)
        if repository is not None:
            return repository
    return None


def read_repository(top: Path, note: Note) -> Repository | None:
    """Return the work tree that begins in this directory, if one does; note every file that tells."""
    git_directory = _git_directory(top, note)
    if git_directory is None:
        return None
    shared = _shared_directory(git_directory, note)
    files = [*user_config_files(), shared / "config"]
    config = read_config(files, note)
    if is_true(config.get("extensions.worktreeconfig", "false")):
        config = read_config([*files, git_directory / "config.worktree"], note)
    return Repository(
        top=top,
        exclude_files=(shared / "info" / "exclude", _excludes_file(config, top)),
        folds_case=is_true(config.get("core.ignorecase", "false")),
    )


def _git_directory(top: Path, note: Note) -> Path | None:
    """Return the git directory of a work tree; `.git` may be a file that names it (worktree, submodule)."""
    entry = top / ".git"
    note(entry)
    try:
        if entry.is_file():
            target = entry.read_bytes().decode("utf-8", "surrogateescape").strip()
            if not target.startswith("gitdir:"):
                return None
            entry = top / target.removeprefix("gitdir:").strip()
        note(entry / "HEAD")
        # A `.git` without a HEAD is no repository to git either: it goes on looking further up.
        return entry if os.path.lexists(entry / "HEAD") else None
    except (OSError, ValueError):
        return None


def _shared_directory(git_directory: Path, note: Note) -> Path:
    """Return the directory that all work trees of the repository share."""
    pointer = git_directory / "commondir"
    note(pointer)
    try:
        written = pointer.read_bytes()
    except OSError:
        return git_directory
    return git_directory / os.fsdecode(written.strip())


def _excludes_file(config: dict[str, str], top: Path) -> Path:
    written = config.get("core.excludesfile")
    if written is None:
        return user_git_directory() / "ignore"
    return top / expand_home(written)
