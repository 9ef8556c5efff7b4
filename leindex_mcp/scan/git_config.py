"""The few values of git's configuration that decide which files git ignores."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from leindex_mcp.scan.sight import Note

_SECTION: Final = re.compile(r'\[\s*([\w.-]+)\s*(?:"((?:[^"\\]|\\.)*)")?\s*\]')
_VARIABLE: Final = re.compile(r"([A-Za-z][\w-]*)\s*(?:=\s*(.*))?$", re.DOTALL)
_CONTINUED: Final = re.compile(r"\\\r?\n")
_PIECE: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|(\\.)|([^"\\#;]+)|([#;].*)', re.DOTALL)
_ESCAPES: Final = {"n": "\n", "t": "\t", "b": "\b"}
_DEEPEST_INCLUDE: Final = 10  # git's own limit
_TRUE: Final = ("true", "yes", "on", "1", "")


def read_config(paths: Iterable[Path], note: Note) -> dict[str, str]:
    """Return `section.key` (lower case) -> value; later files win, files that cannot be read count as empty.

    Follows `include.path`; conditional includes and named sub-sections are left out. Each file is noted.
    """
    values: dict[str, str] = {}
    for path in paths:
        _read_into(values, path, note, depth=0)
    return values


def user_config_files() -> list[Path]:
    """Return the system's and the user's configuration files in the order in which git reads them."""
    # git's variables, not settings of ours: the same shell must see the same ignore rules in both programs.
    files = []
    if not is_true(os.environ.get("GIT_CONFIG_NOSYSTEM", "false")):
        files.append(Path(os.environ.get("GIT_CONFIG_SYSTEM", "/etc/gitconfig")))
    if (override := os.environ.get("GIT_CONFIG_GLOBAL")) is not None:
        return [*files, Path(override)]
    return [*files, user_git_directory() / "config", expand_home("~/.gitconfig")]


def user_git_directory() -> Path:
    """Return where git keeps the user's `config`, `ignore` and `attributes`."""
    home = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return expand_home(home) / "git"


def expand_home(written: str) -> Path:
    """Return the path with a leading `~` replaced; where no home is known it stays."""
    try:
        return Path(written).expanduser()
    except RuntimeError:
        return Path(written)


def is_true(value: str) -> bool:
    """Return whether git takes the value for true."""
    return value.lower() in _TRUE


def _read_into(values: dict[str, str], path: Path, note: Note, *, depth: int) -> None:
    note(path)
    try:
        text = path.read_bytes().decode("utf-8", "surrogateescape")
    except (OSError, ValueError):
        return
    for key, value in _variables(text):
        if key == "include.path" and depth < _DEEPEST_INCLUDE:
            _read_into(values, path.parent / expand_home(value), note, depth=depth + 1)
        values[key] = value


def _variables(text: str) -> Iterator[tuple[str, str]]:
    section: str | None = None
    for line in _CONTINUED.sub("", text.removeprefix("\ufeff")).splitlines():
        rest = line.strip()
        if (head := _SECTION.match(rest)) is not None:
            section = None if head[2] is not None else head[1].lower()
            rest = rest[head.end() :].strip()
        if section and (variable := _VARIABLE.match(rest)) is not None:
            yield f"{section}.{variable[1].lower()}", _value(variable[2])


def _value(written: str | None) -> str:
    """Undo quotes, escapes and comments; a key without `=` is true."""
    if written is None:
        return "true"
    value = ""
    for quoted, escape, plain, comment in _PIECE.findall(written):
        if comment:
            break
        value += plain or re.sub(r"\\(.)", _unescape, quoted or escape)
    return value.strip()


def _unescape(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[1], found[1])
