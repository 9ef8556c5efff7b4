"""Notebooks: the sources of the cells, each on the line of the file where it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import cast

from leindex_mcp.extract.languages import find_language

LANGUAGE = "jupyter"

_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"')
_SOURCE_KEY = re.compile(r'"source"\s*:\s*\[?\s*')
_NEXT_ITEM = re.compile(r"\s*,\s*(?=\")")


def sources_in_place(text: str) -> tuple[str, str]:
    r"""Return the cell sources of a notebook as text of as many lines as the file, and their language.

    Each line of the result holds what the strings on that line of the JSON say, the other lines are
    empty: lines of a chunk are lines of the file. A notebook written on one line becomes one line. Text
    that is no notebook comes back as it is, as JSON.
    """
    read = _read(text)
    if read is None:
        return text, "json"
    strings, language = [string for cell in read[0] for string in cell], read[1]
    lines = [""] * (text.count("\n") + 1)
    line, counted = 0, 0
    for offset, source in _located(text, strings):
        line += text.count("\n", counted, offset)
        counted = offset
        lines[line] = f"{lines[line]} {source}" if lines[line] else source
    return "\n".join(lines), language


def sources(text: str) -> str:
    """Return the sources of a notebook as they are once it is open, a blank line between two cells."""
    read = _read(text)
    return text if read is None else "\n\n".join(map("".join, read[0]))


def _read(text: str) -> tuple[list[list[str]], str] | None:
    """Return the strings of each cell's source, and the kernel's language; None when it is no notebook."""
    try:
        return _cells(json.loads(text))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None


def _cells(notebook: object) -> tuple[list[list[str]], str]:
    content = cast("dict[str, object]", notebook)
    metadata = cast("dict[str, dict[str, str]]", content.get("metadata", {}))
    language = metadata.get("language_info", {}).get("name") or metadata.get("kernelspec", {}).get("language")
    cells: list[list[str]] = []
    for cell in cast("list[dict[str, str | list[str]]]", content["cells"]):
        source = cell.get("source", "")
        cells.append([source] if isinstance(source, str) else source)
    if not all(isinstance(string, str) for cell in cells for string in cell):
        raise TypeError("a source is text")
    return cells, find_language(language or "") or "python"


def _located(text: str, expected: list[str]) -> Iterator[tuple[int, str]]:
    """Find the strings of *expected* in order; what an output says under a key `source` does not match."""
    position = 0
    for key in _SOURCE_KEY.finditer(text):
        match = _STRING.match(text, key.end())
        while match is not None and position < len(expected):
            value = cast("str", json.loads(match[0]))
            if value != expected[position]:
                break
            yield match.start(), " ".join(value.split("\n")).rstrip()
            position += 1
            comma = _NEXT_ITEM.match(text, match.end())
            match = _STRING.match(text, comma.end()) if comma else None
