"""Import stems: the names of files that the import lines of a text point at."""

from __future__ import annotations

import re
from collections.abc import Iterable

from leindex_mcp.extract.languages import language_of

_MAX_STEMS = 500  # of one file; only generated sources import more
_WORD = re.compile(r"[^\W\d]")
_PATH_SEPARATOR = re.compile(r"[/:\\]")
_VERSION = re.compile(r"(?:^|\.)v\d+$")
_RENAMED = re.compile(r"\bas\s+\w+|=>\s*\w+")
_INNER_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# Words of import lines that are syntax, roots of a module path, or no name of a file.
_NOISE = frozenset({
    "as", "by", "crate", "from", "import", "index", "init", "mod", "pub", "qualified", "self", "static",
    "super", "type", "typeof", "use", "using",
})  # fmt: skip

# `dotted`: names and dotted paths, each of which stands for its last part, among words of syntax.
_PYTHON = r"(?:from[ \t]+[.\w]+[ \t]+import[ \t]*(?:\([^)]{0,4000}\)|[^\n#;(]+)|c?import[ \t]+[^\n#;]+)"
_DOTTED = r"import[ \t]+(?:static[ \t]+|qualified[ \t]+|type[ \t]+)?[^\n;#]+"
_RUST = r"(?:pub(?:\([^)\n]*\))?[ \t]+)?(?:use[ \t]+[^;]{1,2000};|mod[ \t]+\w+[ \t]*;|extern[ \t]+crate[ \t]+\w+)"
_CSHARP = r"(?:global[ \t]+)?using[ \t]+(?:static[ \t]+)?[\w.= \t]+;"
_PHP_USE = r"use[ \t]+(?:function[ \t]+|const[ \t]+)?[\w\\, {}\n]+;"
_ELIXIR = r"(?:alias|import|use|require)[ \t]+[A-Z][\w.]*(?:\{[^}]{1,1000}\})?"
_PERL = r"(?:use|require)[ \t]+[A-Z][\w:]*"
_OPEN = r"(?:open|include)!?[ \t]+[A-Z][\w.]*"
_JULIA = r"(?:using|import)[ \t]+[^\n#]+"

# `quoted`: a path in quotes or brackets, which stands for its last part without extension.
_JAVASCRIPT = (
    r"(?:(?:import|export)\b[^'\"`;()=]{0,4000}?(?:from[ \t]*)?['\"]"
    r"|[^\n]{0,200}?\b(?:require|import)[ \t]*\([ \t]*['\"]|\}[ \t]*from[ \t]*['\"])([^'\"\n]+)"
)
_INCLUDE = r"#[ \t]*(?:include|import)[ \t]*[<\"]([^>\"\n]+)"
_GO = r"(?:import[ \t]*\(?[ \t]*|\t)(?:[\w.]+[ \t]+)?\"([\w./~@-]+)\"(?=[ \t]*(?:\n|//|$))"
_RUBY = r"(?:require|require_relative|load|autoload[ \t(]+:\w+,)[ \t(]*['\"]([^'\"\n]+)"
_RUBY_AUTOLOAD = r"(?:eager_)?autoload[ \t(]+:(\w+)"
_LUA = r"[^\n]{0,120}?\brequire[ \t]*\(?[ \t]*['\"]([^'\"\n]+)"
_ZIG = r"[^\n]{0,120}?@(?:import|embedFile)\(\"([^\"\n]+)"
_BASH = r"(?:source|\.|load)[ \t]+([^\s;&|]+)"
_PHP_REQUIRE = r"(?:return[ \t]+)?(?:require|include)(?:_once)?[^\n;'\"]{0,80}['\"]([^'\"\n]+)"
_CSS = r"@(?:import|use|forward)[ \t]+(?:url\()?['\"]([^'\"\n]+)"
_PROTO = r"(?:import|include)[ \t]+(?:public[ \t]+|weak[ \t]+)?\"([^\"\n]+)"
_DART = r"(?:import|export|part)[ \t]+(?:of[ \t]+)?['\"]([^'\"\n]+)"
_R = r"(?:library|require|source)\([ \t]*['\"]?([^'\"\n)]+)"
_CMAKE = r"(?i:include|add_subdirectory|find_package)[ \t]*\([ \t]*([\w./-]+)"
_ERLANG = r"-(?:include|include_lib|import|behaviou?r)[ \t]*\([ \t]*\"?([^\",)\n]+)"
_HASKELL = r"import[ \t]+(?:\{-#[^#\n]*#-\}[ \t]*)?(?:safe[ \t]+)?(?:qualified[ \t]+)?(?:\"[^\"\n]*\"[ \t]+)?([A-Z][\w.]*)"

_DOTTED_FORMS: dict[str, str] = {
    "csharp": _CSHARP,
    "cython": _PYTHON,
    "d": _DOTTED,
    "elixir": _ELIXIR,
    "elm": _DOTTED,
    "fsharp": _OPEN,
    "groovy": _DOTTED,
    "haskell": _HASKELL,
    "java": _DOTTED,
    "julia": _JULIA,
    "jupyter": _PYTHON,
    "kotlin": _DOTTED,
    "lua": _LUA,
    "nim": _PYTHON,
    "ocaml": _OPEN,
    "perl": _PERL,
    "php": _PHP_USE,
    "purescript": _HASKELL,
    "python": _PYTHON,
    "rust": _RUST,
    "scala": _DOTTED,
    "swift": _DOTTED,
}
_QUOTED_FORMS: dict[str, str] = {
    "bash": _BASH,
    "c": _INCLUDE,
    "cmake": _CMAKE,
    "cpp": _INCLUDE,
    "css": _CSS,
    "cuda": _INCLUDE,
    "dart": _DART,
    "erlang": _ERLANG,
    "go": _GO,
    "javascript": _JAVASCRIPT,
    "less": _CSS,
    "objective-c": _INCLUDE,
    "php": _PHP_REQUIRE,
    "proto": _PROTO,
    "r": _R,
    "ruby": rf"(?:{_RUBY}|{_RUBY_AUTOLOAD})",
    "sass": _CSS,
    "svelte": _JAVASCRIPT,
    "thrift": _PROTO,
    "tsx": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "vue": _JAVASCRIPT,
    "zig": _ZIG,
}
# Files of these languages are named in snake case after the module, which is written in capitals.
_SNAKE_CASE_FILES = frozenset({"elixir", "ruby"})


def _compiled(forms: dict[str, str]) -> dict[str, re.Pattern[str]]:
    return {language: re.compile(rf"\n[ \t]*+{form}") for language, form in forms.items()}


_DOTTED_PATTERNS = _compiled(_DOTTED_FORMS)
_QUOTED_PATTERNS = _compiled(_QUOTED_FORMS)


def find_import_stems(text: str, language: str | None) -> tuple[str, ...]:
    """Return the stems of files that the import lines name, in order, without repeats.

    ``from a.b import c`` gives b and c, ``#include "x/y.h"`` gives y. A name may as well be a class or a
    package: nothing is looked up. Languages without import lines give none.
    """
    if language is None:
        return ()
    stems: dict[str, None] = {}
    padded = "\n" + text
    for stem in _stems(padded, language):
        stems[stem] = None
        if len(stems) == _MAX_STEMS:
            break
    return tuple(stems)


def _stems(text: str, language: str) -> Iterable[str]:
    snake = language in _SNAKE_CASE_FILES
    if language in _DOTTED_PATTERNS:
        for match in _DOTTED_PATTERNS[language].finditer(text):
            for name in _last_parts(match[match.lastindex or 0]):
                yield _snake_case(name) if snake else name
    if language in _QUOTED_PATTERNS:
        for match in _QUOTED_PATTERNS[language].finditer(text):
            stem = _stem_of_path(match[match.lastindex or 0])
            if stem:
                yield _snake_case(stem) if snake else stem


def _last_parts(line: str) -> list[str]:
    r"""Split an import line into its paths and take the last name of each: ``a.b``, ``a::b``, ``A\B``."""
    words = _RENAMED.sub(" ", line).replace("::", ".").replace("\\", ".").replace("/", ".")
    paths = re.findall(r"[\w.]+", words)
    return [name for path in paths if (name := path.rpartition(".")[2]) and name not in _NOISE and not name.isdigit()]


def _stem_of_path(path: str) -> str:
    """Take the last part without its extension; a version or an index file stands for its directory."""
    for part in reversed(_PATH_SEPARATOR.split(path)):
        name = _VERSION.sub("", part.lstrip("$."))
        stem = name.rpartition(".")[0] if "." in name and language_of(name) is not None else name
        if _WORD.match(stem) and stem not in _NOISE:
            return stem
    return ""


def _snake_case(name: str) -> str:
    return _INNER_CAPITAL.sub("_", name).lower()
