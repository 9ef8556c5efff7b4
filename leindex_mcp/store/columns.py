"""What a search reads: the rows of both tables as flat arrays, in the order of the paths."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.errors import IndexDamagedError
from leindex_mcp.records import ChunkColumns, FileColumns, Fingerprint, SkipReason, StoredFile, TermCounts
from leindex_mcp.rounding import rounded
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


def chunk_columns(
    batches: Iterable[pa.RecordBatch], numbers: NDArray[np.int64], dim: int, directory: Path
) -> ChunkColumns:
    """Return the rows of the chunks table, ordered by file and ordinal; *numbers* are the files in order.

    Raises:
        IndexDamagedError: A chunk belongs to no file, or two have the same place in one.
    """
    pieces = [_Piece.of(batch, dim) for batch in batches]
    file = _positions(_joined([piece.number for piece in pieces], np.int64), numbers, directory)
    # One sortable key a row: the file in the upper half, the ordinal in the lower.
    keys = (file.astype(np.int64) << 32) | _joined([piece.ordinal for piece in pieces], np.int64)
    order = np.argsort(keys, kind="stable")
    if not np.all(np.diff(keys[order]) > 0):
        raise IndexDamagedError(directory, "two chunks have the same place in one file")
    columns = deque(piece.columns for piece in pieces)
    pieces.clear()
    return laid(file, columns, order, dim)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some rows of the chunks table, copied: Arrow's memory is let go, however many pieces there are."""

    number: NDArray[np.int64]
    ordinal: NDArray[np.int32]
    columns: ChunkColumns  #: `file` is empty, it is not known yet

    @classmethod
    def of(cls, rows: pa.RecordBatch, dim: int) -> _Piece:
        terms = rows.column("terms")
        offsets = terms.offsets.to_numpy().astype(np.int64)
        vectors, scales = rounded(vectors_of(rows.column("vector"), dim))
        columns = ChunkColumns(
            file=np.empty(0, np.int32),
            start_line=rows.column("start_line").to_numpy().copy(),
            end_line=rows.column("end_line").to_numpy().copy(),
            terms=TermCounts(
                offsets - offsets[0],
                terms.flatten().to_numpy().copy(),
                rows.column("counts").flatten().to_numpy().copy(),
            ),
            vectors=vectors,
            scales=scales,
        )
        return cls(rows.column(NUMBER).to_numpy().copy(), rows.column("ordinal").to_numpy().copy(), columns)


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


def laid(
    file: NDArray[np.int32], pieces: deque[ChunkColumns], order: NDArray[np.int64], dim: int
) -> ChunkColumns:
    """Return the rows of all pieces in another order.

    Args:
        file: Of each row of all pieces.
        pieces: Parts of the rows; each is let go when it has been copied, so that no column is held twice.
        order: Row i of the result is row `order[i]` of all pieces.
    """
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    lengths = _joined([np.diff(piece.terms.offsets) for piece in pieces], np.int64)
    offsets = np.concatenate([[0], np.cumsum(lengths[order])])
    columns = ChunkColumns(
        file=file[order],
        start_line=_joined([piece.start_line for piece in pieces], np.int32)[order],
        end_line=_joined([piece.end_line for piece in pieces], np.int32)[order],
        terms=TermCounts(offsets, np.empty(offsets[-1], np.uint32), np.empty(offsets[-1], np.uint8)),
        vectors=np.empty((len(order), dim), np.int8),
        scales=np.empty(len(order), np.float32),
    )
    first = 0
    while pieces:
        piece = pieces.popleft()
        rows = places[first : first + len(piece.start_line)]
        columns.vectors[rows] = piece.vectors
        columns.scales[rows] = piece.scales
        # Entry k of a piece goes where its row begins in the result, plus its place within the row.
        begins = offsets[rows] - piece.terms.offsets[:-1]
        entries = np.arange(len(piece.terms.terms)) + np.repeat(begins, np.diff(piece.terms.offsets))
        columns.terms.terms[entries] = piece.terms.terms
        columns.terms.counts[entries] = piece.terms.counts
        first += len(rows)
    return columns


def _joined(parts: list[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *parts])


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
    return _joined([part.to_numpy() for part in parts], dtype)


def _texts(parts: list[pa.Array]) -> list[str]:
    """Return arrays of bytes as strings, one object for all that are equal: a name stands in many files."""
    import pyarrow as pa

    encoded = pa.chunked_array(parts, pa.binary()).combine_chunks().dictionary_encode()
    distinct = [to_text(stored) for stored in encoded.dictionary.to_pylist()]
    return [distinct[place] for place in encoded.indices.to_pylist()]


def vectors_of(column: pa.Array, dim: int) -> NDArray[np.float16]:
    """Return the vectors as (m, dim); a chunk that was not embedded has zeros."""
    rows = np.zeros((len(column), dim), np.float16)
    present = slice(None) if column.null_count == 0 else column.is_valid().to_numpy(zero_copy_only=False)
    rows[present] = column.flatten().to_numpy().reshape(-1, dim)
    return rows
