"""How often the place of a line, by indentation and by syntax tree, is the definition that the grammar names.

The oracle knows a grammar's kinds of definitions; the contenders know the names and lines of definitions.
Lines of code are drawn, no comments; a definition that is a mere value counts as right wherever it stands.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from measure import save

_CLASSES = "class_declaration interface_declaration enum_declaration"
_TYPESCRIPT = f"{_CLASSES} function_declaration method_definition type_alias_declaration"
_KINDS = {
    "bash": "function_definition",
    "csharp": f"{_CLASSES} struct_declaration record_declaration method_declaration constructor_declaration",
    "go": "function_declaration method_declaration type_spec",
    "java": f"{_CLASSES} method_declaration constructor_declaration record_declaration",
    "javascript": "function_declaration generator_function_declaration class_declaration method_definition",
    "kotlin": "class_declaration object_declaration function_declaration",
    "lua": "function_declaration",
    "php": f"{_CLASSES} trait_declaration function_definition method_declaration",
    "python": "function_definition class_definition",
    "ruby": "method singleton_method class module",
    "rust": "function_item struct_item enum_item trait_item impl_item mod_item macro_definition union_item",
    "scala": "class_definition object_definition trait_definition function_definition enum_definition",
    "swift": "class_declaration function_declaration protocol_declaration init_declaration",
    "tsx": _TYPESCRIPT,
    "typescript": f"{_TYPESCRIPT} abstract_class_declaration",
    "zig": "function_declaration",
}
_NAMELESS = ("simple_identifier", "type_identifier", "identifier", "constant")
_NO_CODE = ("comment", "string", "attribute", "annotation")
_LARGEST = 100_000


class _Definition(NamedTuple):
    """What the oracle says of one definition."""

    start_line: int
    end_line: int
    name: str


def definitions(root: object, kinds: set[str]) -> Iterator[_Definition]:
    """Yield what the grammar calls a definition."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if node.type not in kinds:
            continue
        name = node.child_by_field_name("name") or node.child_by_field_name("type")
        name = name or next((child for child in node.children if child.type in _NAMELESS), None)
        text = name.text.decode("utf-8", "replace") if name else ""
        last = node.end_point[0] + (node.end_point[1] > 0)
        yield _Definition(node.start_point[0] + 1, last, re.sub(r"<.*|`|.*[.:]", "", text))


def code_lines(root: object, lines: list[str]) -> list[int]:
    """Return the numbers of the lines that are neither blank nor part of a comment or string."""
    other: set[int] = set()
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if any(kind in node.type for kind in _NO_CODE):
            other.update(range(node.start_point[0] + 1, node.end_point[0] + 2))
        else:
            waiting += node.children
    return [number for number, line in enumerate(lines, 1) if line.strip() and number not in other]


def verdict(place: object, expected: _Definition | None, weak: set[str]) -> str:
    """Say how a place compares with the definition that the oracle names."""
    if place is None:
        return "agrees" if expected is None else "none"
    name = place.symbol.rpartition(".")[2]
    if expected is None or name != expected.name:
        return "agrees" if name in weak else "another" if expected else "one too many"
    return "agrees" if place.end_line == expected.end_line else "another end"


def compare(path: Path, language: str, counts: dict[str, Counter[str]], dice: random.Random) -> None:
    """Draw lines of one file and count the verdicts on both."""
    from leindex_mcp.extract.document import extract_text
    from leindex_mcp.records import FileRecord, Fingerprint
    from leindex_mcp.search.outline import Outline, enclosing
    from leindex_mcp.search.syntax import Syntax

    text = path.read_text("utf-8", "replace").replace("\r\n", "\n")
    tree = Syntax.of(text, language)
    if tree is None or tree.root.has_error:
        return
    document = extract_text(FileRecord(path.name, Fingerprint(0, 0, 0, 0)), text, 0)
    outline, lines = Outline.of(document.definitions), text.split("\n")
    weak = {definition.name for definition in document.definitions if definition.kind == "value"}
    known = list(definitions(tree.root, set(_KINDS[language].split())))
    code = code_lines(tree.root, lines)
    for line in dice.sample(code, min(12, len(code))):
        around = [found for found in known if found.start_line <= line <= found.end_line]
        expected = min(around, key=lambda found: found.end_line - found.start_line, default=None)
        counts["indentation"][verdict(enclosing(lines, outline, line), expected, weak)] += 1
        counts["tree"][verdict(tree.enclosing(lines, outline, line), expected, weak)] += 1


def main() -> None:
    """Compare on every language that a directory of projects holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", type=Path, help="a directory of projects, such as the DEV corpora")
    parser.add_argument("--files", type=int, default=120, help="of each language")
    arguments = parser.parse_args()
    from leindex_mcp.extract.languages import language_of

    by_language: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(arguments.tree.rglob("*")):
        language = language_of(path.name)
        if language in _KINDS and path.is_file() and 300 <= path.stat().st_size <= _LARGEST:
            by_language[language].append(path)
    result = {}
    with tempfile.TemporaryDirectory() as grammars:
        os.environ["SEMBLE_GRAMMARS_CACHE_DIR"] = grammars
        for language, paths in sorted(by_language.items()):
            dice = random.Random(1)
            counts = {"indentation": Counter(), "tree": Counter()}
            for path in dice.sample(paths, min(arguments.files, len(paths))):
                compare(path, language, counts, dice)
            result[language] = {name: dict(counter) for name, counter in counts.items()}
            shares = {name: c["agrees"] / max(c.total(), 1) for name, c in counts.items()}
            print(
                f"{language:12} lines {counts['tree'].total():5}",
                *(f"{n} {s:6.1%}" for n, s in shares.items()),
            )
    save("places", {"verdicts": result})


if __name__ == "__main__":
    main()
