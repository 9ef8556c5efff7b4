"""Which lines are shown: the definition around what was found."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.extract.document import extract_text
from leindex_mcp.records import Definition, DefinitionKind, FileRecord, Fingerprint
from leindex_mcp.search.outline import Outline, Place, enclosing
from leindex_mcp.search.question import parse
from leindex_mcp.search.snippet import MAX_PLACE_LINES, fold, snap
from leindex_mcp.search.syntax import Syntax

HEAD = re.compile(r"\s*(?:export |async |static |public )*(?:def|class|function|func|int|module) (\w+)")


def outline_of(lines):
    """Read the definitions of the few forms that are used here."""
    found = [
        Definition(match[1], DefinitionKind.FUNCTION, number)
        for number, line in enumerate(lines, 1)
        if (match := HEAD.match(line))
    ]
    return Outline.of(found)


def snapped(text, focus):
    """Snap to the line that holds *focus*."""
    lines = text.strip("\n").split("\n")
    line = next(number for number, line in enumerate(lines, 1) if focus in line)
    return snap(lines, outline_of(lines), 1, len(lines), parse("anything"), focus_line=line)


PYTHON = '''
import os

LIMIT = 3


class Jar:
    """Holds cookies."""

    size = 1

    # the lid
    @property
    def open(
        self,
        wide,
    ):
        if wide:
            return deep(
                wide
            )

        return 1

    def close(self):
        return 2


def outside():
    def inside():
        return 3

    return inside
'''
C = """
/* Opens it.
 * Slowly. */
int open_jar(int a,
             int b)
{
#ifdef WIDE
  wide();
#endif
out:
  return a;
}

int other(void) {
  return 2;
}
"""
JAVASCRIPT = """
// setup
export function load({
  path,
}) {
  return path;
}

class Jar {
  static function open() {
    run();
  }
}
"""
RUBY = """
module Kitchen
  class Jar
    def open
      1
    end

    def close
      2
    end
  end
end
"""


@pytest.mark.parametrize(
    ("text", "focus", "place"),
    [
        (PYTHON, "return 1", Place(11, 22, "Jar.open")),
        (PYTHON, "deep(", Place(11, 22, "Jar.open")),
        (PYTHON, "the lid", Place(11, 22, "Jar.open")),
        (PYTHON, "return 2", Place(24, 25, "Jar.close")),
        (PYTHON, "size = 1", Place(6, 25, "Jar")),
        (PYTHON, "return 3", Place(29, 30, "outside.inside")),
        (PYTHON, "return inside", Place(28, 32, "outside")),
        (C, "wide()", Place(1, 11, "open_jar")),
        (C, "return a", Place(1, 11, "open_jar")),
        (C, "Slowly", Place(1, 11, "open_jar")),
        (C, "return 2", Place(13, 15, "other")),
        (JAVASCRIPT, "return path", Place(1, 6, "load")),
        (JAVASCRIPT, "run()", Place(9, 11, "Jar.open")),
        (RUBY, "1", Place(3, 5, "Kitchen.Jar.open")),
    ],
)
def test_a_line_is_shown_with_its_definition(text, focus, place):
    """Comment and decorators above, the closing line below, and the names around it."""
    assert snapped(text, focus) == place


@pytest.mark.parametrize(
    ("path", "text", "shown"),
    [
        ("a.c", "int open(void)\n{\n#define SIZE 9\n    return wanted;\n}\n", ("open", 1, 5)),
        ("a.c", "#define SIZE \\\n    wanted\n\nint other;\n", ("SIZE", 1, 2)),
        ("a.c", "#define SIZE 9\nint open(void)\n{\n    return wanted;\n}\n", ("open", 2, 5)),
        ("a.rs", "impl<T> Jar<T>\nwhere\n    T: Lid,\n{\n    // wanted\n}\n", ("Jar", 1, 6)),
        ("a.rb", "def open\n  one\nrescue Error\n  wanted\nend\n", ("open", 1, 5)),
        ("A.java", "class Jar {\n  int open();\n\n  int wanted();\n}\n", ("Jar.wanted", 4, 4)),
        ("A.java", "class Jar {\n  Jar wanted()\n  {}\n}\n", ("Jar.wanted", 2, 3)),
        ("a.go", "func one() {\n}\n\nconst (\n\tTwo = 2\n\tWanted = 3\n)\n", ("Wanted", 6, 6)),
        ("a.sh", "export ONE=1\nif true; then\n  export WANTED=2\nfi\n", ("WANTED", 3, 3)),
    ],
)
def test_a_place_ends_where_its_definition_does(path, text, shown):
    """By lines alone: directives, clauses at the margin, one-liners, and what has ended before."""
    document = extract_text(FileRecord(path, Fingerprint(0, 0, 0, 0)), text, 0)
    lines = text.rstrip("\n").split("\n")
    line = next(number for number, line in enumerate(lines, 1) if "wanted" in line.lower())

    place = enclosing(lines, Outline.of(document.definitions), line)

    assert (place.symbol, place.start_line, place.end_line) == shown


@pytest.mark.parametrize("focus", ["import os", "LIMIT"])
def test_a_line_outside_of_definitions_is_shown_with_its_chunk(focus):
    """There is nothing to snap to; the blank lines at the ends go."""
    lines = PYTHON.split("\n")

    place = snap(lines, outline_of(lines), 1, 5, parse(focus))

    assert place == Place(2, 4, None)


def test_a_focus_outside_of_the_chunk_is_shown_alone():
    """The file has changed since, and nothing at the line says what it belongs to."""
    assert snap(["a", "b", "c", "d"], Outline.of([]), 1, 2, parse("a"), focus_line=4) == Place(4, 4, None)


def test_the_line_with_most_words_of_the_question_decides():
    """The chunk holds two functions; the question is about the second."""
    lines = PYTHON.strip("\n").split("\n")

    place = snap(lines, outline_of(lines), 11, 32, parse("how to close"))

    assert place.symbol == "Jar.close"


def test_without_a_word_of_the_question_the_first_definition_is_shown():
    """A chunk that was found by its vector alone may share no word."""
    lines = PYTHON.strip("\n").split("\n")

    assert snap(lines, outline_of(lines), 9, 31, parse("zebra")).symbol == "Jar.open"


def test_a_long_definition_is_shown_by_the_chunk_in_it():
    """A class of a thousand lines is no answer; its name still is."""
    lines = ["class Jar:", *[f"    x{i} = {i}" for i in range(MAX_PLACE_LINES + 100)]]

    place = snap(lines, outline_of(lines), 50, 60, parse("x52"))

    assert place == Place(50, 60, "Jar")


@given(
    st.lists(
        st.sampled_from(["", "def f():", "  x = 1", "\tdef g():", "}", "# note", "class A:", "label:"]),
        max_size=25,
    ),
    st.lists(st.integers(1, 40), max_size=5),
    st.integers(-2, 40),
    st.integers(-2, 40),
    st.integers(-2, 40) | st.none(),
)
def test_whatever_the_text_has_become_the_place_is_in_it(lines, definitions, first, last, focus):
    """The file may have changed since: lines and definitions of the index need not fit it."""
    outline = Outline.of(Definition(f"d{line}", DefinitionKind.FUNCTION, line) for line in definitions)

    place = snap(lines, outline, first, last, parse("note"), focus_line=focus)

    assert 1 <= place.start_line <= place.end_line <= max(len(lines), 1)
    if focus is not None and 1 <= focus <= len(lines):
        assert place.start_line <= focus <= place.end_line


def test_a_short_body_is_shown_whole():
    """Folding three lines saves nothing."""
    assert fold(["a", "", "b"], parse("b"), 3) == [0, 1, 2]


def test_a_long_body_is_folded_around_what_matches():
    """The signature stays, comments above it need not; then the lines that match, then the first ones."""
    lines = [
        "# about",
        "def jar():",
        *["    pass"] * 20,
        "    open_lid()",
        *["    pass"] * 20,
        "    return lid",
    ]

    shown = fold(lines, parse("open the lid"), 3)

    assert [lines[i] for i in shown] == ["def jar():", "    open_lid()", "    return lid"]


@pytest.mark.parametrize("with_tree", [True, False])
def test_a_part_of_a_long_definition_tells_where_it_begins(with_tree):
    """The reader is shown the signature, wherever the lines that were found stand."""
    text = "@cached\ndef jar():\n" + "".join(f"    step_{i}()\n" for i in range(MAX_PLACE_LINES + 10))
    lines = text.split("\n")
    tree = Syntax.of(text, "python") if with_tree else None

    place = snap(lines, outline_of(lines), 60, 70, parse("step_65"), syntax=tree)

    assert (place.start_line, place.end_line, place.symbol, place.at) == (60, 70, "jar", 2)


def test_a_line_that_is_repeated_is_shown_once():
    """Overloads repeat their comment: another line says more."""
    lines = ["def f():", " # the jar lid", " a", " # the jar lid", " b", " # the jar lid", " jar = 1", " c"]

    assert fold(lines, parse("jar lid"), 4) == [0, 1, 2, 6]
    assert fold(["x", "jar", "jar", "jar"], parse("jar"), 3) == [0, 1, 2]
