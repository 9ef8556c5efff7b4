"""The parts of a relative path that carry meaning: the stem of the file and its directories."""

from __future__ import annotations


def stem(relative: str) -> str:
    """Return the file's name without its last suffix: `src/http_client.test.ts` gives `http_client.test`."""
    name = relative.rpartition("/")[2]
    head, dot, _ = name.rpartition(".")
    return head if dot and head else name


def directories(relative: str) -> str:
    """Return the directories of the path, or the empty string."""
    return relative.rpartition("/")[0]


def spoken(relative: str) -> str:
    """Return the path without its suffix: what it says, not what it is."""
    return f"{directories(relative)}/{stem(relative)}"
