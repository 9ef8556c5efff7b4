"""Single settings: shown, set and unset, checked before anything is written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from leindex_mcp.config.checking import allowed, refusals, shown, unknown
from leindex_mcp.config.loading import LoadedSettings, Origin, as_setting
from leindex_mcp.config.parsing import read_file
from leindex_mcp.config.rewriting import with_value, without
from leindex_mcp.errors import SettingsError
from leindex_mcp.settings import KEYS, Settings, is_marked, value_of

Action = Literal["show", "get", "set", "unset", "validate"]
Scope = Literal["session", "user"]

# Keys that only a transformer reads; with the models that need no other program they are said to be idle.
_MODEL = "performance.embeddings.model"
_BUILT_IN = ("default", "untrained")
_OF_TRANSFORMERS = frozenset(
    f"performance.embeddings.{name}"
    for name in ("batch_size", "enable_gpu", "device", "fp16", "truncate_dim", "allow_download")
)


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting as `config` shows it."""

    key: str
    value: object
    origin: Origin
    default: object
    allowed: str  #: type, range and unit in words
    note: str  #: what keeps the value from having an effect, or empty

    def line(self) -> str:
        """Return `key: value  (origin)`, with the note when there is one."""
        note = f"; {self.note}" if self.note else ""
        return f"{self.key}: {shown(self.value)}  ({self.origin}{note})"

    def full_text(self) -> str:
        """Return the line, and below it the default and what is allowed."""
        return f"{self.line()}\ndefault: {shown(self.default)}\nallowed: {self.allowed}"


@dataclass(frozen=True, slots=True)
class Change:
    """What `set` or `unset` did."""

    key: str
    old: object  #: the value that held before
    new: object  #: the value that holds now; another source may stand above the one that was changed
    origin: Origin  #: of the new value
    scope: Scope
    stored_at: str | None  #: `session` or the user's file; None after `unset`
    reindexes: bool  #: the index follows after its next run
    loaded: LoadedSettings  #: all settings as they are now

    def sentence(self) -> str:
        """Return the change in one line."""
        verb = f"was {shown(self.old)}, is now" if self.old != self.new else "is still"
        text = f"{self.key} {verb} {shown(self.new)} ({self.origin})"
        if self.stored_at not in (None, self.origin.kind, self.origin.detail.rpartition(":")[0]):
            text += f"; the {self.scope} value is stored, and {self.origin} stands above it"
        return f"{text}; run `index` for it to take effect" if self.reindexes else text


def get(loaded: LoadedSettings, key: str) -> SettingRow:
    """Return one setting.

    Raises:
        SettingsError: There is no such key.
    """
    _require_known(key)
    is_idle = key in _OF_TRANSFORMERS and value_of(loaded.settings, _MODEL) in _BUILT_IN
    return SettingRow(
        key=key,
        value=value_of(loaded.settings, key),
        origin=loaded.origins[key],
        default=value_of(Settings(), key),
        allowed=allowed(key),
        note="no effect with the built-in model" if is_idle else "",
    )


def rows(loaded: LoadedSettings) -> list[SettingRow]:
    """Return all settings in the order of the settings tree."""
    return [get(loaded, key) for key in KEYS]


def render(loaded: LoadedSettings) -> str:
    """Return all settings, a line each, and below them what was wrong with the sources."""
    return "\n".join([*(row.line() for row in rows(loaded)), *problem_lines(loaded)])


def perform(
    loaded: LoadedSettings,
    action: Action,
    *,
    key: str | None = None,
    value: object = None,
    scope: Scope,
    by_person: bool,
) -> tuple[str, LoadedSettings]:
    """Do what `config` was asked; return the answer and the settings that hold afterwards.

    Raises:
        SettingsError: As `set_value`; also when the action lacks its key or value.
    """
    if action == "show":
        return render(loaded), loaded
    if action == "validate":
        return "\n".join(problem_lines(loaded)) or "no problems", loaded
    if key is None:
        raise SettingsError(f"`{action}` needs a `key`; `show` lists them all")
    if action == "get":
        return get(loaded, key).full_text(), loaded
    if action == "set":
        if value is None:
            raise SettingsError(f"`set` needs a `value` for `{key}`; to take one back, `unset` it")
        change = set_value(loaded, key, value, scope=scope, by_person=by_person)
    else:
        change = unset_value(loaded, key, scope=scope, by_person=by_person)
    return change.sentence(), change.loaded


def problem_lines(loaded: LoadedSettings) -> list[str]:
    """Return what is wrong with the sources, a line each; what they name was left out."""
    return [f"problem: {problem}" for problem in loaded.problems]


def set_value(loaded: LoadedSettings, key: str, value: object, *, scope: Scope, by_person: bool) -> Change:
    """Set a key for this session or in the user's file, and return what holds now.

    Args:
        loaded: The settings so far.
        key: Dotted.
        value: Of the setting's type, or text as an environment variable would hold it.
        scope: Where the value is kept; `user` writes the user's file in one step.
        by_person: False for a model, which may not widen what is read or downloaded.

    Raises:
        SettingsError: The key is unknown, the value is refused, or the file cannot be changed.
    """
    _require_known(key)
    _require_person(loaded, key, by_person=by_person)
    value = as_setting(key, value)
    refused = refusals({key: value})
    if refused:
        raise SettingsError(refused[key])
    if scope == "session":
        now = loaded.with_session({**loaded.sources.session, key: value})
    else:
        now = _rewritten(loaded, lambda text: with_value(text, key, value))
    stored_at = "session" if scope == "session" else str(loaded.sources.user_file)
    return _change(loaded, now, key, scope=scope, stored_at=stored_at)


def unset_value(loaded: LoadedSettings, key: str, *, scope: Scope, by_person: bool) -> Change:
    """Take a key back from this session or from the user's file; arguments and errors as in `set_value`."""
    _require_known(key)
    _require_person(loaded, key, by_person=by_person)
    if scope == "session":
        now = loaded.with_session(
            {name: value for name, value in loaded.sources.session.items() if name != key}
        )
    else:
        now = _rewritten(loaded, lambda text: without(text, key))
    return _change(loaded, now, key, scope=scope, stored_at=None)


def _require_known(key: str) -> None:
    if key not in KEYS:
        raise SettingsError(unknown(key))


def _require_person(loaded: LoadedSettings, key: str, *, by_person: bool) -> None:
    if is_marked(key, "widens") and not by_person:
        raise SettingsError(
            f"`{key}` decides what is read or downloaded, so a person sets it: "
            f"`leindex config set {key} VALUE`, or in {loaded.sources.user_file}"
        )


def _change(
    before: LoadedSettings, now: LoadedSettings, key: str, *, scope: Scope, stored_at: str | None
) -> Change:
    old, new = value_of(before.settings, key), value_of(now.settings, key)
    return Change(
        key=key,
        old=old,
        new=new,
        origin=now.origins[key],
        scope=scope,
        stored_at=stored_at,
        reindexes=old != new and is_marked(key, "reindexes"),
        loaded=now,
    )


def _rewritten(loaded: LoadedSettings, change: Callable[[str], str]) -> LoadedSettings:
    """Change the text of the user's file, which need not exist; one that is broken is not touched."""
    path = loaded.sources.user_file
    reading = read_file(path, follows_links=True)
    if reading.is_broken:
        raise SettingsError(f"mend the file first: {reading.problems[-1]}")
    try:
        text = change(path.read_text(encoding="utf-8-sig") if path.exists() else "")
    except (yaml.YAMLError, ValueError) as exc:
        raise SettingsError(f"{path} cannot be changed, mend it first: {exc}") from exc
    _write(path, text)
    return loaded.with_session(loaded.sources.session)


def _write(path: Path, text: str) -> None:
    """Replace the file at *path* as a whole; a symbolic link stays one."""
    path = path.resolve()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with open(descriptor, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123  # a descriptor
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as exc:
        raise SettingsError(f"{path} cannot be written: {exc.strerror or exc}") from exc
