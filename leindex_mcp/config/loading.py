"""Settings from files, environment and session, with the origin of each value.

Later sources win: default, profile, the user's file, the project's file, environment, session.
A bad value is left out and reported; the rest applies, and the server starts all the same.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import platformdirs

from leindex_mcp.config.checking import nested, refusals, shown, unknown
from leindex_mcp.config.parsing import Reading, parse_value, read_file
from leindex_mcp.errors import StoreError
from leindex_mcp.settings import KEYS, PROFILES, Settings, is_marked, profile_for, value_of

PROJECT_FILE = ".leindex.yaml"
VARIABLE_PREFIX = "LEINDEX_"
OTHER_VARIABLES = frozenset({"LEINDEX_HOME", "LEINDEX_ROOT"})  #: read elsewhere; no settings

_PROFILE = "performance.profile"
_SIZE = "file_filtering.max_file_size"
_SKIPPED = "directory_filtering.skip_large_directories"


class Origin(NamedTuple):
    """Where a value comes from."""

    kind: Literal["default", "profile", "file", "environment", "session"]
    detail: str = ""  #: the profile, `path:line`, or the variable

    def __str__(self) -> str:
        """Return the origin as answers show it, `file /x/config.yaml:3`."""
        return f"{self.kind} {self.detail}".rstrip()


class _Given(NamedTuple):
    value: Any
    origin: Origin
    place: str  #: what a problem sentence begins with


_Layer = dict[str, _Given]


@dataclass(frozen=True, slots=True)
class Sources:
    """All that settings are made of; equal sources and files give equal settings."""

    root: Path | None
    environment: Mapping[str, str]
    user_file: Path
    session: Mapping[str, object] = field(default_factory=dict)
    files: int | None = None  #: files in the root, when known; `auto` picks its profile by them


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """Settings that hold whatever the sources say, and what was wrong with them."""

    settings: Settings
    origins: Mapping[str, Origin]  #: every dotted key
    problems: tuple[str, ...]  #: a sentence each, beginning with its place
    sources: Sources

    def for_files(self, files: int) -> LoadedSettings:
        """Return the settings for a root of that many files; they differ where the profile is `auto`."""
        return _load(dataclasses.replace(self.sources, files=files))

    def with_session(self, session: Mapping[str, object]) -> LoadedSettings:
        """Return the settings, read again, with *session* (dotted key -> value) above all other sources."""
        return _load(dataclasses.replace(self.sources, session=dict(session)))


def load(
    root: Path | None,
    *,
    environment: Mapping[str, str] = os.environ,
    user_file: Path | None = None,
    session: Mapping[str, object] | None = None,
    files: int | None = None,
) -> LoadedSettings:
    """Load the settings for *root*, or those that hold without one; never raises for what a source says.

    Args:
        root: Where `.leindex.yaml` is looked for.
        environment: Read for `LEINDEX_*`.
        user_file: In place of `user_config_file()`.
        session: Dotted key -> value, above all other sources.
        files: Files in the root, for the profile `auto`; unknown, `auto` means the defaults.
    """
    return _load(Sources(root, environment, user_file or user_config_file(), session or {}, files))


def user_config_file() -> Path:
    """Return the path of the user's own settings file; it need not exist."""
    try:
        return Path(platformdirs.user_config_dir("leindex")) / "config.yaml"
    except RuntimeError:  # a user without a home, as in a container
        return index_home() / "config.yaml"


def index_home(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the directory that holds all indexes: `LEINDEX_HOME`, else a place in the user's cache.

    Raises:
        StoreError: Neither is known.
    """
    named = environment.get("LEINDEX_HOME")
    try:
        return Path(named).expanduser().absolute() if named else Path(platformdirs.user_cache_dir("leindex"))
    except RuntimeError as exc:
        raise StoreError("no home directory is known: set LEINDEX_HOME to a writable directory") from exc


def default_roots(environment: Mapping[str, str] = os.environ) -> tuple[str | None, ...]:
    """Return what names the project where nobody did: `LEINDEX_ROOT`, then what Claude Code sets."""
    return environment.get("LEINDEX_ROOT"), environment.get("CLAUDE_PROJECT_DIR")


def variable(key: str) -> str:
    """Return the environment variable that sets a dotted key."""
    return VARIABLE_PREFIX + key.upper().replace(".", "__")


def _load(sources: Sources) -> LoadedSettings:
    problems: list[str] = []
    given = _checked(_from_file(sources.user_file, problems, follows_links=True), problems)
    if sources.root is not None:
        project = _from_file(sources.root / PROJECT_FILE, problems, follows_links=False)
        given |= _narrowed(_checked(project, problems), given, sources.user_file, problems)
    given |= _checked(_from_environment(sources.environment, problems), problems)
    given |= _checked(_from_session(sources.session, problems), problems)
    given = _from_profile(given, sources.files) | given
    settings = Settings.model_validate(nested({key: item.value for key, item in given.items()}), strict=True)
    origins = {key: given[key].origin if key in given else Origin("default") for key in KEYS}
    return LoadedSettings(settings, origins, tuple(problems), sources)


def _checked(layer: _Layer, problems: list[str]) -> _Layer:
    """Return the layer without the values that their settings refuse."""
    refused = refusals({key: item.value for key, item in layer.items()})
    problems.extend(f"{layer[key].place}: {sentence}" for key, sentence in refused.items())
    return {key: item for key, item in layer.items() if key not in refused}


def _from_file(path: Path, problems: list[str], *, follows_links: bool) -> _Layer:
    reading: Reading = read_file(path, follows_links=follows_links)
    problems.extend(reading.problems)
    return {
        key: _Given(
            tuple(entry.value) if isinstance(entry.value, list) else entry.value,
            Origin("file", f"{path}:{entry.line}"),
            f"{path}:{entry.line}:{entry.column}",
        )
        for key, entry in reading.entries.items()
    }


def _narrowed(layer: _Layer, below: _Layer, user_file: Path, problems: list[str]) -> _Layer:
    """Return what a project's own file may say: it may narrow what is read or downloaded, never widen it.

    Its size limit counts when it is lower, its skipped directories are added to those below.
    """
    allowed = dict(layer)
    for key in [key for key in layer if is_marked(key, "widens")]:
        item = allowed.pop(key)
        lower = below[key].value if key in below else value_of(Settings(), key)
        if key == _SKIPPED:
            allowed[key] = item._replace(value=tuple(dict.fromkeys([*lower, *item.value])))
        elif key == _SIZE and item.value <= lower:
            allowed[key] = item
        elif item.value != lower:
            may = f"may only lower it (it is {shown(lower)})" if key == _SIZE else "may not set it"
            problems.append(f"{item.place}: `{key}`: a project's file {may}; set it in {user_file}")
    return allowed


def _from_environment(environment: Mapping[str, str], problems: list[str]) -> _Layer:
    keys = {variable(key): key for key in KEYS}
    layer: _Layer = {}
    for name in sorted(name for name in environment if name.startswith(VARIABLE_PREFIX)):
        text = environment[name].strip()
        if name in keys and text:  # an empty variable is an unset one
            layer[keys[name]] = _Given(
                as_setting(keys[name], text), Origin("environment", name), f"environment {name}"
            )
        elif name not in keys and name not in OTHER_VARIABLES:
            options = [*OTHER_VARIABLES, *keys]
            problems.append(f"environment {name}: {unknown(name, options, noun='variable')}")
    return layer


def _from_session(session: Mapping[str, object], problems: list[str]) -> _Layer:
    problems.extend(f"session: {unknown(key)}" for key in session if key not in KEYS)
    return {
        key: _Given(as_setting(key, value), Origin("session"), "session")
        for key, value in session.items()
        if key in KEYS
    }


def as_setting(key: str, value: object) -> object:
    """Return what a value means for a known key, unchecked.

    Text is read as YAML, so that `8` is a number; for a list, `a, b` will do; a text stands for itself.
    """
    annotation = KEYS[key].annotation
    if isinstance(value, str) and annotation is not str:
        parsed = parse_value(value)
        is_list = annotation == tuple[str, ...] and not isinstance(parsed, list)
        value = [part.strip() for part in value.split(",")] if is_list else parsed
    return tuple(value) if isinstance(value, list) else value


def _from_profile(given: _Layer, files: int | None) -> _Layer:
    name = given[_PROFILE].value if _PROFILE in given else None
    if name is None or (name == "auto" and files is None):
        return {}
    chosen = profile_for(files or 0) if name == "auto" else str(name)
    origin = Origin("profile", chosen if name == chosen else f"auto ({chosen})")
    return {key: _Given(value, origin, str(origin)) for key, value in PROFILES[chosen].items()}
