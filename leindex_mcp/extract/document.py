"""Documents: files read, cut into chunks, with their definitions and the files that they import."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from anyio import CapacityLimiter

from leindex_mcp.extract import notebook
from leindex_mcp.extract.chunker import cut
from leindex_mcp.extract.decoding import unify_line_ends
from leindex_mcp.extract.definitions import Head, depth_at, find_heads
from leindex_mcp.extract.import_stems import find_import_stems
from leindex_mcp.extract.languages import language_of
from leindex_mcp.extract.reader import Source, TreeReader, in_thread
from leindex_mcp.records import Chunk, Document, FileRecord, Skipped

_ENCLOSING_SEARCH = 50  # definitions to walk back over in search of the one around a chunk


async def read_documents(
    root: Path, records: Sequence[FileRecord], *, max_bytes: int, limiter: CapacityLimiter
) -> list[Document | Skipped]:
    """Read and cut a batch of files in one worker thread; one result a record, in the same order."""
    return await in_thread(partial(_read_batch, root, records, max_bytes), limiter=limiter)


def read_document(root: Path, record: FileRecord, max_bytes: int) -> Document | Skipped:
    """Read one file below *root* and cut it.

    A binary file is a document without chunks and with `skip` set, so that it is remembered and not read
    again; a file that cannot be read at all is a `Skipped`. The document's record carries the
    fingerprint of what was read, which may be newer than that of *record*.
    """
    with TreeReader(root) as reader:
        return _document(reader.read(record, max_bytes), record)


def extract_text(record: FileRecord, text: str, content_hash: int) -> Document:
    """Cut *text* into chunks and find its definitions and imports; a pure function, O(len(text))."""
    text, language = searched_text(record.relative, unify_line_ends(text))
    heads = find_heads(text, language)
    return Document(
        record=record,
        content_hash=content_hash,
        language=language,
        chunks=tuple(_chunks(record.relative, language, text, heads)),
        definitions=tuple(head.definition for head in heads),
        import_stems=find_import_stems(text, language),
    )


def searched_text(relative: str, text: str) -> tuple[str, str | None]:
    """Return what of a file's text is searched, line for line, and its language: of a notebook the cells."""
    language = language_of(relative, text)
    return notebook.sources_in_place(text) if language == notebook.LANGUAGE else (text, language)


def counted_text(relative: str, text: str) -> str:
    """Return what of a file's text is counted: of a notebook the cells, as they read once it is open."""
    return notebook.sources(text) if language_of(relative) == notebook.LANGUAGE else text


def _read_batch(root: Path, records: Sequence[FileRecord], max_bytes: int) -> list[Document | Skipped]:
    with TreeReader(root) as reader:
        return [_document(reader.read(record, max_bytes), record) for record in records]


def _document(source: Source | Skipped, record: FileRecord) -> Document | Skipped:
    if isinstance(source, Skipped):
        return source
    current = replace(record, fingerprint=source.fingerprint)
    if source.skip is not None:
        return Document(current, source.content_hash, None, (), (), (), skip=source.skip)
    return extract_text(current, source.text, source.content_hash)


def _chunks(relative: str, language: str | None, text: str, heads: Sequence[Head]) -> Iterator[Chunk]:
    """Make a chunk of each piece that says something."""
    offsets = [head.offset for head in heads]
    ordinal = first = 0
    for piece in cut(text, heads):
        behind = bisect_left(offsets, piece.end, lo=first)
        body = text[piece.start : piece.end]
        if not body.isspace():
            before, within = heads[max(0, first - _ENCLOSING_SEARCH) : first], heads[first:behind]
            yield Chunk(
                relative=relative,
                ordinal=ordinal,
                start_line=piece.start_line,
                end_line=piece.end_line,
                text=body,
                language=language,
                symbol=_symbol(depth_at(text, piece.start), before, within),
                defines=tuple(head.definition.name for head in within),
            )
            ordinal += 1
        first = behind


def _symbol(depth: int, before: Sequence[Head], within: Sequence[Head]) -> str | None:
    """Return the definition that a piece begins in, or the first one that it holds.

    A piece begins in a definition when its first line is indented deeper than the definition's line.
    """
    if within and within[0].depth <= depth:
        return within[0].definition.name
    for head in reversed(before):
        if head.depth < depth:
            return head.definition.name
    return within[0].definition.name if within else None
