"""What a question names is counted in the text, and no file that holds it is missed."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.search.census import Wanted, asked, candidates, line, occurrences, worth_reading
from leindex_mcp.search.question import parse

NAME = Wanted("parse_config", is_name=True)
PIECES = [
    "parse_config",
    "parse",
    "_config",
    "Config",
    "re",
    "set",
    " ",
    ".",
    "\n",
    "é",
    "2",
    "parsers",
    "xre",
]
texts = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("where is parse_config used", [NAME]),
        (
            'log "connection reset" in Session',
            [Wanted("connection reset", is_name=False), Wanted("Session", is_name=True)],
        ),
        ("how are cookies parsed", []),
    ],
)
def test_names_and_strings_are_asked_for(text, expected):
    """Words of a sentence are not counted."""
    assert list(asked(parse(text))) == expected


def test_a_name_stands_alone_and_is_spelled_exactly():
    """`parse_config2` and `Parse_config` are other names."""
    text = "parse_config(parse_config) parse_config2 Parse_config x.parse_config _parse_config"

    assert occurrences(text, NAME) == 3
    assert occurrences(text, Wanted("parse_config", is_name=False)) == 5


@given(
    text=st.text("aé_ 2!", max_size=12),
    name=st.text("aé_2", min_size=1, max_size=3),
    mark=st.sampled_from(["", "!"]),
)
def test_a_name_is_counted_where_no_letter_stands_beside_it(text, name, mark):
    """The quick pattern finds what the plain one says, in overlapping places too."""
    plain = rf"(?<!\w){name}{mark}(?!\w)"

    assert occurrences(text, Wanted(name + mark, is_name=True)) == len(re.findall(plain, text))


@given(
    files=st.dictionaries(st.sampled_from(["a.py", "b.py", "parse.py"]), texts, min_size=1),
    wanted=texts,
    is_name=st.booleans(),
)
def test_no_file_that_holds_it_is_missed(make_corpus, files, wanted, is_name):
    """The index may name too many files, never too few: "complete" depends on it."""
    if not wanted.strip() or (is_name and not wanted.strip("_").isidentifier()):
        return
    corpus = make_corpus({path: [text] for path, text in files.items()})
    sought = Wanted(wanted, is_name=is_name)

    found = {corpus.paths[file] for file in candidates(corpus, sought)}

    assert {path for path, text in files.items() if occurrences(text, sought)} <= found


def test_a_rare_name_has_few_candidates(make_corpus):
    """Only files with the whole identifier are read."""
    corpus = make_corpus({"a.py": ["parse_config()"], "b.py": ["parse the config"], "c.py": ["parse_config"]})

    assert candidates(corpus, NAME).tolist() == [0, 2]
    assert candidates(corpus, NAME, np.array([True, True, False])).tolist() == [0]


def test_all_candidates_are_read_or_a_few_when_all_are_too_many():
    """A hundred files can be counted to the end; of more, the count is none, and must not cost like one."""
    assert list(worth_reading(range(100))) == list(range(100))
    assert list(worth_reading(range(101))) == list(range(20))


@pytest.mark.parametrize(
    ("counts", "among", "is_fresh", "expected"),
    [
        ([3, 0, 1], 3, True, "`parse_config`: 4 matches in 2 files (complete)"),
        ([1], 1, True, "`parse_config`: 1 match in 1 file (complete)"),
        ([], 0, True, "`parse_config`: 0 anywhere in 3,210 files"),
        ([3], 8, True, "`parse_config`: 3 matches in 1 file (1 of 8 files checked)"),
        ([], 0, False, "`parse_config`: 0 matches in 0 files (files changed since indexing are not counted)"),
    ],
)
def test_the_line_says_whether_it_is_all(counts, among, is_fresh, expected):
    """An agent greps again when it is not told that the count is complete."""
    assert line(NAME, counts, candidates=among, files=3210, is_fresh=is_fresh) == expected
