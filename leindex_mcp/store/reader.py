"""A pinned snapshot: everything that one search reads, from one switch of `HEAD`."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from leindex_mcp.errors import SnapshotGoneError, StoreError
from leindex_mcp.records import ChunkColumns, FileColumns
from leindex_mcp.store.columns import NumberedFiles, chunk_columns, file_columns
from leindex_mcp.store.disk import reading_errors
from leindex_mcp.store.integrity import Verifier
from leindex_mcp.store.schema import CHUNKS, FILES, NUMBER
from leindex_mcp.store.snapshot import Head, read_head
from leindex_mcp.store.tables import read_rows
from leindex_mcp.store.view import Arrays, map_view

if TYPE_CHECKING:
    import pyarrow as pa

logger = logging.getLogger("leindex.store")

_CHUNK_COLUMNS = (NUMBER, "ordinal", "start_line", "end_line", "terms", "counts", "vector")


class Snapshot:
    """What `head` names. Columns are read when they are first asked for, and checked against their digests.

    Raises, from `files` and `chunks`:
        IndexDamagedError: What was read is not what was written.
        SnapshotGoneError: The snapshot was replaced and cleaned up meanwhile; pin again. From `view` too.
        StoreError: The system refused to read.
    """

    def __init__(self, head: Head, directory: Path, verifier: Verifier) -> None:
        self.head = head
        self._directory = directory
        self._verifier = verifier

    @cached_property
    def view(self) -> Arrays | None:
        """Return the published arrays of exactly this snapshot, or None; needs no lancedb."""
        view = self.head.view
        if view is None or view.version != self.head.version:
            return None
        try:
            return map_view(view, self._directory, self._verifier)
        except (StoreError, OSError, ValueError) as error:
            if self._has_another_view():
                raise SnapshotGoneError(self._directory) from error
            logger.warning("the view of %s is left aside: %s", self._directory, error)
            return None

    @property
    def files(self) -> FileColumns:
        """Return the files, ordered by relative path."""
        return self._numbered_files.columns

    @property
    def chunks(self) -> ChunkColumns:
        """Return the chunks, ordered by file and ordinal; read again each time, for they are many."""
        numbers = self._numbered_files.numbers
        with self._reading(CHUNKS):
            rows = self._rows(CHUNKS, self.head.generation.chunks_version, _CHUNK_COLUMNS)
            return chunk_columns(rows, numbers, self.head.dim, self._directory)

    @cached_property
    def _numbered_files(self) -> NumberedFiles:
        with self._reading(FILES):
            rows = self._rows(FILES, self.head.generation.files_version)
            return file_columns(rows.read_all())

    def _rows(self, table: str, version: int, columns: Sequence[str] | None = None) -> pa.RecordBatchReader:
        return read_rows(self._directory / self.head.generation.directory, table, version, columns)

    @contextmanager
    def _reading(self, table: str) -> Iterator[None]:
        """Check the table's files first, and tell a snapshot that was cleaned up from a damaged one."""
        try:
            self._verifier.require_content(self.head.generation.data_of(table))
            with reading_errors(self._directory):
                yield
        except StoreError as error:
            if self._is_superseded():
                raise SnapshotGoneError(self._directory) from error
            raise

    def _has_another_view(self) -> bool:
        """Return whether a newer view was published, so that this one was cleaned up."""
        now = read_head(self._directory)
        return now is None or now.view != self.head.view

    def _is_superseded(self) -> bool:
        """Return whether the tables were replaced as a whole, so that these may be cleaned up."""
        now = read_head(self._directory)
        return now is None or now.generation.number != self.head.generation.number
