"""(question, code) pairs that a source file holds: what its author wrote about a piece, and the piece."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from leindex_mcp.extract.definitions import find_heads
from leindex_mcp.records import DefinitionKind
from leindex_mcp.words import split
from training.comments import STYLES, Comment, find_comments, summary

CODE_CHARS = 1_600
_BODY_LINES = 60
_STATEMENT_LINES = 14
_CLOSERS = re.compile(
    r"\s*([)\]}]|end\b|else|elif|except|finally|catch|rescue|ensure|when\b|where\b|\{|then\b|do\b|fi\b|done\b|esac\b)"
)
_DOCSTRING = re.compile(r"\s*[rRuU]?(\"\"\"|''')")
_ATTRIBUTE = re.compile(r"\s*(@\w|#\[|\[[A-Z]|template\s*<|\w[\w-]* ::|export$|public$|inline$|static$)")


@dataclass(frozen=True, slots=True)
class Pair:
    """One question with the code that answers it."""

    kind: str  #: doc, inline, module, name, test, readme or commit
    question: str  #: empty for `name`: the symbol's words are the question
    symbol: str  #: the defined name, or empty
    code: str  #: without the question's own text


@dataclass(frozen=True, slots=True)
class _Head:
    line: int  #: 0-based
    end: int  #: the line after the body
    name: str
    kind: DefinitionKind


def mine(text: str, language: str) -> Iterator[Pair]:
    """Yield the pairs of one file, in the order of its lines."""
    lines = text.split("\n")
    comments = find_comments(lines, STYLES[language])
    heads = [
        _Head(row, body_end(lines, row), head.definition.name, head.definition.kind)
        for head in find_heads(text, language)
        for row in [head.definition.line - 1]
    ]
    taken: set[int] = set()
    yield from _of_module(lines, comments, taken)
    yield from _of_heads(lines, comments, heads, taken)
    yield from _of_statements(lines, [c for c in comments if c.first not in taken and not c.is_block], heads)


def _of_module(lines: list[str], comments: list[Comment], taken: set[int]) -> Iterator[Pair]:
    """The first comment that reads as prose above all code is about the file."""
    for comment in comments[:2]:
        above = [
            line
            for line in lines[: comment.first]
            if line.strip() and not line.lstrip().startswith(("#", "<?", "//", "/*", "*", " *"))
        ]
        about = None if above else summary(comment.text)
        stands_apart = comment.end >= len(lines) or not lines[comment.end].strip()
        if about and (stands_apart or _DOCSTRING.match(comment.text)):
            taken.add(comment.first)
            yield Pair("module", about, "", "\n".join(lines[comment.end :])[:CODE_CHARS])
            return


def _of_heads(
    lines: list[str], comments: list[Comment], heads: list[_Head], taken: set[int]
) -> Iterator[Pair]:
    """A definition pairs with the comment above or the docstring below it; without either, with its name."""
    above = {comment.end: comment for comment in comments}
    below = {comment.first: comment for comment in comments if comment.is_block}
    for head in heads:
        comment = above.get(_first_attribute(lines, head.line)) or _docstring(lines, head, below)
        body = lines[head.line : head.end]
        if comment and head.line < comment.first:
            body = lines[head.line : comment.first] + lines[comment.end : max(head.end, comment.end)]
        code = "\n".join(body)[:CODE_CHARS]
        question = summary(comment.text) if comment else None
        if comment and question and len(code) > 30 and comment.first not in taken:
            taken.add(comment.first)
            yield Pair("doc", question, head.name, code)
        elif head.kind is not DefinitionKind.VALUE and len(code) > 120 and len(split(head.name)) > 1:
            yield Pair("name", "", head.name, code)


def _first_attribute(lines: list[str], row: int) -> int:
    """Go up over decorators, attributes and signatures, which stand between comment and definition."""
    top = row
    while top > 0 and row - top < 6 and _ATTRIBUTE.match(lines[top - 1]):
        top -= 1
    return top


def _docstring(lines: list[str], head: _Head, below: dict[int, Comment]) -> Comment | None:
    """Return the string that is the first statement of the body, in languages that have such."""
    for row in range(head.line + 1, min(head.line + 15, len(lines))):
        if row in below:
            return below[row] if lines[row - 1].rstrip().endswith(":") else None
    return None


def _of_statements(lines: list[str], comments: list[Comment], heads: list[_Head]) -> Iterator[Pair]:
    """A comment inside a body pairs with the statements up to the next gap, under its function's head."""
    for comment in comments:
        question = summary(comment.text)
        if not question or len(question.split()) < 4:
            continue
        code = _paragraph(lines, comment.end)
        inside = [head for head in heads if head.line < comment.first < head.end]
        if len(code) >= 40 and inside:
            head = inside[-1]
            yield Pair("inline", question, head.name, f"{lines[head.line].strip()[:120]}\n{code}")


def _paragraph(lines: list[str], first: int) -> str:
    end = first
    while end < min(first + _STATEMENT_LINES, len(lines)) and lines[end].strip():
        if end > first and lines[end].lstrip().startswith(("//", "#", "--", "/*")):
            break
        end += 1
    return "\n".join(lines[first:end])


def body_end(lines: list[str], first: int) -> int:
    """Return the line after the body that begins at *first*, by indentation alone.

    The body goes on over blank and deeper lines and over closers (`}`, `end`, `else`); other lines at the
    head's own depth belong to it only before anything deeper has come (a signature over several lines).
    """
    depth = _indent(lines[first])
    end = first + 1
    went_deeper = False
    for row in range(first + 1, min(first + _BODY_LINES, len(lines))):
        line = lines[row]
        if not line.strip():
            continue
        if _indent(line) > depth:
            went_deeper = True
        elif _indent(line) < depth or (
            not _CLOSERS.match(line) and (went_deeper or row - first > 4 or not lines[row - 1].strip())
        ):
            break
        end = row + 1
    return end


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
