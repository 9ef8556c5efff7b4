"""The columns of a batch: what a snapshot would read of it, had it nothing else."""

from __future__ import annotations

from itertools import chain

import numpy as np

from leindex_mcp.records import Batch, ChunkColumns, FileColumns
from leindex_mcp.store.columns import reorder
from leindex_mcp.store.schema import KINDS, signed


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


def _chunk_columns(batch: Batch, order: list[int]) -> ChunkColumns:
    chunks = [chunk for document in batch.documents for chunk in document.chunks]
    position = np.empty(len(order), np.int32)
    position[order] = np.arange(len(order), dtype=np.int32)
    columns = ChunkColumns(
        file=np.repeat(position, [len(document.chunks) for document in batch.documents]),
        start_line=np.array([chunk.start_line for chunk in chunks], np.int32),
        end_line=np.array([chunk.end_line for chunk in chunks], np.int32),
        terms=batch.terms,
        vectors=batch.vectors.astype(np.float16),
    )
    return reorder(columns, np.argsort(columns.file, kind="stable"))


def _offsets(lengths: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
