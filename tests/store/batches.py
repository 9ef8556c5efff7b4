"""Batches whose every value tells which path and which generation it is of, and a reader of the tale."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from zlib import crc32

import numpy as np

from leindex_mcp.records import (
    Batch,
    Chunk,
    Definition,
    DefinitionKind,
    Document,
    FileRecord,
    Fingerprint,
    TermCounts,
)
from leindex_mcp.rounding import rounded
from leindex_mcp.store import Snapshot, Store, Writer

DIM = 4
ENCODER = "made-up-1"

Model = dict[str, int]
"""What an index should hold: relative path to generation."""


def batch(files: Model, *, removed: Iterable[str] = (), dim: int = DIM) -> Batch:
    """Return a batch that brings each file to its generation."""
    documents = tuple(document(relative, generation) for relative, generation in files.items())
    words = [row for each in documents for row in _words(each)]
    vectors = [row for each in documents for row in _vectors(each, dim)]
    return Batch(
        documents=documents,
        terms=TermCounts(
            offsets=np.cumsum([0, *map(len, words)], dtype=np.int64),
            terms=np.array([word for row in words for word in row], np.uint32),
            counts=np.array([1 + word % 255 for row in words for word in row], np.uint8),
        ),
        vectors=np.array(vectors, np.float32).reshape(-1, dim),
        removed=tuple(removed),
    )


def document(relative: str, generation: int) -> Document:
    """Return a file whose lines, hash, fingerprint and definitions all tell its path and generation."""
    key = _key(relative, generation)
    chunks = tuple(
        Chunk(relative, ordinal, generation + ordinal + 1, generation + ordinal + 2, "", "python", None)
        for ordinal in range(key % 4)
    )
    return Document(
        record=FileRecord(relative, Fingerprint(generation, -generation, key, 2**64 - 1 - key)),
        content_hash=2**64 - 1 - key,
        language="python" if key % 2 else None,
        chunks=chunks,
        definitions=tuple(
            Definition(f"name_{key}", kind, key % 1000) for kind in list(DefinitionKind)[: key % 3]
        ),
        import_stems=tuple(f"stem_{key}_{nth}" for nth in range(key % 2)),
    )


def contents(snapshot: Snapshot) -> Model:
    """Return the generation of each file, after making sure that all of its values tell the same one."""
    files, chunks = snapshot.files, snapshot.chunks
    generations = dict(zip(files.relative, files.fingerprints[:, 0].tolist(), strict=True))
    assert list(generations) == sorted(generations)
    dim = chunks.vectors.shape[1]
    whole = batch(generations, dim=dim)
    documents, pieces = whole.documents, [chunk for each in whole.documents for chunk in each.chunks]
    definitions = [definition for each in documents for definition in each.definitions]
    assert files.language == [each.language for each in documents]
    assert files.content_hash.tolist() == [each.content_hash for each in documents]
    assert np.array_equal(
        files.fingerprints.astype(np.uint64),
        np.array(
            [[value % 2**64 for value in each.record.fingerprint] for each in documents], np.uint64
        ).reshape(-1, 4),
    )
    assert np.diff(files.definition_offsets).tolist() == [len(each.definitions) for each in documents]
    assert files.definition_names == [each.name for each in definitions]
    assert files.definition_kinds.tolist() == [list(DefinitionKind).index(each.kind) for each in definitions]
    assert files.definition_lines.tolist() == [each.line for each in definitions]
    assert np.diff(files.import_offsets).tolist() == [len(each.import_stems) for each in documents]
    assert files.import_stems == [stem for each in documents for stem in each.import_stems]
    assert [files.relative[file] for file in chunks.file] == [chunk.relative for chunk in pieces]
    assert chunks.start_line.tolist() == [chunk.start_line for chunk in pieces]
    assert chunks.end_line.tolist() == [chunk.end_line for chunk in pieces]
    assert np.array_equal(chunks.terms.offsets, whole.terms.offsets)
    assert np.array_equal(chunks.terms.terms, whole.terms.terms)
    assert np.array_equal(chunks.terms.counts, whole.terms.counts)
    rows, scales = rounded(whole.vectors.astype(np.float16))
    assert np.array_equal(chunks.vectors, rows)
    assert np.array_equal(chunks.scales, scales)
    return generations


def fill(store: Store, files: Model, **begin: object) -> None:
    """Index these files in one finished run."""
    with store.writer() as writer:
        start(writer, **begin)
        writer.commit(batch(files))
        writer.finish()


def start(writer: Writer, *, encoder: str = ENCODER, dim: int = DIM, rebuild: bool = False) -> Model:
    """Begin, and return the generation of each file that is stored."""
    stored = writer.begin(encoder=encoder, dim=dim, rebuild=rebuild)
    return {relative: file.fingerprint.size_bytes for relative, file in stored.items()}


def tree(directory: Path) -> dict[str, bytes]:
    """Return every file below a directory with its content."""
    files = (path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in files}


def _key(relative: str, generation: int) -> int:
    return crc32(f"{relative}\0{generation}".encode("utf-8", "surrogatepass"))


def _words(each: Document) -> list[list[int]]:
    key = each.content_hash % 2**32
    return [[(key + word) % 2**32 for word in range((key + chunk.ordinal) % 3)] for chunk in each.chunks]


def _vectors(each: Document, dim: int) -> list[np.ndarray]:
    rows = np.random.default_rng(each.content_hash).standard_normal((len(each.chunks), dim))
    return list(rows / np.linalg.norm(rows, axis=1, keepdims=True))
