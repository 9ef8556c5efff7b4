"""Where the definitions of a text begin and end, told by its syntax tree; the only home of tree-sitter.

The names and lines of definitions come from the outline, for all languages alike; the tree says how far one
reaches and what stands around it. Without the grammars, or where a tree does not know the definition,
`outline.enclosing` goes by indentation.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from leindex_mcp.search.outline import MAX_HEAD_LINES, Outline, Place, head, heading

if TYPE_CHECKING:
    from tree_sitter import Language, Node

MAX_CHARACTERS = 100_000  # that are parsed for one answer: about 15 ms
_SLOW = {"perl": 8}  # times the time that a character of most languages takes
_KEPT_TREES = 16  # a tree takes about ten times the memory of its text
# The grammar of a language, where its name is another one.
_GRAMMARS = {"bazel": "starlark", "cuda": "cpp", "jinja": "jinja2", "objective-c": "objc", "terraform": "hcl"}
# What holds definitions without being one of them: bodies, groups, conditions.
_BODY = re.compile(
    r"(?:^|_)(?:body|body_statement|block|list|declarations|statements|suite|members|object|array|hash|"
    r"dictionary|table_constructor|compound_statement|parameters)$|^(?:ERROR|const_declaration)$|"
    r"^(?:preproc_(?:if|ifdef|else|elif)|if|elif|else|elseif|unless|for|foreach|while|until|switch|case|try)(?:_|$)"
)
_WRAPPER = re.compile(r"decorated|export|template|attributed|declaration|statement|definition")
_QUALIFIER = re.compile(r"\W+")


@dataclass(frozen=True, slots=True)
class Syntax:
    """The syntax tree of one text."""

    root: Node
    cost: int  #: characters, as many of them as would have taken as long in most languages

    @classmethod
    def of(cls, text: str, language: str | None, most: int = MAX_CHARACTERS) -> Syntax | None:
        """Parse a text, or remember having parsed it; None if it is too large or there is no grammar."""
        if language is None or _cost(text, language) > most:
            return None
        return _parsed(text, language)

    def enclosing(self, lines: Sequence[str], outline: Outline, line: int) -> Place | None:
        """Return the innermost definition that holds the line, as `outline.enclosing` does."""
        at = heading(lines, outline, line)
        row = (outline.lines[at] if at is not None else line) - 1
        if row >= len(lines):
            return None
        found: list[int] = []
        inner = None
        margin = lines[row][: len(lines[row]) - len(lines[row].lstrip())]
        for node in self._around(row, len(margin.encode())):
            i = None if _BODY.search(node.type) else _defined_by(node, outline)
            if i is not None and i not in found:
                inner = inner or node
                found.append(i)
        if inner is None or _is_contradicted(outline, row + 1, outline.lines[found[0]]):
            return None
        whole = _whole(inner)
        first, last = whole.start_point[0] + 1, whole.end_point[0] + (whole.end_point[1] > 0)
        while last > first and not lines[last - 1].strip():
            last -= 1
        symbol = ".".join(outline.name(i) for i in reversed(found))
        return Place(head(lines, first), max(last, first), symbol, outline.lines[found[0]])

    def _around(self, row: int, column: int) -> Iterator[Node]:
        """Yield the nodes that hold a character, the innermost first, the root left out."""
        # A character, not a point: at a point, an invisible token may end that belongs to what is before.
        node = self.root.descendant_for_point_range((row, column), (row, column + 1))
        while node is not None and node.parent is not None:
            yield node
            node = node.parent


def use_directory(directory: Path) -> None:
    """Let the grammars be unpacked below a directory of ours, unless the user names another one."""
    os.environ.setdefault("SEMBLE_GRAMMARS_CACHE_DIR", str(directory))


def _is_contradicted(outline: Outline, line: int, at: int) -> bool:
    """Return whether the line defines something, and not what the tree takes it for: it was misread."""
    return at != line and bool(outline.between(line, line))


def _defined_by(node: Node, outline: Outline) -> int | None:
    """Return the first definition whose name stands in the node, outside of any body."""
    first = node.start_point[0] + 1
    last = min(node.end_point[0] + 1, first + MAX_HEAD_LINES)
    named = (i for i in outline.between(first, last) if _names(node, outline.lines[i] - 1, outline.name(i)))
    return next(named, None)


def _names(node: Node, row: int, name: str) -> bool:
    """Return whether a name stands on a row of the node, outside of any body."""
    waiting = [node]
    while waiting:
        for child in waiting.pop().children:
            if not child.start_point[0] <= row <= child.end_point[0] or _BODY.search(child.type):
                continue
            if not child.child_count:
                text = (child.text or b"").decode("utf-8", "replace")
                if text.strip("`") == name or name in _QUALIFIER.split(text):
                    return True
            waiting.append(child)
    return False


def _whole(node: Node) -> Node:
    """Return the node with what it is only the head of, and with the decorators or modifiers around it."""
    while (outer := node.parent) is not None and outer.parent is not None and not _BODY.search(outer.type):
        begins_with = outer.start_point == node.start_point
        wraps = outer.end_point == node.end_point and _WRAPPER.search(outer.type)
        if not begins_with and not wraps:
            break
        node = outer
    return node


@lru_cache(_KEPT_TREES)
def _parsed(text: str, language: str) -> Syntax | None:
    grammar = _grammar(_GRAMMARS.get(language, language))
    if grammar is None:
        return None
    import tree_sitter  # noqa: PLC0415  # a library that the first reply does not wait for

    # A parser of its own for each text: two threads may be answering.
    tree = tree_sitter.Parser(grammar).parse(text.encode("utf-8", "surrogatepass"))
    return Syntax(tree.root_node, _cost(text, language))


def _cost(text: str, language: str) -> int:
    return len(text) * _SLOW.get(language, 1)


@lru_cache(None)
def _grammar(name: str) -> Language | None:
    """Return a grammar; None where there is none of this name, or none for this system."""
    try:
        import semble_grammars  # noqa: PLC0415  # a library that the first reply does not wait for
    except ImportError:
        return None
    try:
        language: Language = semble_grammars.get_language(name)
    except (
        semble_grammars.GrammarLoadError,
        semble_grammars.LanguageNotFoundError,
        semble_grammars.UnsupportedPlatformError,
        ValueError,
    ):
        return None
    return language
