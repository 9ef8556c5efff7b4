"""(question, code) pairs from where a project states purposes: the names of its tests, and its README."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leindex_mcp.extract.definitions import find_heads
from leindex_mcp.records import DefinitionKind
from leindex_mcp.words import split
from training.comments import reads_as_prose
from training.pairs import CODE_CHARS, Pair, body_end

_SENTENCE = re.compile(
    r"\s*(?:it|test|describe|context|specify|scenario|should)\b\s*\(?\s*([\"'`])(.{12,120}?)\1"
)
_TESTING = {"test", "tests", "should", "it", "spec"}
_FEWEST_WORDS = 4  # of a test's name that says what is expected
_HEADING = re.compile(r"#{1,5}\s+(.+?)\s*#*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_LEAST_CODE = 40  # characters


def test_names(text: str, language: str) -> Iterator[Pair]:
    """Yield what each test says that it expects, with the code that shows it."""
    lines = text.split("\n")
    for row, line in enumerate(lines):
        stated = _SENTENCE.match(line)
        if stated and reads_as_prose(stated[2]):
            yield from _below("test", stated[2], lines, row)
    for head in find_heads(text, language):
        words = split(head.definition.name)
        says = len(words) > _FEWEST_WORDS and not _TESTING.isdisjoint((words[0], words[-1]))
        if says and head.definition.kind is DefinitionKind.FUNCTION:
            question = " ".join(word for word in words if word not in _TESTING)
            yield from _below("test", question, lines, head.definition.line - 1)


def _below(kind: str, question: str, lines: list[str], row: int) -> Iterator[Pair]:
    code = "\n".join(lines[row + 1 : body_end(lines, row)])[:CODE_CHARS]
    if len(code) >= _LEAST_CODE:
        yield Pair(kind, question, "", code)


def readme(text: str) -> Iterator[Pair]:
    """Yield each block of code under a heading, asked for by the heading and the line before the block."""
    heading, said, block, is_code = "", "", list[str](), False
    for line in text.split("\n"):
        if _FENCE.match(line):
            code = "\n".join(block)[:CODE_CHARS]
            question = f"{heading} {said}".strip()
            if is_code and len(code) >= _LEAST_CODE and reads_as_prose(question):
                yield Pair("readme", question[:300], "", code)
            is_code, block = not is_code, []
        elif is_code:
            block.append(line)
        elif found := _HEADING.match(line):
            heading, said = found[1], ""
        elif line.strip():
            said = line.strip()
