"""A corpus that was brought up to date is the one that would have been built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leindex_mcp import words
from leindex_mcp.records import (
    Batch,
    Chunk,
    Definition,
    DefinitionKind,
    Document,
    FileRecord,
    Fingerprint,
    SkipReason,
)
from leindex_mcp.search.corpus import Corpus, build
from leindex_mcp.search.corpus_update import files_weave, updated
from leindex_mcp.store import batch_columns


@dataclass(frozen=True)
class Content:
    """What a file of the model holds."""

    texts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    stems: tuple[str, ...] = ()
    language: str | None = None


Model = Mapping[str, Content]

PATHS = ["a.py", "a/b.py", "a/load_tree.py", "src/éa.js", "src/loader.js", "tests/a_test.py"]
PATHS += ["tests/b.py", "z"]
WORDS = ["load", "tree", "load_tree", "loadTrees", "parser", "parse_config", "x", "", "naïve", "b" * 30, "a"]
WORDS += ["b" * 29, "42", "the", "a " * 300]

CONTENTS = st.builds(
    Content,
    texts=st.lists(st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join), max_size=3).map(tuple),
    names=st.lists(st.sampled_from(WORDS), max_size=4).map(tuple),
    stems=st.lists(st.sampled_from(["a", "b", "loader", "z"]), max_size=3, unique=True).map(tuple),
    language=st.sampled_from([None, "python", "javascript", "ada"]),
)
MODELS = st.dictionaries(st.sampled_from(PATHS), CONTENTS)


def corpus_of(model: Model) -> Corpus:
    """Build from nothing; files come in the order of the model, as a batch may have them."""
    documents = tuple(_document(relative, content) for relative, content in model.items())
    texts = [text for content in model.values() for text in content.texts]
    counts = words.count(texts)
    rows = [[len(text) / 7, len(text.split()), -1.3] for text in texts]
    vectors = np.array(rows, np.float32).reshape(-1, 3)
    return build(*batch_columns(Batch(documents, words.keyword_terms(counts), vectors)))


def _document(relative: str, content: Content) -> Document:
    chunks = [
        Chunk(relative, ordinal, 10 * ordinal + 1, 10 * ordinal + len(text), text, content.language, None)
        for ordinal, text in enumerate(content.texts)
    ]
    kinds = list(DefinitionKind)
    definitions = [
        Definition(name, kinds[len(name) % 3], 5 * place + 1) for place, name in enumerate(content.names)
    ]
    return Document(
        FileRecord(relative, Fingerprint(1, 2, 3, 4)),
        content_hash=7,
        language=content.language,
        chunks=tuple(chunks),
        definitions=tuple(definitions),
        import_stems=content.stems,
        skip=None if chunks else SkipReason.BINARY,
    )


@settings(max_examples=150, deadline=None)
@given(old=MODELS, fresh=MODELS, removed=st.sets(st.sampled_from(PATHS)))
@example(old={}, fresh={}, removed=set())
@example(old={"z": Content(("load",), ("load",))}, fresh={}, removed={"z"})
def test_an_update_equals_a_new_build(old: Model, fresh: Model, removed: set[str]):
    """Files added, changed, removed and renamed: every array of the result, its type included."""
    model = {path: content for path, content in old.items() if path not in removed} | dict(fresh)
    before, added = corpus_of(old), corpus_of(fresh)
    files = files_weave(before.paths, added.paths, removed - fresh.keys())

    found = updated(before, added, files).arrays()

    expected = corpus_of(model).arrays()
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        assert found[name].dtype == array.dtype, name
        assert np.array_equal(found[name], array), name
