"""What a setting may be, and the sentence that refuses a value or a name."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from leindex_mcp.settings import KEYS, Settings

_SHOWN_LENGTH = 80  # of a refused value: enough to recognise it, too little to leak a pasted file


def refusals(values: Mapping[str, object]) -> dict[str, str]:
    """Return known dotted key -> sentence for each value that its setting does not take."""
    try:
        Settings.model_validate(nested(values), strict=True)
    except ValidationError as exc:
        keys = {_key_of(problem["loc"]) for problem in exc.errors(include_url=False, include_input=False)}
        return {key: f"`{key}` is {_quoted(values[key])}, allowed: {allowed(key)}" for key in sorted(keys)}
    return {}


def nested(values: Mapping[str, object]) -> dict[str, Any]:
    """Return dotted keys as the tree that the settings files have."""
    tree: dict[str, Any] = {}
    for key, value in values.items():
        *sections, name = key.split(".")
        branch = tree
        for section in sections:
            branch = branch.setdefault(section, {})
        branch[name] = value
    return tree


def _key_of(location: tuple[int | str, ...]) -> str:
    """Return the known key at the head of a pydantic location; a list item or a union arm follows it."""
    parts = [str(part) for part in location]
    return next(key for end in range(1, len(parts) + 1) if (key := ".".join(parts[:end])) in KEYS)


def shown(value: object) -> str:
    """Return a value as a settings file would write it, cut when it is long."""
    if value is None or isinstance(value, bool):
        text = {None: "null", True: "true", False: "false"}[value]
    elif isinstance(value, float):
        text = f"{value:g}"
    elif isinstance(value, (list, tuple)):
        text = "[" + ", ".join(map(str, value)) + "]"
    else:
        text = str(value) if isinstance(value, (str, int)) else repr(value)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _SHOWN_LENGTH else text[: _SHOWN_LENGTH - 1] + "…"


def _quoted(value: object) -> str:
    """Return a value as `shown` does, a text in quotes: `"4"` is not the number."""
    return f'"{shown(value)}"' if isinstance(value, str) else shown(value)


def allowed(key: str) -> str:
    """Return what that setting takes, in words: type, range and unit."""
    schema = _schema()
    node = schema
    for name in key.split("."):
        node = node["properties"][name]
        node = schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
    arms = " or ".join(_arm(arm) for arm in node.get("anyOf", [node]))
    if "pattern" in node:
        return str(node["description"])
    return f"{arms} ({node['description']})" if "description" in node else arms


@functools.cache
def _schema() -> dict[str, Any]:
    return Settings.model_json_schema()


def _arm(node: Mapping[str, Any]) -> str:
    """Return one alternative of a JSON schema in words."""
    if "enum" in node or "const" in node:
        return ", ".join(map(str, node.get("enum", [node.get("const")])))
    names = {"boolean": "true or false", "string": "text", "array": "a list of texts", "null": "null"}
    if node["type"] in names:
        return names[node["type"]]
    lowest = f"{node['minimum']:g}" if "minimum" in node else f"above {node['exclusiveMinimum']:g}"
    return f"{lowest} to {node['maximum']:.15g}"


def unknown(name: str, options: Iterable[str] = KEYS, *, noun: str = "key") -> str:
    """Return the sentence that refuses a name, with the nearest names that exist."""
    near = _nearest(name, list(options))
    hint = ": did you mean " + " or ".join(f"`{option}`" for option in near) + "?" if near else ""
    return f"unknown {noun} `{shown(name)}`{hint}"


def _nearest(name: str, options: list[str]) -> list[str]:
    """Return the options like *name*; failing that, those whose last part is like its last part."""
    name = name[:200]  # difflib is quadratic
    whole = difflib.get_close_matches(name, options, n=1, cutoff=0.75)
    if whole:
        return whole
    last = difflib.get_close_matches(
        name.rpartition(".")[2], {option.rpartition(".")[2] for option in options}, n=1
    )
    return [option for option in options if last and option.rpartition(".")[2] == last[0]][:3]
