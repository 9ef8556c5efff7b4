"""The columns of the two tables, and the rows that a batch becomes.

A file gets a number when it is written, a new one each time, and its chunks carry that number. So rows of two
versions of one file are never taken for each other, and no path ever stands in a filter.
Text is kept as bytes: a file name need not be UTF-8, and a name in a notebook may hold half a surrogate pair.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.records import Batch, DefinitionKind, Fingerprint

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA = 1  #: grows with every change below that an earlier release would misread

FILES = "files"  #: one row a file
CHUNKS = "chunks"  #: one row a chunk, keyed by file and ordinal
NUMBER = "file"  #: the column of both tables that says which file a row belongs to
FINGERPRINT = Fingerprint._fields  #: four columns of the files table

KINDS = {kind: position for position, kind in enumerate(DefinitionKind)}


@cache
def files_schema() -> pa.Schema:
    """Return the columns of the files table."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field(NUMBER, pa.int64(), nullable=False),
            pa.field("relative", pa.binary(), nullable=False),
            pa.field("language", pa.string()),
            pa.field("skip", pa.string()),  # a `SkipReason`, where the content is why there are no chunks
            *(pa.field(name, pa.int64(), nullable=False) for name in FINGERPRINT),
            pa.field("content_hash", pa.uint64(), nullable=False),
            pa.field("chunks", pa.int32(), nullable=False),
            pa.field("definition_names", pa.list_(pa.binary()), nullable=False),
            pa.field("definition_kinds", pa.list_(pa.uint8()), nullable=False),
            pa.field("definition_lines", pa.list_(pa.int32()), nullable=False),
            pa.field("import_stems", pa.list_(pa.binary()), nullable=False),
        ]
    )


@cache
def chunks_schema(dim: int) -> pa.Schema:
    """Return the columns of the chunks table."""
    import pyarrow as pa

    return pa.schema(
        [
            pa.field(NUMBER, pa.int64(), nullable=False),
            pa.field("ordinal", pa.int32(), nullable=False),
            pa.field("start_line", pa.int32(), nullable=False),
            pa.field("end_line", pa.int32(), nullable=False),
            pa.field("encoder", pa.string(), nullable=False),
            pa.field("terms", pa.list_(pa.uint32()), nullable=False),
            pa.field("counts", pa.list_(pa.uint8()), nullable=False),
            pa.field("vector", pa.list_(pa.float16(), dim)),  # null where a chunk was not embedded
        ]
    )


def file_rows(batch: Batch, first_number: int) -> pa.Table:
    """Return the rows of the batch's files, numbered from *first_number* on."""
    import pyarrow as pa

    documents = batch.documents
    fingerprints = signed(document.record.fingerprint for document in documents)
    definitions = [document.definitions for document in documents]
    columns = [
        np.arange(first_number, first_number + len(documents)),
        [to_bytes(document.record.relative) for document in documents],
        [document.language for document in documents],
        [document.skip and document.skip.value for document in documents],
        *fingerprints.T.copy(),
        [document.content_hash for document in documents],
        [len(document.chunks) for document in documents],
        [[to_bytes(definition.name) for definition in of_file] for of_file in definitions],
        [[KINDS[definition.kind] for definition in of_file] for of_file in definitions],
        [[definition.line for definition in of_file] for of_file in definitions],
        [[to_bytes(stem) for stem in document.import_stems] for document in documents],
    ]
    return pa.table(columns, schema=files_schema())


def chunk_rows(batch: Batch, first_number: int, encoder: str, dim: int) -> pa.Table:
    """Return the rows of the batch's chunks; terms and their counts are taken over without a copy."""
    import pyarrow as pa

    chunks = [chunk for document in batch.documents for chunk in document.chunks]
    numbers = np.arange(first_number, first_number + len(batch.documents))
    offsets = pa.array(batch.terms.offsets.astype(np.int32))
    vectors = pa.array(batch.vectors.astype(np.float16).ravel())
    columns = [
        np.repeat(numbers, [len(document.chunks) for document in batch.documents]),
        [chunk.ordinal for chunk in chunks],
        [chunk.start_line for chunk in chunks],
        [chunk.end_line for chunk in chunks],
        pa.repeat(encoder, len(chunks)),
        pa.ListArray.from_arrays(offsets, pa.array(batch.terms.terms)),
        pa.ListArray.from_arrays(offsets, pa.array(batch.terms.counts)),
        pa.FixedSizeListArray.from_arrays(vectors, dim),
    ]
    return pa.table(columns, schema=chunks_schema(dim))


def to_bytes(text: str) -> bytes:
    """Return bytes that `to_text` turns back into the same string, whatever it holds."""
    return text.encode("utf-8", "surrogatepass")


def to_text(stored: bytes) -> str:
    """Return the string that was given to `to_bytes`."""
    return stored.decode("utf-8", "surrogatepass")


def numbers_filter(numbers: Sequence[int]) -> str:
    """Return the filter that holds for the rows of these files: integers only, so nothing can be injected."""
    return f"{NUMBER} IN ({','.join(str(int(number)) for number in numbers)})"


def signed(fingerprints: Iterable[Fingerprint]) -> NDArray[np.int64]:
    """Return the fingerprints as (n, 4), modulo 2**64: inodes and far times may exceed 63 bits."""
    wrapped = [[value & 0xFFFF_FFFF_FFFF_FFFF for value in fingerprint] for fingerprint in fingerprints]
    return np.array(wrapped, np.uint64).reshape(-1, len(FINGERPRINT)).view(np.int64)
