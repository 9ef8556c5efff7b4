"""The check: everything that must hold of a stored index, tested on all of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from leindex_mcp.errors import IndexDamagedError
from leindex_mcp.records import ChunkColumns
from leindex_mcp.store.columns import chunk_columns, file_columns, numbered_files, vectors_of
from leindex_mcp.store.disk import reading_errors
from leindex_mcp.store.integrity import Verifier
from leindex_mcp.store.schema import CHUNKS, FILES, NUMBER
from leindex_mcp.store.snapshot import Generation, read_head
from leindex_mcp.store.tables import read_rows

if TYPE_CHECKING:
    import pyarrow as pa

_NORM_TOLERANCE = 5e-3  # what rounding to float16 may do to a norm of 1, and some


def problems(directory: Path, verifier: Verifier) -> Iterator[str]:
    """Yield a sentence for each thing that is wrong; nothing where there is no index.

    Raises:
        IndexSchemaError: Another release wrote the index, so that nothing can be said of it.
        StoreError: The system refuses to read.
    """
    try:
        head = read_head(directory)
    except IndexDamagedError as damage:
        yield damage.problem
        return
    if head is None:
        return
    if head.view:
        yield from verifier.problems(head.view.data)
    for generation in (head.generation, head.building):
        if generation:
            yield from _generation_problems(generation, directory, verifier)


def _generation_problems(generation: Generation, directory: Path, verifier: Verifier) -> Iterator[str]:
    damaged = list(verifier.problems(generation.data))
    if damaged:  # LanceDB may do anything with bytes it did not write
        yield from damaged
        return
    tables = directory / generation.directory
    try:
        with reading_errors(directory):
            files = read_rows(tables, FILES, generation.files_version).read_all()
            chunks = read_rows(tables, CHUNKS, generation.chunks_version).read_all()
        yield from _file_problems(files, generation)
        numbers = file_columns(files).numbers
        yield from _row_problems(chunks, files, generation)
        yield from _column_problems(chunk_columns(chunks.to_batches(), numbers, generation.dim, directory))
        yield from _vector_problems(chunks, generation.dim)
    except IndexDamagedError as damage:
        yield damage.problem


def _file_problems(files: pa.Table, generation: Generation) -> Iterator[str]:
    numbers = files.column(NUMBER).to_numpy()
    if len(numbers) != generation.files:
        yield f"{len(numbers)} files instead of {generation.files}"
    if len(numbered_files(files)) != len(numbers):
        yield "a path stands twice"
    if len(np.unique(numbers)) != len(numbers) or np.any(numbers >= generation.next_file):
        yield "two files have one number, or a number was not given out"


def _row_problems(chunks: pa.Table, files: pa.Table, generation: Generation) -> Iterator[str]:
    """Yield what is wrong between the two tables."""
    if chunks.num_rows != generation.chunks:
        yield f"{chunks.num_rows} chunks instead of {generation.chunks}"
    expected = dict(zip(files.column(NUMBER).to_pylist(), files.column("chunks").to_pylist(), strict=True))
    numbers, counts = np.unique(chunks.column(NUMBER).to_numpy(), return_counts=True)
    found = dict.fromkeys(expected, 0) | dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    if found != expected:
        yield "a file has more or fewer chunks than it was written with"
    ordinals = chunks.column("ordinal").to_numpy()
    # Ordinals are 0, 1, 2 … in a file: if all are below the count, and unique (`chunk_columns`), they are.
    limits = np.array([expected.get(number, 0) for number in chunks.column(NUMBER).to_pylist()], np.int64)
    if np.any(ordinals < 0) or np.any(ordinals >= limits):
        yield "a chunk has a place that its file does not have"
    if set(chunks.column("encoder").unique().to_pylist()) - {generation.encoder}:
        yield f"a vector is not of the encoder {generation.encoder}"


def _column_problems(columns: ChunkColumns) -> Iterator[str]:
    if np.any(columns.start_line < 1) or np.any(columns.end_line < columns.start_line):
        yield "a chunk ends before it starts"
    if np.any(columns.terms.counts == 0):
        yield "a term is counted zero times"


def _vector_problems(chunks: pa.Table, dim: int) -> Iterator[str]:
    for part in chunks.column("vector").chunks:
        norms = np.linalg.norm(vectors_of(part, dim).astype(np.float32), axis=1)
        # A chunk without a single known word has no direction.
        if not np.all((np.abs(norms - 1) < _NORM_TOLERANCE) | (norms == 0)):
            yield "a vector is not of norm 1"
            return
