"""Documents: files read, cut into chunks, with their definitions and the files that they import."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from anyio import CapacityLimiter

from leindex_mcp.extract import notebook
from leindex_mcp.extract.chunker import Piece, cut
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
    text = unify_line_ends(text)
    language = language_of(record.relative, text)
    if language == notebook.LANGUAGE:
        text, language = notebook.sources_in_place(text)
    heads = find_heads(text, language)
    pieces = [piece for piece in cut(text, heads) if not _is_blank(text, piece)]
    symbols = _Symbols(text, heads)
    return Document(
        record=record,
        content_hash=content_hash,
        language=language,
        chunks=tuple(
            Chunk(
                relative=record.relative,
                ordinal=ordinal,
                start_line=piece.start_line,
                end_line=piece.end_line,
                text=text[piece.start : piece.end],
                language=language,
                symbol=symbols.of(piece),
                defines=symbols.within(piece),
            )
            for ordinal, piece in enumerate(pieces)
        ),
        definitions=tuple(head.definition for head in heads),
        import_stems=find_import_stems(text, language),
    )


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


def _is_blank(text: str, piece: Piece) -> bool:
    return text[piece.start : piece.end].isspace()


class _Symbols:
    """Tells which definition a piece belongs to."""

    def __init__(self, text: str, heads: Sequence[Head]) -> None:
        self._text = text
        self._heads = heads
        self._offsets = [head.offset for head in heads]

    def within(self, piece: Piece) -> tuple[str, ...]:
        """Return the names of the definitions that begin in the piece."""
        first, end = bisect_left(self._offsets, piece.start), bisect_left(self._offsets, piece.end)
        return tuple(head.definition.name for head in self._heads[first:end])

    def of(self, piece: Piece) -> str | None:
        """Return the definition that the piece begins in, or the first one that it holds.

        A piece begins in a definition when its first line is indented deeper than the definition's line.
        """
        position = bisect_left(self._offsets, piece.start)
        following = self._heads[position : position + 1]
        first = following[0] if following and following[0].offset < piece.end else None
        depth = depth_at(self._text, piece.start)
        if first is not None and first.depth <= depth:
            return first.definition.name
        for head in reversed(self._heads[max(0, position - _ENCLOSING_SEARCH) : position]):
            if head.depth < depth:
                return head.definition.name
        return None if first is None else first.definition.name
