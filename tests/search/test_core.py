"""How central files are: imports and mentions, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest

from leindex_mcp import words
from leindex_mcp.records import DefinitionKind
from leindex_mcp.search.core import CLIP, _standard

FUNCTION = DefinitionKind.FUNCTION


def test_a_file_that_others_import_is_more_central(make_corpus):
    """The stem in an import line points at the file; a file that names itself gains nothing."""
    files = {"a.py": ["x"], "b.py": ["x"], "c.py": ["x"], "d.py": ["x"]}

    core = make_corpus(files, imports={"a.py": ["b"], "c.py": ["b", "d"], "d.py": ["d"]}).core

    assert core[1] > core[3] > core[0]
    assert core[0] == core[2]


def test_a_file_whose_names_are_said_elsewhere_is_more_central(make_corpus):
    """Mentions in the defining file itself do not count, nor do short names, nor names of many files."""
    files = {
        "a.py": ["load_tree"],
        "b.py": ["load_tree load_tree load_tree save_tree save_tree save_tree fly fly common"],
        "c.py": ["common"],
        "d.py": ["common"],
        "e.py": ["nothing"],
    }
    defines = {
        "a.py": [("load_tree", FUNCTION, 1), ("fly", FUNCTION, 1)],
        "b.py": [("save_tree", FUNCTION, 1), ("common", FUNCTION, 1)],
        "c.py": [("common", FUNCTION, 1)],
        "d.py": [("common", FUNCTION, 1)],
    }

    core = make_corpus(files, defines=defines).core

    assert core[0] > core[1]
    assert core[1] == core[2] == core[3] == core[4]


def test_a_short_name_is_said_by_chance(make_corpus):
    """Three letters stand in any text."""
    files = {"a.py": ["fly"], "b.py": ["fly fly"], "c.py": ["x"]}

    core = make_corpus(files, defines={"a.py": [("fly", FUNCTION, 1)]}).core

    assert core[0] == core[2]


def test_an_outlier_is_clipped():
    """A file that everybody imports must not win every question."""
    values = np.zeros(1000)
    values[0] = 1e6

    assert _standard(values, np.ones(1000, bool)).max() == CLIP


def test_files_without_text_do_not_shift_the_mean(make_corpus):
    """Binary files are known by name; a thousand of them must change nothing."""
    files = {"a.py": ["x"], "b.py": ["x"]}
    imports = {"a.py": ["b"]}
    with_empty = make_corpus(files | {f"z{i}.bin": [] for i in range(20)}, imports=imports)

    assert with_empty.core[:2].tolist() == pytest.approx(make_corpus(files, imports=imports).core.tolist())


@pytest.mark.parametrize(
    ("name", "text"), [("parseConfig", "x parseConfig()"), ("parser", "the parser runs")]
)
def test_a_name_is_found_by_its_own_term(make_corpus, name, text):
    """A compound name is said as an identifier, a single word as a word."""
    files = {"a.py": ["x"], "b.py": [text], "c.py": ["x"]}

    core = make_corpus(files, defines={"a.py": [(name, FUNCTION, 1)]}).core

    assert core[0] > core[2], words.split(name)
