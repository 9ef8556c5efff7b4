"""One settings file as dotted keys, each with its place."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from leindex_mcp.config.checking import unknown
from leindex_mcp.settings import KEYS

_MAX_BYTES = 1_000_000
_MAX_DEPTH = 20  # the tree of settings is three deep; a thousand brackets would exhaust the stack
_MAX_PROBLEMS = 50  # a file with more is none of ours, and each costs a search for the nearest key
_SECTIONS = {key.rsplit(".", depth)[0] for key in KEYS for depth in range(1, key.count(".") + 1)}
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Refused: Any = yaml.MarkedYAMLError  # its stub knows the marks of the Python parser only


@dataclass(frozen=True, slots=True)
class Entry:
    """A value as a file gives it."""

    value: object
    line: int  #: 1-based
    column: int  #: 1-based


@dataclass(slots=True)
class Reading:
    """What one file says, and what of it could not be understood."""

    entries: dict[str, Entry] = field(default_factory=dict)  #: known dotted keys only
    problems: list[str] = field(default_factory=list)  #: sentences that begin `file:line:column: `
    is_broken: bool = False  #: the file as a whole says nothing that can be used


def read_file(path: Path, *, follows_links: bool) -> Reading:
    """Read the settings file at *path*; one that does not exist says nothing.

    Args:
        path: A file that need not exist.
        follows_links: False refuses a symbolic link, which could name any file of the user.
    """
    try:
        text = _read_text(path, follows_links=follows_links)
    except FileNotFoundError:
        return Reading()
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        return Reading(problems=[f"{path}:1:1: the file cannot be used: {reason}"], is_broken=True)
    return read_text(text, str(path))


def _read_text(path: Path, *, follows_links: bool) -> str:
    if not follows_links and path.is_symlink():
        raise ValueError("it is a symbolic link")
    # O_NONBLOCK: opening a named pipe would otherwise wait for a writer for ever.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if not follows_links:
        flags |= getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(path, flags), "rb") as file:  # noqa: PTH123  # Path.open takes no flags
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("it is not a regular file")
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError(f"it is larger than {_MAX_BYTES:,} bytes")
    return content.decode("utf-8-sig")


def read_text(text: str, name: str) -> Reading:
    """Read settings from the text of the file called *name*."""
    reading = Reading()
    try:
        _refuse_tricks(text)
        root = yaml.compose(text, Loader=_LOADER)
        if root is not None:
            _walk(root, "", name, reading)
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        reading.problems.append(f"{name}:{place}: cannot be used: {getattr(exc, 'problem', None) or exc}")
        reading.is_broken = True
    return reading


def parse_value(text: str) -> object:
    """Return one value written in YAML, as a variable holds it; text that is no YAML stands for itself."""
    try:
        _refuse_tricks(text)
        return yaml.load(text, Loader=_LOADER)  # noqa: S506  # _LOADER is a safe loader
    except (yaml.YAMLError, ValueError):
        return text


def _refuse_tricks(text: str) -> None:
    """Raise on what a settings file never needs: aliases, which multiply, and deep nesting."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(problem="aliases are not used here", problem_mark=event.start_mark)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _MAX_DEPTH:
            raise _Refused(problem="nested too deeply", problem_mark=event.start_mark)


def _walk(node: yaml.Node, prefix: str, name: str, reading: Reading) -> None:
    """Collect the keys below *node*, the section called *prefix* (with its dot) or the whole file."""
    if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null":
        return
    if not isinstance(node, yaml.MappingNode):
        what = f"`{prefix[:-1]}`" if prefix else "the file"
        reading.is_broken |= not prefix
        reading.problems.append(f"{_place(name, node)}: {what} must hold `key: value` lines")
        return
    first_lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        if len(reading.problems) >= _MAX_PROBLEMS:
            raise _Refused(problem="the rest is not read", problem_mark=key_node.start_mark)
        key = f"{prefix}{key_node.value}"
        if key in first_lines:
            reading.problems.append(
                f"{_place(name, key_node)}: `{key}` is given twice; the one in line {first_lines[key]} counts"
            )
            continue
        first_lines[key] = key_node.start_mark.line + 1
        if key in _SECTIONS:
            _walk(value_node, f"{key}.", name, reading)
        else:
            _collect(key, key_node, value_node, name, reading)


def _collect(key: str, key_node: yaml.Node, value_node: yaml.Node, name: str, reading: Reading) -> None:
    if key not in KEYS:
        reading.problems.append(f"{_place(name, key_node)}: {unknown(key)}")
        return
    try:
        value = yaml.SafeLoader("").construct_object(value_node, deep=True)
    except (yaml.YAMLError, ValueError, OverflowError) as exc:
        problem = getattr(exc, "problem", None) or exc
        reading.problems.append(f"{_place(name, value_node)}: `{key}` cannot be read: {problem}")
        return
    mark = value_node.start_mark
    reading.entries[key] = Entry(value, mark.line + 1, mark.column + 1)


def _place(name: str, node: yaml.Node) -> str:
    return f"{name}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"
