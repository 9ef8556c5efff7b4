"""A place told by a syntax tree: right where indentation misleads, in more than twenty languages."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp import LeIndex
from leindex_mcp.extract.document import extract_text
from leindex_mcp.records import FileRecord, Fingerprint
from leindex_mcp.search.outline import Outline
from leindex_mcp.search.syntax import MAX_CHARACTERS, Syntax

# A definition within another where the language has that, its body written without indentation where the
# language allows it: lines tell nothing then. The line to find holds `wanted`.
TEXTS = {
    "a.py": (
        "Jar.open",
        "class Jar:\n  def open(self,\n  wide):\n    x = '''\nlow\n'''\n    return wanted\n",
    ),
    "a.js": ("Jar.open", "class Jar {\nopen() {\nif (a) {\n}\nreturn wanted;\n}\n}\n"),
    "a.ts": ("Jar.open", "class Jar {\nopen(): number {\nif (a) {\n}\nreturn wanted;\n}\n}\n"),
    "a.tsx": ("Jar", "function Jar() {\nif (a) {\n}\nreturn <div>{wanted}</div>;\n}\n"),
    "a.go": ("open", "package a\n\nfunc open() int {\nif a {\n}\nreturn wanted\n}\n"),
    "a.rs": ("Jar.open", "impl Jar {\nfn open() -> u8 {\nif a {\n}\nwanted\n}\n}\n"),
    "A.java": ("Jar.open", "class Jar {\nint open() {\nif (a) {\n}\nreturn wanted;\n}\n}\n"),
    "a.c": ("open", "int open(void)\n{\nif (a) {\n}\nreturn wanted;\n}\n"),
    "a.cpp": ("Jar.open", "class Jar {\nint open() {\nif (a) {\n}\nreturn wanted;\n}\n};\n"),
    "a.cs": ("Jar.Open", "class Jar {\nint Open() {\nif (a) {\n}\nreturn wanted;\n}\n}\n"),
    "a.rb": ("Jar.open", "class Jar\ndef open\nif a\nend\nwanted\nend\nend\n"),
    "a.php": ("Jar.open", "<?php\nclass Jar {\nfunction open() {\nif ($a) {\n}\nreturn $wanted;\n}\n}\n"),
    "a.swift": ("Jar.open", "class Jar {\nfunc open() -> Int {\nif a {\n}\nreturn wanted\n}\n}\n"),
    "a.kt": ("Jar.open", "class Jar {\nfun open(): Int {\nif (a) {\n}\nreturn wanted\n}\n}\n"),
    "a.scala": ("Jar.open", "object Jar {\ndef open(): Int = {\nif (a) {\n}\nwanted\n}\n}\n"),
    "a.lua": ("open", "local function open()\nif a then\nend\nreturn wanted\nend\n"),
    "a.sh": ("open_jar", "open_jar() {\nif true; then\ntrue\nfi\necho wanted\n}\n"),
    "a.ex": ("Jar.open", "defmodule Jar do\ndef open(a) do\nif a do\nend\nwanted\nend\nend\n"),
    "a.zig": ("open", "fn open() u8 {\nif (a) {\n}\nreturn wanted;\n}\n"),
    "a.dart": ("Jar", "class Jar {\nint size = 1;\nint wanted = 2;\n}\n"),
    "a.jl": ("open_jar", "function open_jar(a)\nif a\nend\nwanted\nend\n"),
    "a.pl": ("open_jar", "sub open_jar {\nif ($a) {\n}\nreturn $wanted;\n}\n"),
    "a.ps1": ("Open-Jar", "function Open-Jar {\nif ($a) {\n}\nreturn $wanted\n}\n"),
    "a.groovy": ("Jar.open", "class Jar {\ndef open() {\nif (a) {\n}\nreturn wanted\n}\n}\n"),
    "a.sol": ("Jar.open", "contract Jar {\nfunction open() public {\nif (a) {\n}\nwanted();\n}\n}\n"),
    "a.ml": ("open_jar", "let open_jar a =\nif a then\nwanted a\nelse 1\n"),
    "a.proto": ("Jar", 'syntax = "proto3";\nmessage Jar {\nint32 size = 1;\nint32 wanted = 2;\n}\n'),
}


def outlined(path, text):
    """Return the lines and the outline of a text, as answering has them."""
    document = extract_text(FileRecord(path, Fingerprint(0, 0, 0, 0)), text, 0)
    return document.language, text.split("\n"), Outline.of(document.definitions)


@pytest.mark.parametrize("path", TEXTS)
def test_the_tree_knows_where_a_definition_ends_and_what_stands_around_it(path):
    """Braces and keywords decide, as for the compiler; more than twenty languages, none of them fetched."""
    symbol, text = TEXTS[path]
    language, lines, outline = outlined(path, text)
    line = next(number for number, text_line in enumerate(lines, 1) if "wanted" in text_line)
    tree = Syntax.of(text, language)
    assert tree is not None

    place = tree.enclosing(lines, outline, line)

    assert place is not None
    assert place.symbol == symbol
    names = [outline.name(i) for i in range(len(outline.lines))]
    assert place.start_line == outline.lines[names.index(symbol.rpartition(".")[2])]
    closed_around_it = 0 if path == "a.py" else symbol.count(".")
    assert place.end_line == len(text.rstrip("\n").split("\n")) - closed_around_it


def test_what_stands_above_a_definition_belongs_to_it():
    """Decorators, attributes and the comment are part of what a reader wants."""
    text = "x = 1\n\n# the lid\n@cached\ndef open():\n    return 1\n"
    language, lines, outline = outlined("a.py", text)
    tree = Syntax.of(text, language)

    for line in (3, 4, 5, 6):
        place = tree.enclosing(lines, outline, line)
        assert (place.start_line, place.end_line, place.symbol) == (3, 6, "open")


def test_a_line_outside_of_all_definitions_is_in_none():
    """Module level is no definition."""
    text = "def open():\n    return 1\n\n\nrun(open)\n"
    language, lines, outline = outlined("a.py", text)

    assert Syntax.of(text, language).enclosing(lines, outline, 5) is None


@pytest.mark.parametrize(
    ("path", "text", "symbol"),
    [
        ("a.h", "#ifndef A_H\n#define SIZE 1\nclass Jar {\nint wanted;\n};\n#endif\n", "Jar"),
        ("a.c", "int open(void)\n{\n#define SIZE 9\nreturn wanted;\n}\n", "open"),
        ("a.cpp", "LID(open)\n{\nauto res = close(1);\nint other(int);\nreturn wanted;\n}\n", None),
        ("a.php", "<?php\nif (!exists()) {\nfunction one() {\n}\nfunction two() {\nwanted();\n}\n}\n", "two"),
        ("a.go", "package a\nconst (\nOne = 1\n// wanted\n\nTwo = 2\n)\n", None),
        ("a.sh", "if true; then\nexport ONE=1\nexport TWO=wanted\nfi\n", "TWO"),
    ],
)
def test_what_stands_around_definitions_is_not_named_by_the_first_of_them(path, text, symbol):
    """Include guards, conditions, groups and bodies were taken for the first name in them."""
    language, lines, outline = outlined(path, text)
    line = next(number for number, text_line in enumerate(lines, 1) if "wanted" in text_line)

    place = Syntax.of(text, language).enclosing(lines, outline, line)

    assert (place and place.symbol) == symbol


def test_a_tree_that_misreads_a_definition_is_not_believed():
    """Templates of build files are no text of the grammar: line rules serve them better."""
    text = "".join(f"{name} = @{name}@\n" for name in ("ONE_DIR", "TWO_DIR", "THREE_DIR"))
    language, lines, outline = outlined("Makefile", text)

    place = Syntax.of(text, language).enclosing(lines, outline, 2)

    assert place is None or place.symbol == "TWO_DIR"


@pytest.mark.parametrize("missing", ["wheel", "room"])
def test_without_a_grammar_indentation_decides(make_tree, monkeypatch, missing):
    """There are no wheels of the grammars for every system, nor is there always a place to unpack them."""
    root = make_tree({"a.py": "def open_jar():\n    return wanted\n"})
    hide = "sys.modules['semble_grammars'] = None" if missing == "wheel" else "pass"
    monkeypatch.setenv("SEMBLE_GRAMMARS_CACHE_DIR", str(root / "a.py"))
    code = (
        f"import sys; {hide}; from leindex_mcp import LeIndex; from leindex_mcp.search.syntax import Syntax; "
        "print([hit.symbol for hit in LeIndex(sys.argv[1]).search('wanted')], Syntax.of('x = 1', 'python'))"
    )

    run = subprocess.run([sys.executable, "-c", code, root], capture_output=True, text=True, check=True)

    assert run.stdout == "['open_jar'] None\n"


def test_what_has_no_grammar_or_is_too_large_is_not_parsed():
    """Parsing is for a reader's three files, not for data."""
    assert Syntax.of("x", None) is None
    assert Syntax.of("x", "no such language") is None
    assert Syntax.of("x = 1\n" * MAX_CHARACTERS, "python") is None


@given(
    text=st.text("def clas:(){}\n\t 'é日x=1\"#", max_size=200),
    line=st.integers(1, 30),
    seen=st.text(max_size=80),
)
def test_whatever_the_text_is_the_place_is_in_it(text, line, seen):
    """A tree of broken code has error nodes, and the outline may be of another version of the file."""
    _, lines, _ = outlined("a.py", text)
    _, _, outline = outlined("a.py", seen + text)
    tree = Syntax.of(text, "python")
    line = min(line, len(lines))

    place = tree.enclosing(lines, outline, line)

    if place is not None:
        assert 1 <= place.start_line <= place.end_line <= len(lines)


def test_an_answer_parses_a_bounded_number_of_characters(make_tree):
    """Three large files would cost more than all else; the later ones are quoted by their lines."""
    code = "class Jar {\nopenJar(lid) {\nif (lid) {\n}\nreturn wanted_jar;\n}\n}\n" + "// a remark\n" * 5_000
    project = LeIndex(make_tree({"a.js": code, "b.js": code}))
    project.index()

    first, second = project.search("wanted_jar").hits

    assert first.text.endswith("return wanted_jar;\n}")
    assert second.text != first.text


def test_a_text_of_a_slow_grammar_is_parsed_only_if_it_is_short():
    """Perl's grammar takes eight times as long as others."""
    assert Syntax.of("my $x = 1;\n" * 100, "perl") is not None
    assert Syntax.of("my $x = 1;\n" * 2_000, "perl") is None
