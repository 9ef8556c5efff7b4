"""The columns of batches: what a snapshot would read of them, had it nothing else."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import chain
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.records import Batch, ChunkColumns, FileColumns
from leindex_mcp.rounding import rounded
from leindex_mcp.store.columns import laid
from leindex_mcp.store.schema import KINDS, signed

T = TypeVar("T")


def batch_columns(batch: Batch) -> tuple[FileColumns, ChunkColumns]:
    """Return the files ordered by relative path, and their chunks; vectors are rounded as they are stored."""
    order = sorted(range(len(batch.documents)), key=lambda row: batch.documents[row].record.relative)
    documents = [batch.documents[row] for row in order]
    definitions = [definition for document in documents for definition in document.definitions]
    files = FileColumns(
        relative=[document.record.relative for document in documents],
        language=[document.language for document in documents],
        skip=[document.skip and document.skip.value for document in documents],
        fingerprints=signed(document.record.fingerprint for document in documents),
        content_hash=np.array([document.content_hash for document in documents], np.uint64),
        definition_offsets=_offsets([len(document.definitions) for document in documents]),
        definition_names=[definition.name for definition in definitions],
        definition_kinds=np.array([KINDS[definition.kind] for definition in definitions], np.uint8),
        definition_lines=np.array([definition.line for definition in definitions], np.int32),
        import_offsets=_offsets([len(document.import_stems) for document in documents]),
        import_stems=list(chain.from_iterable(document.import_stems for document in documents)),
    )
    return files, _chunk_columns(batch, order)


def joined_columns(pieces: deque[tuple[FileColumns, ChunkColumns]]) -> tuple[FileColumns, ChunkColumns]:
    """Return the columns of several batches as those of one; the pieces are let go on the way.

    No file may stand in two of them.
    """
    files = [piece[0] for piece in pieces]
    relative = list(chain.from_iterable(piece.relative for piece in files))
    order = np.array(sorted(range(len(relative)), key=relative.__getitem__), np.int64)
    position = np.empty(len(order), np.int32)
    position[order] = np.arange(len(order), dtype=np.int32)
    firsts = np.cumsum([0, *(len(piece.relative) for piece in files)]).tolist()
    file = [position[first + piece[1].file] for first, piece in zip(firsts, pieces, strict=False)]
    of_chunks = np.concatenate([np.empty(0, np.int32), *file])
    dim = pieces[0][1].vectors.shape[1] if pieces else 0
    chunks = deque(piece[1] for piece in pieces)
    pieces.clear()
    columns = laid(of_chunks, chunks, np.argsort(of_chunks, kind="stable"), dim)
    return _joined_files(files, order), columns


def _joined_files(pieces: list[FileColumns], order: NDArray[np.int64]) -> FileColumns:
    definitions = _lengths(piece.definition_offsets for piece in pieces)
    imports = _lengths(piece.import_offsets for piece in pieces)
    defined, named = _entries(definitions, order), _entries(imports, order)
    return FileColumns(
        relative=_chosen((piece.relative for piece in pieces), order),
        language=_chosen((piece.language for piece in pieces), order),
        skip=_chosen((piece.skip for piece in pieces), order),
        fingerprints=np.concatenate([piece.fingerprints for piece in pieces])[order],
        content_hash=np.concatenate([piece.content_hash for piece in pieces])[order],
        definition_offsets=_offsets(definitions[order]),
        definition_names=_chosen((piece.definition_names for piece in pieces), defined),
        definition_kinds=np.concatenate([piece.definition_kinds for piece in pieces])[defined],
        definition_lines=np.concatenate([piece.definition_lines for piece in pieces])[defined],
        import_offsets=_offsets(imports[order]),
        import_stems=_chosen((piece.import_stems for piece in pieces), named),
    )


def _lengths(offsets: Iterable[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([np.diff(piece) for piece in offsets])


def _entries(lengths: NDArray[np.int64], order: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where the entries of the rows stand, row after row in that order."""
    ends = np.cumsum(lengths)
    begins = (ends - lengths)[order]
    chosen = lengths[order]
    entries: NDArray[np.int64] = np.repeat(begins - (np.cumsum(chosen) - chosen), chosen)
    entries += np.arange(len(entries))
    return entries


def _chosen(pieces: Iterable[list[T]], order: NDArray[np.int64]) -> list[T]:
    whole = list(chain.from_iterable(pieces))
    return [whole[row] for row in order.tolist()]


def _chunk_columns(batch: Batch, order: list[int]) -> ChunkColumns:
    chunks = [chunk for document in batch.documents for chunk in document.chunks]
    position = np.empty(len(order), np.int32)
    position[order] = np.arange(len(order), dtype=np.int32)
    file = np.repeat(position, [len(document.chunks) for document in batch.documents])
    vectors, scales = rounded(batch.vectors.astype(np.float16))
    columns = ChunkColumns(
        file=file,
        start_line=np.array([chunk.start_line for chunk in chunks], np.int32),
        end_line=np.array([chunk.end_line for chunk in chunks], np.int32),
        terms=batch.terms,
        vectors=vectors,
        scales=scales,
    )
    return laid(file, deque([columns]), np.argsort(file, kind="stable"), batch.vectors.shape[1])


def _offsets(lengths: list[int] | NDArray[np.int64]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
