"""Import stems: the names of files that the import lines of a text point at."""

from __future__ import annotations

import re
from collections.abc import Iterator

from leindex_mcp.extract.import_forms import IMPORT_FORMS
from leindex_mcp.extract.languages import language_of

_MAX_STEMS = 500  # of one file; only generated sources import more
_RENAMED = re.compile(r"\bas\s+\w+|=>\s*\w+")
_SEPARATORS = str.maketrans({"\\": ".", "/": ".", ":": "."})  # of names, as in a::b, A\B, a/b
_DOTTED_NAME = re.compile(r"[\w.]+")
_VERSION = re.compile(r"(?:^|\.)v\d+$")
_PATH_SEPARATOR = re.compile(r"[/:\\]")
_INNER_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Words of import lines that are syntax, or files that stand for their directory.
_NOISE = frozenset(
    {"alias", "as", "by", "cimport", "const", "crate", "extern", "from", "function", "global", "import"}
    | {"include", "index", "init", "mod", "open", "pub", "qualified", "require", "self", "static", "super"}
    | {"type", "typeof", "use", "using"}
)
# What `use a::b::C` names may be an item C of the file b.
_LAST_PARTS = {"rust": 2}
# Files of these languages are named in snake case after the module, which is written in capitals.
_SNAKE_CASE_FILES = frozenset({"crystal", "elixir", "ruby"})


def find_import_stems(text: str, language: str | None) -> tuple[str, ...]:
    r"""Return the stems of files that the import lines of *text* name, in order, without repeats.

    ``from a.b import c`` gives b and c, ``#include "x/y.h"`` gives y. A name may as well be a class or a
    package: nothing is looked up. Line ends are all ``\n``. Languages without import lines give none.
    """
    if language not in IMPORT_FORMS:
        return ()
    stems: dict[str, None] = {}
    for stem in _stems("\n" + text, language):
        stems[stem] = None
        if len(stems) == _MAX_STEMS:
            break
    return tuple(stems)


def _stems(text: str, language: str) -> Iterator[str]:
    matches = [match for form in IMPORT_FORMS[language] for match in form.finditer(text)]
    for match in sorted(matches, key=re.Match.start):
        found = match[match.lastindex or 0]
        is_path = match.lastgroup == "path"
        for stem in _stem_of_path(found) if is_path else _last_parts(found, _LAST_PARTS.get(language, 1)):
            yield _snake_case(stem) if language in _SNAKE_CASE_FILES else stem


def _last_parts(line: str, count: int) -> list[str]:
    """Take the last *count* parts of each dotted name of an import line."""
    plain = _RENAMED.sub(" ", line).translate(_SEPARATORS)
    names = [[part for part in name.split(".") if part.strip("_")] for name in _DOTTED_NAME.findall(plain)]
    return [part for parts in names for part in parts[-count:] if _is_stem(part)]


def _stem_of_path(path: str) -> list[str]:
    """Take the last part without its extension; before a version or an index file, the part before it."""
    for part in reversed(_PATH_SEPARATOR.split(path)):
        name = _VERSION.sub("", part.lstrip("$."))
        stem = name.rpartition(".")[0] if "." in name and language_of(name) is not None else name
        if _is_stem(stem):
            return [stem]
    return []


def _is_stem(name: str) -> bool:
    return name.lstrip("_")[:1].isalpha() and name not in _NOISE


def _snake_case(name: str) -> str:
    return _INNER_CAPITAL.sub("_", name).lower()
