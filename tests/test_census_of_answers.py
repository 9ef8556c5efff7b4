"""The count beside an answer says "complete" only when it is, whatever the files and the question hold."""

from __future__ import annotations

import json

import pytest

from leindex_mcp import LeIndex

NOTEBOOK = {"cells": [{"cell_type": "code", "source": ["open_jar('x')\n", 'say("hi")\n'], "outputs": []}]}
TREE = {
    "a.py": "def open_jar(lid):\n    return open_jar, '$lid', lid.save!\n",
    "b.js": 'say("hi"); const OpenJar = 1; // größe\n',
    "c.txt": "connection  reset\n" + "y" * 1500 + "x" * 3000 + "open_jar" + "x" * 3000 + " tail_name\n",
    "long.js": "a=1;" * 600 + "z" * 2990 + ".middle_name." + "z" * 3000 + "\n",
    "n.ipynb": json.dumps({**NOTEBOOK, "metadata": {}}, indent=1),
    "o.ipynb": json.dumps({"cells": [{"source": "def seal():\n    return 'wax'\n"}]}),
    "data.bin": b"\0open_jar",
    "empty.py": "",
    "d.css": ".big-jar { --big-jar: 1 } .big-jar-lid .x-big-jar { jar: var(--big-jar) }\n",
}


@pytest.fixture
def project(make_tree) -> LeIndex:
    """An indexed project with what is hard to count."""
    project = LeIndex(make_tree(TREE))
    project.index()
    return project


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("where is open_jar used", "`open_jar`: 3 matches in 2 files (complete)"),
        ("I cannot find open_jar!", "`open_jar`: 3 matches in 2 files (complete)"),
        ("Open_Jar", "`Open_Jar`: 0 anywhere in 8 files"),
        ("where is OpenJar set", "`OpenJar`: 1 match in 1 file (complete)"),
        ('who logs "connection  reset"', '"connection  reset": 1 match in 1 file (complete)'),
        ('who logs "connection reset"', '"connection reset": 0 anywhere in 8 files'),
        ('where is "$lid" read', '"$lid": 1 match in 1 file (complete)'),
        ('where is "größe" said', '"größe": 1 match in 1 file (complete)'),
        (
            "who has \"seal():\n    return 'wax'\"",
            "\"seal():\n    return 'wax'\": 1 match in 1 file (complete)",
        ),
        ("big-jar", "`big-jar`: 3 matches in 1 file (complete)"),
        ("where is `big-jar` used", "`big-jar`: 3 matches in 1 file (complete)"),
        ("where is tail_name", "`tail_name`: 1 match in 1 file (complete)"),
        ("where is middle_name", "`middle_name`: 1 match in 1 file (complete)"),
        ("who calls \"open_jar('x')\"", "\"open_jar('x')\": 1 match in 1 file (complete)"),
    ],
)
def test_the_count_is_that_of_the_text_on_disk(project, question, line):
    """Spelling, blanks, signs, lines cut into chunks, and cells of a notebook."""
    assert line in project.search(question).census


def test_an_edit_is_counted_or_the_count_is_not_called_complete(project):
    """A file that gained the name a moment ago is what a caller asks about."""
    project.search("open_jar")
    (project.root / "late.py").write_text("open_jar()\n")
    (project.root / "b.js").write_text("open_jar()\n")

    (line,) = project.search("open_jar").census

    assert line == "`open_jar`: 5 matches in 4 files (complete)" or "complete" not in line


def test_a_count_under_filters_is_one_of_the_files_that_they_leave(project):
    """What is nowhere is nowhere among these."""
    (line,) = project.search("open_jar", include=["*.js"]).census

    assert line == "`open_jar`: 0 anywhere in 2 files"


def test_a_hit_in_a_notebook_is_a_definition_of_its_cell(project):
    """By its JSON, the first lines of the file were taken for a signature."""
    cell = ["import jars\n", "\n", "def seal_lid(jar):\n", "    jar.lid = 'wax'\n", "    return jar\n"]
    notebook = {"cells": [{"cell_type": "code", "source": cell, "outputs": []}], "metadata": {}}
    (project.root / "seal.ipynb").write_text(json.dumps(notebook, indent=1))

    hit = project.search("seal_lid")[0]

    assert (hit.path, hit.symbol) == ("seal.ipynb", "seal_lid")
    assert hit.text.startswith('    "def seal_lid(jar):')
    assert hit.text.endswith('return jar\\n"')
