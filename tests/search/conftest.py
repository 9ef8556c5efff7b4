"""Small corpora written out in the test that uses them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from leindex_mcp import words
from leindex_mcp.records import ChunkColumns, DefinitionKind, FileColumns
from leindex_mcp.rounding import rounded
from leindex_mcp.search.corpus import Corpus, build

MakeCorpus = Callable[..., Corpus]
Definitions = Mapping[str, Sequence[tuple[str, DefinitionKind, int]]]


def columns(
    files: Mapping[str, Sequence[str]],
    *,
    defines: Definitions | None = None,
    imports: Mapping[str, Sequence[str]] | None = None,
    vectors: Sequence[Sequence[float]] | None = None,
) -> tuple[FileColumns, ChunkColumns]:
    """Return the columns of a snapshot: path to the texts of its chunks, one below the other."""
    relatives = sorted(files)
    texts = [text for relative in relatives for text in files[relative]]
    heads = [list((defines or {}).get(relative, ())) for relative in relatives]
    stems = [list((imports or {}).get(relative, ())) for relative in relatives]
    starts, ends = [], []
    for relative in relatives:
        line = 1
        for text in files[relative]:
            starts.append(line)
            line += len(text.split("\n"))
            ends.append(line - 1)
    kinds = list(DefinitionKind)
    file_columns = FileColumns(
        relative=relatives,
        language=["python" if relative.endswith(".py") else None for relative in relatives],
        skip=[None] * len(relatives),
        fingerprints=np.zeros((len(relatives), 4), np.int64),
        content_hash=np.zeros(len(relatives), np.uint64),
        definition_offsets=offsets(heads),
        definition_names=[name for of_file in heads for name, _, _ in of_file],
        definition_kinds=np.array(
            [kinds.index(kind) for of_file in heads for _, kind, _ in of_file], np.uint8
        ),
        definition_lines=np.array([line for of_file in heads for _, _, line in of_file], np.int32),
        import_offsets=offsets(stems),
        import_stems=[stem for of_file in stems for stem in of_file],
    )
    rows = np.array(vectors if vectors is not None else [[1.0, 0.0]] * len(texts), np.float32)
    embedded = rounded(rows.reshape(len(texts), -1 if texts else 2).astype(np.float16))
    chunk_columns = ChunkColumns(
        file=np.repeat(np.arange(len(relatives), dtype=np.int32), [len(files[r]) for r in relatives]),
        start_line=np.array(starts, np.int32),
        end_line=np.array(ends, np.int32),
        terms=words.keyword_terms(words.count(texts)),
        vectors=embedded.rows,
        scales=embedded.scales,
    )
    return file_columns, chunk_columns


def offsets(rows: Sequence[Sequence[object]]) -> np.ndarray:
    """Return where each row begins, and the end."""
    return np.cumsum([0, *(len(row) for row in rows)]).astype(np.int64)


@pytest.fixture
def make_corpus() -> MakeCorpus:
    """Build a corpus from `columns`."""
    return lambda files, **parts: build(*columns(files, **parts))
