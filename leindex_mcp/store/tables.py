"""The two LanceDB tables of one generation.

A commit touches both tables, in two steps each. Nothing here is atomic: `HEAD` makes it so, by naming one
version of each table. A version that no `HEAD` names is rolled back before the next write.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from leindex_mcp.store.engine import Database
from leindex_mcp.store.schema import CHUNKS, FILES, chunks_schema, files_schema, numbers_filter

if TYPE_CHECKING:
    import pyarrow as pa

    from leindex_mcp.store.disk import Disk

_NEWEST_VERSION = 2**64 - 1  # Lance counts manifest names down from here, so that the newest sorts first
_BATCH_ROWS = 100_000  # one piece a file of the table; the default of 1,024 costs a third more


class Versions(NamedTuple):
    """Which version of each table makes up a snapshot."""

    files: int
    chunks: int


class Tables:
    """The tables in *directory*, open for writing."""

    def __init__(self, directory: Path, disk: Disk) -> None:
        self._directory = directory
        self._disk = disk
        database = Database(directory)
        self._files = database.open_table(FILES)
        self._chunks = database.open_table(CHUNKS)

    @classmethod
    def create(cls, directory: Path, dim: int, disk: Disk) -> Tables:
        """Create empty tables in *directory*, which must not exist."""
        disk.make_directory(directory, "generation.create")
        database = Database(directory)
        disk.at("files.create")
        database.create_table(FILES, files_schema())
        disk.at("chunks.create")
        database.create_table(CHUNKS, chunks_schema(dim))
        return cls(directory, disk)

    @property
    def versions(self) -> Versions:
        """Return the newest version of each table, named by `HEAD` or not."""
        return Versions(self._files.version, self._chunks.version)

    def file_rows(self, columns: Sequence[str]) -> pa.Table:
        """Return these columns of the files table as it is now."""
        return self._files.read(_BATCH_ROWS, columns).read_all()

    def roll_back(self, to: Versions) -> None:
        """Make the newest version of each table equal to the one that *to* names."""
        for name, table, version in ((FILES, self._files, to.files), (CHUNKS, self._chunks, to.chunks)):
            if table.version != version:
                self._disk.at(f"{name}.restore")
                table.checkout(version)
                table.restore()

    def delete(self, numbers: Sequence[int]) -> None:
        """Remove the rows of these files from both tables."""
        for name, table in ((CHUNKS, self._chunks), (FILES, self._files)):
            self._disk.at(f"{name}.delete")
            table.delete(numbers_filter(numbers))

    def add(self, files: pa.Table, chunks: pa.Table) -> None:
        """Append rows to both tables."""
        for name, table, rows in ((CHUNKS, self._chunks, chunks), (FILES, self._files, files)):
            if rows.num_rows:
                self._disk.at(f"{name}.add")
                table.add(rows)

    def copy_from(self, source: Path, versions: Versions) -> None:
        """Append every row that the tables in *source* have at *versions*, a piece at a time."""
        database = Database(source)
        for name, table, version in (
            (CHUNKS, self._chunks, versions.chunks),
            (FILES, self._files, versions.files),
        ):
            pinned = database.open_table(name)
            pinned.checkout(version)
            if pinned.count_rows():
                self._disk.at(f"{name}.copy")
                table.add_from(pinned.read(_BATCH_ROWS))


def read_rows(
    directory: Path, name: str, version: int, columns: Sequence[str] | None = None
) -> pa.RecordBatchReader:
    """Return the rows of one table at *version*, all columns or these, a piece at a time."""
    table = Database(directory).open_table(name)
    table.checkout(version)
    return table.read(_BATCH_ROWS, columns)


def immutable_files(directory: Path) -> Iterator[Path]:
    """Yield the files below *directory* that hold rows, or say which are dead; none is ever rewritten."""
    for name in (FILES, CHUNKS):
        for part in ("data", "_deletions"):
            with suppress(FileNotFoundError):  # nothing has been added, or deleted, yet
                yield from (directory / f"{name}.lance" / part).iterdir()


def manifests(directory: Path, versions: Versions) -> Iterator[Path]:
    """Yield the file of each table that says what belongs to its version."""
    for name, version in ((FILES, versions.files), (CHUNKS, versions.chunks)):
        yield directory / f"{name}.lance" / "_versions" / f"{_NEWEST_VERSION - version:020}.manifest"
