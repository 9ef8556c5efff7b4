"""Import forms: how each language names other files, as patterns with a group `names` or `path`."""

from __future__ import annotations

import re

from leindex_mcp.extract.notation import expand

# `names`: dotted names among words of syntax; each stands for its last part.
# `path`: one path, which stands for its last part without extension.
_PYTHON = r"(?P<names>from [.\w]+ import ?(?:\([^)]{0,4000}+\)|[^\n#;(]+)|c?import [^\n#;]+)"
_DOTTED = r"(?P<names>import (?:(?:static|qualified|type) )?[^\n;#]+)"
_RUST = r"(?:pub(?:\([^)\n]*\))? )?(?P<names>use [^;]{1,2000}+;|mod \w+ ?;|extern crate \w+)"
_CSHARP = r"(?:global )?(?P<names>using (?:static )?[\w.= \t]+;)"
_ELIXIR = r"(?P<names>(?:alias|import|use|require) [A-Z][\w.]*+(?:\{[^}]{1,1000}+\})?)"
_HASKELL = r'import (?:\{-#[^#\n]*#-\} )?(?:safe )?(?:qualified )?(?:"[^"\n]*" )?(?P<names>[A-Z][\w.]*)'
_JULIA = r'(?:(?P<names>(?:using|import) [^\n#]+)|include\("(?P<path>[^"\n]+))'
_OPEN = r"(?P<names>(?:open|include)!? [A-Z][\w.]*)"
_PERL = r"(?P<names>(?:use|require) [A-Z][\w:]*)"
_PHP = (
    r"(?:(?P<names>use (?:(?:function|const) )?[\w\\, {}\n]{1,2000}+;)"
    r"|(?:return )?(?:require|include)(?:_once)?[^\n;'\"]{0,80}['\"](?P<path>[^'\"\n]+))"
)
_BASH = r"(?:source|\.|load) [\"']?(?P<path>[^\s;&|\"']+)"
_CMAKE = r"(?i:include|add_subdirectory|find_package) ?\( ?(?P<path>[\w./-]+)"
_CSS = r"@(?:import|use|forward) (?:url\()?['\"](?P<path>[^'\"\n]+)"
_DART = r"(?:import|export|part) (?:of )?['\"](?P<path>[^'\"\n]+)"
_ERLANG = r'-(?:include|include_lib|import|behaviou?r) ?\( ?"?(?P<path>[^",)\n]+)'
_GO = r'(?:import ?\(? ?)?(?:[\w.]+ )?"(?P<path>[\w./~@-]+)"(?= ?(?:\n|//))'
_INCLUDE = r'# ?(?:include|import) ?[<"](?P<path>[^>"\n]+)'
_JAVASCRIPT = r"(?:(?:import|export)\b[^'\"`;()=]{0,2000}+|\} ?from ?)['\"](?P<path>[^'\"\n]+)"
_PROTO = r'(?:import|include) (?:public |weak )?"(?P<path>[^"\n]+)'
_R = r"(?:library|require|source)\( ?['\"]?(?P<path>[^'\"\n)]+)"
_RUBY = (
    r"(?:require|require_relative|load|(?:eager_)?autoload(?=[ \t(]+:\w+,))"
    r"(?:[ \t(]+:\w+,)?[ \t(]*['\"](?P<path>[^'\"\n]+)"
    r"|(?:eager_)?autoload[ \t(]+:(?P<names>\w+)"
)

_LINES: dict[str, str] = {
    "bash": _BASH,
    "bazel": r'load\( ?"(?P<path>[^"\n]+)',
    "c": _INCLUDE,
    "cmake": _CMAKE,
    "cpp": _INCLUDE,
    "crystal": _RUBY,
    "csharp": _CSHARP,
    "css": _CSS,
    "cuda": _INCLUDE,
    "cython": _PYTHON,
    "d": _DOTTED,
    "dart": _DART,
    "elixir": _ELIXIR,
    "elm": _DOTTED,
    "erlang": _ERLANG,
    "fsharp": _OPEN,
    "glsl": _INCLUDE,
    "go": _GO,
    "groovy": _DOTTED,
    "haskell": _HASKELL,
    "java": _DOTTED,
    "javascript": _JAVASCRIPT,
    "julia": _JULIA,
    "kotlin": _DOTTED,
    "less": _CSS,
    "nim": _PYTHON,
    "objective-c": _INCLUDE,
    "ocaml": _OPEN,
    "perl": _PERL,
    "php": _PHP,
    "proto": _PROTO,
    "purescript": _HASKELL,
    "python": _PYTHON,
    "r": _R,
    "ruby": _RUBY,
    "rust": _RUST,
    "sass": _CSS,
    "scala": _DOTTED,
    "svelte": _JAVASCRIPT,
    "swift": rf"(?:@\w+ )*{_DOTTED}",
    "thrift": _PROTO,
    "tsx": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "vue": _JAVASCRIPT,
}

# Calls that import, wherever they stand in a line; each begins with a plain word, which is fast to search.
_JAVASCRIPT_CALLS = (
    r"require ?\( ?['\"](?P<path>[^'\"\n]+)",
    r"import ?\( ?['\"](?P<path>[^'\"\n]+)",
)
_CALLS: dict[str, tuple[str, ...]] = {
    "javascript": _JAVASCRIPT_CALLS,
    "lua": (r"require ?\(? ?['\"](?P<names>[^'\"\n]+)",),
    "nix": (r"import (?P<path>[\w./-]+)",),
    "svelte": _JAVASCRIPT_CALLS,
    "tsx": _JAVASCRIPT_CALLS,
    "typescript": _JAVASCRIPT_CALLS,
    "vue": _JAVASCRIPT_CALLS,
    "zig": (r'@import\("(?P<path>[^"\n]+)',),
}


def _compile(language: str) -> tuple[re.Pattern[str], ...]:
    """Compile the forms of a language; lines begin with a newline, like the heads of definitions."""
    lines = [rf"\n[ \t]*+(?:{expand(_LINES[language], {})})"] if language in _LINES else []
    return tuple(
        re.compile(form) for form in (*lines, *(expand(call, {}) for call in _CALLS.get(language, ())))
    )


IMPORT_FORMS: dict[str, tuple[re.Pattern[str], ...]] = {
    language: _compile(language) for language in sorted({*_LINES, *_CALLS})
}
