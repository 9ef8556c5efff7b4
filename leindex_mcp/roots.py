"""Which folder is the project: refuse the ones that are too wide, find the index that covers a path."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import xxhash

from leindex_mcp.errors import NoRootError, RootNotFoundError, RootRefusedError

_PROJECT_MARKERS = (
    *(".git", ".hg", ".svn", ".jj", ".leindex.yaml", ".leindexignore", "pyproject.toml", "setup.py"),
    *("package.json", "Cargo.toml", "go.mod", "pom.xml", "build.gradle", "build.gradle.kts", "build.sbt"),
    *("CMakeLists.txt", "Makefile", "meson.build", "Gemfile", "composer.json", "mix.exs", "Package.swift"),
    *("build.zig", "stack.yaml", "dune-project", "deno.json", "flake.nix"),
)
_SYSTEM_FOLDERS = frozenset(
    Path(name)
    for name in (
        *("/bin", "/boot", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/run", "/sbin"),
        *("/srv", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/share", "/var"),  # noqa: S108
        *("/Applications", "/Library", "/System", "/Users", "/Volumes", "/private"),
        *("C:/Windows", "C:/Users", "C:/Program Files", "C:/Program Files (x86)", "C:/ProgramData"),
    )
)
_KERNEL_FOLDERS = (Path("/proc"), Path("/sys"), Path("/dev"))


@dataclass(frozen=True, slots=True)
class Place:
    """A root and the part of it that was asked about."""

    root: Path
    subtree: str  #: posix path under the root; empty for all of it


def checked_root(path: str | Path, *, allowed: Sequence[str] = (), home: Path | None = None) -> Path:
    """Return the real path of a folder that may be indexed.

    Raises:
        RootNotFoundError: The path is missing or no directory.
        RootRefusedError: It is the file system, a home directory, a system folder, or not allowed.
    """
    if "\0" in str(path):
        raise RootNotFoundError(str(path).replace("\0", "\\0"))
    try:
        root = Path(path).expanduser().resolve()
        is_directory = root.is_dir()
    except (OSError, RuntimeError, ValueError) as exc:
        raise RootNotFoundError(path) from exc
    if not is_directory:
        raise RootNotFoundError(path)
    home = home.resolve() if home else _home()
    if root == Path(root.anchor):
        raise RootRefusedError(root, "it is a whole file system")
    if home is not None and (root == home or root in home.parents):
        raise RootRefusedError(root, "it is a home directory or holds one")
    if root in _SYSTEM_FOLDERS or any(root.is_relative_to(folder) for folder in _KERNEL_FOLDERS):
        raise RootRefusedError(root, "it is a system folder")
    if allowed and not any(root.is_relative_to(Path(folder).expanduser().resolve()) for folder in allowed):
        raise RootRefusedError(root, "it is outside `allowed_roots`")
    return root


def _home() -> Path | None:
    """Return the user's home directory; None for a user without one, as in a container."""
    with suppress(RuntimeError):
        return Path.home().resolve()
    return None


def locate(path: Path, is_indexed: Callable[[Path], bool]) -> Place:
    """Return the nearest indexed folder at or above *path*; *path* itself when there is none."""
    for candidate in (path, *path.parents):
        if is_indexed(candidate):
            relative = path.relative_to(candidate).as_posix()
            return Place(candidate, "" if relative == "." else relative)
    return Place(path, "")


def implied_root(candidates: Sequence[str | None], working_directory: Path) -> Path:
    """Return the first candidate that is set, else the working directory when it looks like a project.

    Raises:
        NoRootError: Neither is there.
    """
    for candidate in candidates:
        if candidate:
            return Path(candidate)
    if any((working_directory / marker).exists() for marker in _PROJECT_MARKERS):
        return working_directory
    raise NoRootError


def index_directory(indexes: Path, root: Path) -> Path:
    """Return where the index of *root* lives: one folder a real path, readable by name."""
    name = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in root.name)[:40]
    return (
        indexes / f"{name or 'root'}-{xxhash.xxh3_64_hexdigest(str(root).encode(errors='surrogateescape'))}"
    )
