"""A corpus is flat arrays, and its masks and names mean what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from leindex_mcp.records import DefinitionKind
from leindex_mcp.search.corpus import Corpus
from leindex_mcp.search.question import parse
from leindex_mcp.search.ranking import rank
from leindex_mcp.search.strings import Strings

FILES = {
    "src/app/config.py": ["def parse_config(path):\n    return read(path)", "class Settings:\n    pass"],
    "src/server.js": ["start parse_config"],
    "src/app.txt": ["words"],
    "empty.bin": [],
}
DEFINES = {
    "src/app/config.py": [("parse_config", DefinitionKind.FUNCTION, 1), ("Settings", DefinitionKind.TYPE, 3)]
}


@pytest.fixture
def corpus(make_corpus):
    """Four files, one of them without text."""
    return make_corpus(FILES, defines=DEFINES)


def test_a_corpus_survives_being_taken_apart_and_mapped(corpus, tmp_path):
    """What the writer publishes and a reader maps must answer alike."""
    arrays = {}
    for name, array in corpus.arrays().items():
        np.save(tmp_path / f"{name}.npy", array)
        arrays[name] = np.load(tmp_path / f"{name}.npy", mmap_mode="r")

    mapped = Corpus.from_arrays(arrays)

    for text in ("parse_config", "how is the config read", "src/server.js"):
        question, vector = parse(text), np.array([1, 0], np.float32)
        assert rank(mapped, question, vector) == rank(corpus, question, vector)
    assert list(mapped.paths) == sorted(FILES)


def test_a_missing_array_is_named(corpus):
    """A damaged view must be told from a bug."""
    arrays = corpus.arrays()
    del arrays["postings.terms"]

    with pytest.raises(KeyError, match=r"postings\.terms"):
        Corpus.from_arrays(arrays)


def test_an_empty_corpus_answers_nothing(make_corpus):
    """An index without files is no error."""
    corpus = make_corpus({})

    assert rank(corpus, parse("anything"), np.array([1, 0], np.float32)) == []


def kept(corpus, mask):
    """Return the paths that a mask leaves."""
    return [path for path, is_kept in zip(corpus.paths, mask, strict=True) if is_kept]


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        ("src/app", ["src/app/config.py"]),
        ("src/app/", ["src/app/config.py"]),
        ("src", ["src/app.txt", "src/app/config.py", "src/server.js"]),
        ("", sorted(FILES)),
        ("nowhere", []),
    ],
)
def test_a_sub_tree_is_what_lies_below_a_directory(corpus, directory, expected):
    """`src/app` is a directory, `src/app.txt` is not in it."""
    assert kept(corpus, corpus.under(directory)) == expected


def test_languages_are_masks(corpus):
    """An unknown language matches nothing; files without a language match none."""
    assert kept(corpus, corpus.in_language("python")) == ["src/app/config.py"]
    assert kept(corpus, corpus.in_language("cobol")) == []


def test_a_path_is_found_by_its_end(corpus):
    """`app.txt` ends at a slash; `p.txt` does not."""
    assert [corpus.paths[i] for i in corpus.paths_ending_with("app.txt")] == ["src/app.txt"]
    assert [corpus.paths[i] for i in corpus.paths_ending_with("src/server.js")] == ["src/server.js"]
    assert len(corpus.paths_ending_with("p.txt")) == 0
    assert len(corpus.paths_ending_with("src")) == 0


def test_rare_words_have_the_higher_idf(corpus):
    """Encoders without learned rarity weigh a question's words by it."""
    assert corpus.idf("settings") > corpus.idf("parse")


def test_the_outline_of_a_file_is_its_definitions(corpus):
    """Snippets read it; names come in the order of the lines."""
    outline = corpus.outline(list(corpus.paths).index("src/app/config.py"))

    assert [(line, outline.name(i)) for i, line in enumerate(outline.lines)] == [
        (1, "parse_config"),
        (3, "Settings"),
    ]


def test_a_file_that_defines_a_name_twice_holds_it_once(make_corpus):
    """Overloads must not make a name look common."""
    twice = [("open", DefinitionKind.FUNCTION, 1), ("open", DefinitionKind.FUNCTION, 2)]

    names = make_corpus({"a.py": ["x\ny"], "b.py": ["x"]}, defines={"a.py": twice}).names

    assert names.holders.tolist() == [0]
    assert len(names.defining("open")) == 2


def test_names_are_found_by_exact_spelling(corpus):
    """`settings` is not `Settings`."""
    found = corpus.names.defining("Settings")

    assert corpus.names.line[found].tolist() == [3]
    assert len(corpus.names.defining("settings")) == 0
    assert corpus.names.texts[int(corpus.names.name[found[0]])] == "Settings"


@example(["\ud800", "a\udc80", "", "\0"])
@given(st.lists(st.text()))
def test_any_strings_come_back(texts):
    """Undecodable file names hold lone surrogates, and an empty string is not a missing one."""
    strings = Strings.of(texts)

    assert list(strings) == texts
    assert [strings[i] for i in range(len(strings))] == texts
