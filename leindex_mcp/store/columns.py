"""What a search reads: the rows of both tables as flat arrays, in the order of the paths."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.errors import IndexDamagedError
from leindex_mcp.records import ChunkColumns, FileColumns, Fingerprint, SkipReason, StoredFile, TermCounts
from leindex_mcp.store.schema import FINGERPRINT, NUMBER, to_text

if TYPE_CHECKING:
    import pyarrow as pa


STORED_COLUMNS = (NUMBER, "relative", *FINGERPRINT, "content_hash", "chunks", "skip")


class NumberedFile(NamedTuple):
    """A stored file with the number that its chunks carry."""

    number: int
    file: StoredFile


@dataclass(frozen=True, slots=True)
class NumberedFiles:
    """The files of a snapshot, with the numbers that their chunks carry."""

    numbers: NDArray[np.int64]  #: (n,) in the order of the columns
    columns: FileColumns


def numbered_files(table: pa.Table) -> dict[str, NumberedFile]:
    """Return what is known of each file, by relative path; *table* has at least `STORED_COLUMNS`."""
    rows = zip(*(table.column(name).to_pylist() for name in STORED_COLUMNS), strict=True)
    files = {}
    for number, relative, size, mtime, ctime, inode, content_hash, chunks, skip in rows:
        fingerprint = Fingerprint(size, mtime, ctime, inode % 2**64)
        stored = StoredFile(fingerprint, content_hash, chunks, SkipReason(skip) if skip else None)
        files[to_text(relative)] = NumberedFile(number, stored)
    return files


def file_columns(table: pa.Table) -> NumberedFiles:
    """Return the rows of the files table, ordered by relative path."""
    relative = [to_text(stored) for stored in table.column("relative").to_pylist()]
    order = sorted(range(len(relative)), key=relative.__getitem__)
    table = table.take(np.array(order, np.int64))
    definition_offsets, names = _lists(table.column("definition_names"))
    import_offsets, stems = _lists(table.column("import_stems"))
    columns = FileColumns(
        relative=[relative[row] for row in order],
        language=table.column("language").to_pylist(),
        skip=table.column("skip").to_pylist(),
        fingerprints=np.stack([_numbers(table, name) for name in FINGERPRINT], axis=1),
        content_hash=_numbers(table, "content_hash"),
        definition_offsets=definition_offsets,
        definition_names=_texts(names),
        definition_kinds=_values(_lists(table.column("definition_kinds"))[1], np.uint8),
        definition_lines=_values(_lists(table.column("definition_lines"))[1], np.int32),
        import_offsets=import_offsets,
        import_stems=_texts(stems),
    )
    return NumberedFiles(_numbers(table, NUMBER), columns)


def chunk_columns(table: pa.Table, numbers: NDArray[np.int64], dim: int, directory: Path) -> ChunkColumns:
    """Return the rows of the chunks table, ordered by file and ordinal; *numbers* are the files in order.

    Raises:
        IndexDamagedError: A chunk belongs to no file, or two have the same place in one.
    """
    file = _positions(_numbers(table, NUMBER), numbers, directory)
    # One sortable key a row: the file in the upper half, the ordinal in the lower.
    keys = (file.astype(np.int64) << 32) | _numbers(table, "ordinal")
    offsets, terms = _lists(table.column("terms"))
    counts = _lists(table.column("counts"))[1]
    columns = ChunkColumns(
        file=file,
        start_line=_numbers(table, "start_line"),
        end_line=_numbers(table, "end_line"),
        terms=TermCounts(offsets, _values(terms, np.uint32), _values(counts, np.uint8)),
        vectors=_vectors(table.column("vector"), dim),
    )
    if not np.all(keys[1:] > keys[:-1]):
        order = np.argsort(keys, kind="stable")
        if not np.all(np.diff(keys[order]) > 0):
            raise IndexDamagedError(directory, "two chunks have the same place in one file")
        columns = reorder(columns, order)
    return columns


def _positions(of_rows: NDArray[np.int64], numbers: NDArray[np.int64], directory: Path) -> NDArray[np.int32]:
    """Return, for the file number of each row, its position in *numbers*."""
    by_number = np.argsort(numbers)
    found = np.searchsorted(numbers, of_rows, sorter=by_number)
    if len(of_rows) and (len(numbers) == 0 or found.max() == len(numbers)):
        raise IndexDamagedError(directory, "a chunk belongs to no file")
    positions = by_number[found]
    if not np.array_equal(numbers[positions], of_rows):
        raise IndexDamagedError(directory, "a chunk belongs to no file")
    return positions.astype(np.int32)


def reorder(columns: ChunkColumns, order: NDArray[np.int64]) -> ChunkColumns:
    """Return the chunks in another order."""
    terms = columns.terms
    lengths = np.diff(terms.offsets)[order]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    # Entry k of the result comes from where its row begins in the source, plus its place within the row.
    source = np.arange(offsets[-1]) + np.repeat(terms.offsets[order] - offsets[:-1], lengths)
    return ChunkColumns(
        file=columns.file[order],
        start_line=columns.start_line[order],
        end_line=columns.end_line[order],
        terms=TermCounts(offsets, terms.terms[source], terms.counts[source]),
        vectors=columns.vectors[order],
    )


def _numbers(table: pa.Table, name: str) -> NDArray[Any]:
    """Return a column of numbers as one array."""
    values: NDArray[Any] = table.column(name).to_numpy()
    return values


def _lists(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], list[pa.Array]]:
    """Return the row offsets (n + 1,) of a list column, and its values as Arrow arrays in row order."""
    lengths = [np.diff(part.offsets.to_numpy()) for part in column.chunks]
    offsets = np.concatenate([[0], *lengths]).cumsum(dtype=np.int64)
    return offsets, [part.flatten() for part in column.chunks]


def _values(parts: list[pa.Array], dtype: type[np.generic]) -> NDArray[Any]:
    """Return arrays of numbers as one array."""
    return np.concatenate([np.empty(0, dtype), *(part.to_numpy() for part in parts)])


def _texts(parts: list[pa.Array]) -> list[str]:
    return [to_text(stored) for part in parts for stored in part.to_pylist()]


def _vectors(column: pa.ChunkedArray, dim: int) -> NDArray[np.float16]:
    """Return the vectors as (m, dim); a chunk that was not embedded has zeros."""
    whole = np.zeros((len(column), dim), np.float16)
    start = 0
    for part in column.chunks:
        rows = whole[start : start + len(part)]
        present = slice(None) if part.null_count == 0 else part.is_valid().to_numpy(zero_copy_only=False)
        rows[present] = part.flatten().to_numpy().reshape(-1, dim)
        start += len(part)
    return whole
