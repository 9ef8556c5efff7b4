"""The notation of patterns says blanks and parts, and leaves the rest to regular expressions."""

from __future__ import annotations

import re

import pytest

from leindex_mcp.extract.notation import expand


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("def <name>", r"def[ \t]++(\w+)"),
        ("<name> ?=", r"(\w+)[ \t]*+="),
        (r"[ <a>]\ <name>", r"[ <a>]\ (\w+)"),
        (r"[^\] ] x", r"[^\] ][ \t]++x"),
        (r"(?<= a)(?P<path>x)(?<!b)", r"(?<=[ \t]++a)(?P<path>x)(?<!b)"),
        ("<outer>", r"[(\w+)[ \t]*+]".replace("[(", "(").replace("+]", "+")),
    ],
)
def test_a_pattern_expands(pattern: str, expected: str):
    """Blanks and parts outside of classes and escapes mean something else."""
    assert expand(pattern, {"name": r"(\w+)", "outer": "<name> ?"}) == expected


def test_blanks_stay_within_the_line():
    """A head that ends its line must not reach into the next."""
    assert re.fullmatch(expand("a b ?c", {}), "a \t bc")
    assert not re.fullmatch(expand("a b ?c", {}), "a\nb c")


def test_an_unknown_part_is_a_mistake_of_ours():
    """A misspelt part must not silently match itself."""
    with pytest.raises(KeyError):
        expand("<nmae>", {"name": "x"})
