"""Languages: which one a file is written in, and what people call them."""

from __future__ import annotations

import difflib
import re

# Extensions and whole file names of each language; a name here is what answers and filters use.
_LANGUAGES: dict[str, str] = {
    "ada": ".adb .ads",
    "assembly": ".s .asm .nasm",
    "awk": ".awk",
    "bash": ".sh .bash .zsh .ksh .bats .command .bashrc .bash_profile .profile .zshrc .zprofile PKGBUILD",
    "batch": ".bat .cmd",
    "bazel": ".bzl .bazel .star BUILD WORKSPACE",
    "c": ".c .h .idc",
    "clojure": ".clj .cljs .cljc .edn",
    "cmake": ".cmake CMakeLists.txt",
    "cobol": ".cob .cbl .cpy",
    "coffeescript": ".coffee",
    "cpp": ".cc .cpp .cxx .c++ .hh .hpp .hxx .h++ .ipp .inl .tpp .txx .cppm .ixx .ino",
    "crystal": ".cr",
    "csharp": ".cs .csx .cake",
    "css": ".css",
    "csv": ".csv .tsv",
    "cuda": ".cu .cuh",
    "cython": ".pyx .pxd .pxi",
    "d": ".d .di",
    "dart": ".dart",
    "diff": ".diff .patch",
    "dockerfile": ".dockerfile Dockerfile Containerfile",
    "eex": ".eex .leex .heex",
    "elisp": ".el",
    "elixir": ".ex .exs",
    "elm": ".elm",
    "erb": ".erb .rhtml",
    "erlang": ".erl .hrl .escript",
    "fish": ".fish",
    "fortran": ".f .for .f77 .f90 .f95 .f03 .f08",
    "fsharp": ".fs .fsi .fsx",
    "gdscript": ".gd",
    "gleam": ".gleam",
    "glsl": ".glsl .vert .frag .geom .comp .hlsl .wgsl .metal",
    "go": ".go",
    "gomod": "go.mod go.work",
    "graphql": ".graphql .gql .graphqls",
    "groovy": ".groovy .gradle .gvy Jenkinsfile",
    "handlebars": ".hbs .handlebars .mustache",
    "haskell": ".hs .lhs .hsc .hs-boot",
    "haxe": ".hx",
    "html": ".html .htm .xhtml",
    "ini": ".ini .cfg .conf .properties .editorconfig .desktop .service",
    "java": ".java",
    "javascript": ".js .jsx .mjs .cjs .es6 .jsm",
    "jinja": ".jinja .jinja2 .j2",
    "json": ".json .jsonc .json5 .jsonl .geojson .webmanifest .babelrc .eslintrc .prettierrc",
    "jsonnet": ".jsonnet .libsonnet",
    "julia": ".jl",
    "jupyter": ".ipynb",
    "just": ".just justfile Justfile",
    "kotlin": ".kt .kts .ktm",
    "latex": ".tex .sty .cls .bib",
    "less": ".less",
    "liquid": ".liquid",
    "lisp": ".lisp .lsp .cl",
    "lua": ".lua .rockspec .luau",
    "make": ".mk .mak .make Makefile makefile GNUmakefile",
    "markdown": ".md .markdown .mdx .mdown .mkd .rmd .qmd",
    "matlab": ".matlab",
    "meson": "meson.build meson_options.txt",
    "nim": ".nim .nims .nimble",
    "nix": ".nix",
    "objective-c": ".m .mm",
    "ocaml": ".ml .mli .mll .mly",
    "odin": ".odin",
    "org": ".org",
    "pascal": ".pas .pp .dpr .lpr",
    "perl": ".pl .pm .t .pod",
    "php": ".php .phtml .php5 .phpt",
    "powershell": ".ps1 .psm1 .psd1",
    "prisma": ".prisma",
    "prolog": ".pro .plt",
    "proto": ".proto",
    "puppet": ".epp",
    "purescript": ".purs",
    "python": ".py .pyi .pyw .pyde SConstruct SConscript wscript",
    "qml": ".qml",
    "r": ".r",
    "racket": ".rkt",
    "raku": ".raku .rakumod",
    "requirements": "requirements.txt constraints.txt",
    "rst": ".rst",
    "ruby": ".rb .rake .gemspec .ru .podspec .jbuilder Gemfile Rakefile Podfile Vagrantfile Brewfile",
    "rust": ".rs",
    "sass": ".scss .sass",
    "scala": ".scala .sc .sbt",
    "scheme": ".scm .ss .sld",
    "smarty": ".tpl",
    "solidity": ".sol",
    "sql": ".sql .ddl .psql .pgsql .plsql .mysql",
    "starlark": ".sky",
    "stylus": ".styl",
    "svelte": ".svelte",
    "swift": ".swift",
    "systemverilog": ".sv .svh",
    "tcl": ".tcl .tk",
    "terraform": ".tf .tfvars .hcl",
    "text": ".txt .text README LICENSE COPYING NOTICE AUTHORS CHANGELOG TODO",
    "thrift": ".thrift",
    "toml": ".toml Cargo.lock Pipfile poetry.lock uv.lock",
    "tsx": ".tsx",
    "twig": ".twig",
    "typescript": ".ts .mts .cts",
    "typst": ".typ",
    "v": ".v .vsh",
    "vala": ".vala .vapi",
    "vb": ".vb .vbs .bas",
    "vhdl": ".vhd .vhdl",
    "vim": ".vim .vimrc vimrc",
    "vue": ".vue",
    "wat": ".wat .wast",
    "xml": ".xml .xsd .xsl .xslt .svg .plist .csproj .fsproj .vbproj .props .targets .resx .xaml .wsdl",
    "yaml": ".yaml .yml .clang-format .clang-tidy",
    "zig": ".zig .zon",
}

_ALIASES: dict[str, str] = {
    "c#": "csharp",
    "c++": "cpp",
    "cc": "cpp",
    "cs": "csharp",
    "cxx": "cpp",
    "docker": "dockerfile",
    "ex": "elixir",
    "f#": "fsharp",
    "golang": "go",
    "gradle": "groovy",
    "hcl": "terraform",
    "hs": "haskell",
    "ipynb": "jupyter",
    "js": "javascript",
    "jsx": "javascript",
    "kt": "kotlin",
    "makefile": "make",
    "md": "markdown",
    "node": "javascript",
    "notebook": "jupyter",
    "objc": "objective-c",
    "objectivec": "objective-c",
    "protobuf": "proto",
    "ps1": "powershell",
    "py": "python",
    "python3": "python",
    "rb": "ruby",
    "rs": "rust",
    "scss": "sass",
    "sh": "bash",
    "shell": "bash",
    "tex": "latex",
    "tf": "terraform",
    "ts": "typescript",
    "verilog": "systemverilog",
    "viml": "vim",
    "yml": "yaml",
    "zsh": "bash",
}

# Programs of a `#!` line whose name is not the language's own name or alias.
_INTERPRETERS: dict[str, str] = {
    "bun": "javascript",
    "dash": "bash",
    "deno": "typescript",
    "escript": "erlang",
    "gawk": "awk",
    "iex": "elixir",
    "ksh": "bash",
    "luajit": "lua",
    "nodejs": "javascript",
    "pwsh": "powershell",
    "pypy": "python",
    "rscript": "r",
    "runghc": "haskell",
    "runhaskell": "haskell",
    "swipl": "prolog",
    "tclsh": "tcl",
    "ts-node": "typescript",
    "tsx": "typescript",
    "uv": "python",
    "wish": "tcl",
}

_BY_NAME = {name: language for language, names in _LANGUAGES.items() for name in names.split()}
_SHEBANG = re.compile(r"#![ \t]*(?:\S*/)?(?:env(?:[ \t]+-\S+|[ \t]+\w+=\S*)*[ \t]+)?(?:\S*/)?([^\s/]+)")
_CPP_HEADER = re.compile(
    r"\n[ \t]*(?:template[ \t]*<|namespace\b|class[ \t]+\w|using[ \t]|(?:public|private|protected):)"
)


def known_languages() -> tuple[str, ...]:
    """Return the names of all languages that a file can be given, in alphabetical order."""
    return tuple(_LANGUAGES)


def find_language(name: str) -> str | None:
    """Return the language that people mean by *name* (``js``, ``C++``, ``py``), or None."""
    wanted = name.strip().lower().removeprefix(".")
    if wanted in _LANGUAGES:
        return wanted
    return _ALIASES.get(wanted) or _BY_NAME.get(f".{wanted}")


def suggest_language(name: str) -> str | None:
    """Return the language whose name or alias is closest to *name*, or None when nothing is near."""
    near = difflib.get_close_matches(name.strip().lower(), [*_LANGUAGES, *_ALIASES], n=1)
    return find_language(near[0]) if near else None


def language_of(relative: str, text: str = "") -> str | None:
    """Tell the language of a file by its name, else by the ``#!`` line of its text; None when unknown."""
    name = relative.rpartition("/")[2]
    language = _by_file_name(name)
    if language is None and text.startswith("#!"):
        return _by_shebang(text[:200])
    if language == "c" and name.endswith((".h", ".H")) and _CPP_HEADER.search(text):
        return "cpp"
    return language


def _by_file_name(name: str) -> str | None:
    """Look up the whole name, then each suffix from the longest: ``Dockerfile.dev``, ``a.test.ts``."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    extension = name[name.rfind(".") :].lower() if "." in name else ""
    return _BY_NAME.get(extension) or _BY_NAME.get(name.partition(".")[0])


def _by_shebang(text: str) -> str | None:
    match = _SHEBANG.match(text)
    if match is None:
        return None
    program = match[1].lower().rstrip("0123456789.-")
    return _INTERPRETERS.get(program) or find_language(program)
