"""A notebook is searched by its sources, each on the line of the file where it stands."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.extract.document import extract_text
from leindex_mcp.extract.notebook import sources_in_place
from leindex_mcp.records import Document, FileRecord, Fingerprint

CELLS = st.lists(st.lists(st.text(st.sampled_from('ab"\\é\t {}'), min_size=1), max_size=4), max_size=5)


def notebook(cells: list[list[str] | str], *, indent: int | None = 1, **more: object) -> str:
    """Write a notebook as Jupyter does; the output of each cell says `source` too."""
    content = {
        "cells": [
            {
                "cell_type": "code",
                "metadata": {},
                "outputs": [{"data": {"source": ["spam"]}}],
                "source": source,
            }
            for source in cells
        ],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        **more,
    }
    return json.dumps(content, indent=indent, ensure_ascii=False)


def extract(text: str) -> Document:
    """Extract a notebook."""
    return extract_text(FileRecord("a.ipynb", Fingerprint(0, 0, 0, 0)), text, 0)


@given(CELLS)
def test_each_source_line_stands_on_its_line_of_the_file(cells: list[list[str]]):
    """A hit is quoted from the file by line numbers."""
    text = notebook(cells)

    lines, language = sources_in_place(text)

    on_disk, shown = text.split("\n"), lines.split("\n")
    assert len(on_disk) == len(shown)
    assert [line for line in shown if line.strip()] == [
        source.rstrip() for cell in cells for source in cell if source.strip()
    ]
    for written, source in zip(on_disk, shown, strict=True):
        assert not source.strip() or source in json.loads(written.strip().rstrip(","))
    assert language == "python"


def test_outputs_are_not_indexed():
    """An image in base64 says nothing."""
    document = extract(notebook([["import os\n", "\n", "def f(): pass\n"]]))

    assert [chunk.text.split() for chunk in document.chunks] == [["import", "os", "def", "f():", "pass"]]
    assert [definition.name for definition in document.definitions] == ["f"]
    assert document.import_stems == ("os",)
    assert document.language == "python"


def test_a_definition_is_on_the_line_of_the_file():
    """The line of the JSON, not of the cell."""
    text = notebook([["x = 1\n", "def f(): pass\n"]])

    (definition,) = [item for item in extract(text).definitions if item.name == "f"]

    assert "def f(): pass" in text.split("\n")[definition.line - 1]


def test_a_source_may_be_one_string():
    """The format allows both."""
    assert "a = 1 b = 2" in sources_in_place(notebook(["a = 1\nb = 2\n"]))[0]


def test_a_notebook_on_one_line_is_one_line():
    """Some tools write without indentation: everything stands on line 1 then."""
    lines, _ = sources_in_place(notebook([["a = 1\n", "b = 2\n"], ["c = 3"]], indent=None))

    assert lines == "a = 1 b = 2 c = 3"


def test_the_kernel_tells_the_language():
    """Not every notebook is Python."""
    assert sources_in_place(notebook([["x"]], metadata={"kernelspec": {"language": "Julia"}}))[1] == "julia"
    assert sources_in_place(notebook([["x"]], metadata={}))[1] == "python"
    assert sources_in_place(notebook([["x"]], metadata={"language_info": {"name": "klingon"}}))[1] == "python"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        "3",
        "[" * 100_000,
        '{"cells": 3}',
        '{"cells": [3]}',
        '{"cells": [{"source": 3}]}',
        '{"cells": [{"source": [3]}]}',
        '{"cells": [], "metadata": []}',
    ],
)
def test_what_is_no_notebook_is_indexed_as_it_is(text: str):
    """A broken file is still found by its words."""
    lines, language = sources_in_place(text)

    assert (lines, language) == (text, "json")
