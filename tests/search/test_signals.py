"""Each signal alone, on a corpus small enough to score by eye."""

from __future__ import annotations

import math

import numpy as np
import pytest

from leindex_mcp.records import DefinitionKind
from leindex_mcp.search import signals
from leindex_mcp.search.evidence import gather
from leindex_mcp.search.question import parse

VECTOR = np.array([1, 0], np.float32)


@pytest.fixture
def scores(make_corpus):
    """Return a function: a signal's score of every file, by path."""

    def score(signal, question, files, vector=None, **parts):
        corpus = make_corpus(files, **parts)
        values = signal(corpus, gather(corpus, parse(question), vector, None))
        return dict(zip(corpus.paths, values.tolist(), strict=True))

    return score


def test_keyword_is_the_share_of_the_best_file(scores):
    """The best file has 1, a file without a term 0."""
    found = scores(signals.keyword, "cookie jar", {"a.py": ["cookie jar"], "b.py": ["cookie"], "c.py": ["x"]})

    assert found["a.py"] == 1
    assert 0 < found["b.py"] < 1
    assert found["c.py"] == 0


def test_meaning_is_the_cosine_of_the_best_chunk(scores):
    """A file is as near as its nearest chunk; a file without chunks is as far as the farthest."""
    files = {"a.py": ["one", "two"], "b.py": ["three"], "c.bin": []}
    vectors = [[-1, 0], [1, 0], [0, 1]]

    found = scores(signals.meaning, "anything", files, vector=VECTOR, vectors=vectors)

    assert found["a.py"] > 0.9
    assert found["c.bin"] <= found["b.py"] < 0.5


def test_meaning_is_nothing_without_a_vector(scores):
    """Keyword search goes through the same sum."""
    assert scores(signals.meaning, "anything", {"a.py": ["one"]}) == {"a.py": 0}


def test_name_adds_the_share_of_the_question_and_of_the_stem(scores):
    """`config` is the whole of one stem and half of the other, and all of the question in both."""
    found = scores(
        signals.name, "configs", {"config.py": ["x"], "src/config_file.py": ["x"], "other.py": ["x"]}
    )

    shared_by_two_of_three = math.log1p(3 / 2) / math.log1p(3)
    assert found == {
        "config.py": pytest.approx(1 + shared_by_two_of_three),
        "src/config_file.py": pytest.approx(1 + shared_by_two_of_three / 2),
        "other.py": 0,
    }


def test_a_stem_that_shares_a_common_word_says_less_than_one_that_shares_a_rare_one(scores):
    """There are thirty `types.py`, and one `kqueue.py`."""
    files = {f"{directory}/types.py": ["x"] for directory in "abcde"} | {"kqueue.py": ["x"]}

    found = scores(signals.name, "types kqueue unrelated", files)

    assert found["kqueue.py"] > 1
    assert found["a/types.py"] < 1


def test_a_file_is_lent_to_by_the_files_that_import_it(scores):
    """What they say of the question, on average; one importer that says much proves little by itself."""
    files = {path: ["x"] for path in ("core.py", "hub.py", "other.py")}
    files |= {f"use{n}.py": ["cookie jar"] for n in range(3)} | {f"idle{n}.py": ["x"] for n in range(9)}
    imports = {f"use{n}.py": ["core", "hub"] for n in range(3)} | {f"idle{n}.py": ["hub"] for n in range(9)}

    found = scores(signals.imported, "cookie jar", files, imports=imports)

    assert found["core.py"] == pytest.approx(3 / 5)
    assert found["hub.py"] == pytest.approx(3 / 14)
    assert found["other.py"] == found["use0.py"] == 0


def test_directory_counts_what_the_stem_does_not_hold(scores):
    """A word in both is the name's; only a word of the directories alone counts here."""
    files = {"config/load.py": ["x"], "config/config.py": ["x"], "load.py": ["x"]}

    found = scores(signals.directory, "config", files)

    assert found == {"config/load.py": 1, "config/config.py": 0, "load.py": 0}


def test_definition_is_exact_and_knows_weak_ones(scores):
    """A function or type counts 1, an assignment half, another spelling nothing."""
    kinds = {"a.py": DefinitionKind.TYPE, "b.py": DefinitionKind.FUNCTION, "c.py": DefinitionKind.VALUE}
    defines = {path: [("Session", kind, 1)] for path, kind in kinds.items()}
    defines["d.py"] = [("session", DefinitionKind.TYPE, 1)]

    found = scores(signals.definition, "requests.Session", {path: ["x"] for path in defines}, defines=defines)

    assert found == {"a.py": 1, "b.py": 1, "c.py": 0.5, "d.py": 0}


def test_a_strong_definition_beside_a_weak_one_counts_as_strong(scores):
    """A file may assign a name and define it too."""
    defines = {"a.py": [("run", DefinitionKind.VALUE, 1), ("run", DefinitionKind.FUNCTION, 2)]}

    assert scores(signals.definition, "run", {"a.py": ["x"]}, defines=defines) == {"a.py": 1}


def test_aside_does_not_count_when_it_is_asked_for(scores):
    """A question for tests is answered by tests."""
    files = {"tests/a.py": ["x"], "src/b.py": ["x"], "examples/c.py": ["x"]}

    assert scores(signals.aside, "cookie", files) == {"tests/a.py": 1, "src/b.py": 0, "examples/c.py": 1}
    assert scores(signals.aside, "cookie tests", files)["tests/a.py"] == 0


def test_core_does_not_ask_the_question(scores):
    """It is a property of the file."""
    files, imports = {"a.py": ["x"], "b.py": ["x"]}, {"a.py": ["b"]}

    one = scores(signals.core, "cookie", files, imports=imports)
    assert one == scores(signals.core, "b", files, imports=imports)
    assert one["b.py"] > one["a.py"]


def test_a_quoted_string_is_in_the_chunk_that_holds_all_its_words(scores):
    """Stop words too: `not of this` is a message like any other."""
    files = {"a.py": ["raise Error(not of this)"], "b.py": ["not of", "this"], "c.py": ["this"]}

    assert scores(signals.quoted, 'who says "not of this"', files) == {"a.py": 1, "b.py": 0, "c.py": 0}
    assert scores(signals.quoted, "who says not of this", files)["a.py"] == 0


def test_path_is_the_end_of_a_path(scores):
    """Who pastes a path wants that file."""
    files = {"src/a.py": ["x"], "lib/a.py": ["x"], "src/ba.py": ["x"]}

    assert scores(signals.path, "bug in src/a.py", files) == {"src/a.py": 1, "lib/a.py": 0, "src/ba.py": 0}
    assert scores(signals.path, "a.py", files) == {"src/a.py": 1, "lib/a.py": 1, "src/ba.py": 0}
