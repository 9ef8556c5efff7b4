"""The check finds what digests cannot: an index that was written whole, and wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from store.batches import DIM, ENCODER, batch, contents, document, fill, start

from leindex_mcp.errors import IndexDamagedError
from leindex_mcp.records import Batch, Document
from leindex_mcp.rounding import rounded
from leindex_mcp.store import Store
from leindex_mcp.store.columns import chunk_columns, file_columns
from leindex_mcp.store.disk import Disk
from leindex_mcp.store.generation import OpenGeneration
from leindex_mcp.store.schema import chunk_rows, file_rows
from leindex_mcp.store.snapshot import write_head

FILES = {f"{number}": 1 for number in range(8)}

pytestmark = pytest.mark.does_damage


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("files", 3, "8 files instead of 3"),
        ("chunks", 99, "chunks instead of 99"),
        ("next_file", 2, "a number was not given out"),
        ("encoder", "other", "a vector is not of the encoder other"),
    ],
)
def test_head_must_agree_with_the_tables(store, field, value, problem):
    """HEAD is what `stats` shows and what the next write goes on from."""
    fill(store, FILES)
    head = store.head()
    wrong = replace(head, generation=replace(head.generation, **{field: value}))
    write_head(wrong, store.directory, Disk())

    assert any(problem in found for found in store.check())


def _with_chunks(**changes: int) -> Batch:
    """Return a good batch but for one chunk."""
    good = batch(FILES)
    documents = list(good.documents)
    position = max(range(len(documents)), key=lambda at: len(documents[at].chunks))
    chunks = list(documents[position].chunks)
    chunks[1] = replace(chunks[1], **changes)
    documents[position] = replace(documents[position], chunks=tuple(chunks))
    return replace(good, documents=tuple(documents))


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        (_with_chunks(start_line=9, end_line=8), "ends before it starts"),
        (_with_chunks(start_line=0), "ends before it starts"),
        (_with_chunks(ordinal=7), "a place that its file does not have"),
        (_with_chunks(ordinal=-1), "a place that its file does not have"),
        (_with_chunks(ordinal=0), "two chunks have the same place in one file"),
        (replace(batch(FILES), vectors=batch(FILES).vectors * 2), "not of norm 1"),
        (
            replace(batch(FILES), terms=replace(batch(FILES).terms, counts=batch(FILES).terms.counts * 0)),
            "counted zero times",
        ),
    ],
)
def test_rows_must_make_sense(store, wrong, problem):
    """A bug of ours would be written with a valid digest."""
    with store.writer() as writer:
        start(writer)
        writer.commit(wrong)

    assert any(problem in found for found in store.check())


def test_a_vector_of_zeros_is_no_problem(store):
    """A chunk without a known word has no direction."""
    with store.writer() as writer:
        start(writer)
        writer.commit(replace(batch(FILES), vectors=batch(FILES).vectors * 0))

    assert store.check() == []


def test_a_path_must_stand_once(store):
    """What four writers without a lock would do."""
    fill(store, FILES)
    _commit_behind(store, batch({"0": 2, "1": 2}))

    assert "a path stands twice" in store.check()


def test_a_file_must_have_the_chunks_that_it_was_written_with(store):
    """A lost row of a file is what nobody would notice in a search."""
    fill(store, FILES)
    empty = replace(batch({"new": 1}), documents=(_without_chunks(document("new", 1)),))
    lost = batch({"new": 1})
    assert len(lost.vectors) > 0
    _commit_behind(store, empty, claim=lost)

    assert "a file has more or fewer chunks than it was written with" in store.check()


def test_a_chunk_without_its_file_is_damage():
    """It would be found by a search, and belong to whatever stands there."""
    rows = chunk_rows(batch(FILES), 5, ENCODER, DIM)

    for numbers in ([], [5, 6], [1, 2], [100]):
        with pytest.raises(IndexDamagedError, match="belongs to no file"):
            chunk_columns(rows.to_batches(), np.array(numbers, np.int64), DIM, Path("index"))


def test_a_chunk_that_was_not_embedded_has_zeros():
    """The column may be null from the first schema on: vectors can come later than words."""
    import pyarrow as pa

    rows = chunk_rows(batch(FILES), 0, ENCODER, DIM)
    vectors = [None, *rows.column("vector").to_pylist()[1:]]
    rows = rows.set_column(
        rows.schema.get_field_index("vector"),
        rows.schema.field("vector"),
        pa.array(vectors, rows.schema.field("vector").type),
    )
    numbers = file_columns(file_rows(batch(FILES), 0)).numbers

    columns = chunk_columns(rows.to_batches(), numbers, DIM, Path("index"))

    assert columns.vectors[0].tolist() == [0] * DIM
    assert np.array_equal(columns.vectors[1:], rounded(batch(FILES).vectors[1:].astype(np.float16)).rows)


def test_a_chunk_that_misses_is_not_hidden_by_the_view(store):
    """A check reads the tables even where a view would answer."""
    fill(store, FILES)
    with store.writer() as writer:
        start(writer)
        writer.publish_view({"x": np.arange(2)})
    assert store.check() == []
    assert contents(store.pin()) == FILES


def _without_chunks(each: Document) -> Document:
    return replace(each, chunks=())


def _commit_behind(store: Store, written: Batch, claim: Batch | None = None) -> None:
    """Switch to rows that were written without looking at what is stored."""
    head = store.head()
    generation = OpenGeneration(head.generation, store.directory, Disk())
    generation._stored.clear()  # noqa: SLF001  # a writer that is wrong about what is there
    if claim:
        tables = generation._tables  # noqa: SLF001  # rows that contradict each other
        tables.add(file_rows(claim, 90), chunk_rows(claim, 90, ENCODER, DIM).slice(1))
        record = replace(generation._describe(generation.record), next_file=100)  # noqa: SLF001
    else:
        record = generation.write(written)
    write_head(replace(head, generation=record), store.directory, Disk())
