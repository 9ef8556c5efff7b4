"""A file's language is told by its name, else by its first line; people name languages in many ways."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.extract.languages import find_language, known_languages, language_of, suggest_language

BY_NAME = {
    "src/app.py": "python",
    "types.pyi": "python",
    "index.js": "javascript",
    "view.jsx": "javascript",
    "lib.mjs": "javascript",
    "main.ts": "typescript",
    "main.d.ts": "typescript",
    "View.tsx": "tsx",
    "main.go": "go",
    "lib.rs": "rust",
    "Main.java": "java",
    "build.gradle.kts": "kotlin",
    "main.c": "c",
    "main.cc": "cpp",
    "main.hpp": "cpp",
    "Program.cs": "csharp",
    "app.rb": "ruby",
    "Gemfile": "ruby",
    "index.php": "php",
    "App.swift": "swift",
    "App.scala": "scala",
    "Main.hs": "haskell",
    "mix.exs": "elixir",
    "init.lua": "lua",
    "main.zig": "zig",
    "build.zig.zon": "zig",
    "run.sh": "bash",
    ".bashrc": "bash",
    "schema.sql": "sql",
    "page.html": "html",
    "style.css": "css",
    "style.scss": "sass",
    "README.md": "markdown",
    "README": "text",
    "ci.yml": "yaml",
    "pyproject.toml": "toml",
    "package.json": "json",
    "Dockerfile": "dockerfile",
    "Dockerfile.dev": "dockerfile",
    "Makefile": "make",
    "CMakeLists.txt": "cmake",
    "requirements.txt": "requirements",
    "UPPER.PY": "python",
    "a.b.c.rs": "rust",
    "notebook.ipynb": "jupyter",
}


@pytest.mark.parametrize("name", BY_NAME)
def test_a_name_tells_the_language(name: str):
    """The text is not even looked at."""
    assert language_of(f"some/directory.py/{name}") == BY_NAME[name]


@pytest.mark.parametrize("name", ["data.bin", "noextension", "archive.tar.gz", ".hidden", "", "trailing."])
def test_an_unknown_name_tells_none(name: str):
    """Such a file is cut like any text."""
    assert language_of(name) is None


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("#!/usr/bin/env python3\n", "python"),
        ("#!/usr/bin/python3.11 -u\n", "python"),
        ("#! /bin/sh\n", "bash"),
        ("#!/usr/bin/env -S node --harmony\n", "javascript"),
        ("#!/usr/bin/env -S uv run --script\n", "python"),
        ("#!/usr/bin/env FOO=1 ruby\n", "ruby"),
        ("#!/usr/bin/perl -w\n", "perl"),
        ("#!/usr/local/bin/Rscript\n", "r"),
        ("#!/opt/unknown/tool\n", None),
        ("#!\n", None),
        ("print('no line')\n", None),
    ],
)
def test_a_script_without_extension_is_told_by_its_first_line(line: str, language: str | None):
    """Programs in bin/ have no extension."""
    assert language_of("bin/tool", line) == language


def test_an_extension_wins_over_the_first_line():
    """The name is what a person filters by."""
    assert language_of("tool.rb", "#!/usr/bin/env python3\n") == "ruby"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("#pragma once\nnamespace fmt {\n", "cpp"),
        ("#pragma once\n  template <typename T>\n", "cpp"),
        ("#pragma once\nstruct point { int x; };\n", "c"),
    ],
)
def test_a_header_is_told_by_its_text(text: str, language: str):
    """C and C++ share the extension."""
    assert language_of("include/a.h", text) == language


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("js", "javascript"),
        ("TypeScript", "typescript"),
        ("ts", "typescript"),
        (" py ", "python"),
        ("c++", "cpp"),
        ("C#", "csharp"),
        ("sh", "bash"),
        ("shell", "bash"),
        ("golang", "go"),
        (".rs", "rust"),
        ("yml", "yaml"),
        ("md", "markdown"),
        ("hpp", "cpp"),
        ("klingon", None),
        ("", None),
    ],
)
def test_people_name_languages_in_many_ways(name: str, language: str | None):
    """A filter must not fail for the want of the right spelling."""
    assert find_language(name) == language


@pytest.mark.parametrize(
    ("name", "language"),
    [("pyhton", "python"), ("javscript", "javascript"), ("rusty", "rust"), ("qqqq", None)],
)
def test_a_misspelt_language_has_a_suggestion(name: str, language: str | None):
    """The error of the filter asks whether this was meant."""
    assert suggest_language(name) == language


def test_known_languages_are_many_sorted_and_their_own_names():
    """The list is public: `language=` accepts each of them."""
    languages = known_languages()

    assert len(languages) >= 60
    assert list(languages) == sorted(set(languages))
    assert all(find_language(language) == language for language in languages)


@given(st.text(), st.text())
def test_any_name_and_text_are_answered(relative: str, text: str):
    """Names on disk are arbitrary."""
    assert language_of(relative, text) in {None, *known_languages()}
