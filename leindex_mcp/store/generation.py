"""One generation, open for writing: its tables, what is in them, and the record that `HEAD` is to hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from leindex_mcp.records import Batch, StoredFile
from leindex_mcp.store.columns import STORED_COLUMNS, NumberedFile, numbered_files
from leindex_mcp.store.disk import Disk
from leindex_mcp.store.integrity import describe
from leindex_mcp.store.schema import chunk_rows, file_rows
from leindex_mcp.store.snapshot import Generation
from leindex_mcp.store.tables import Tables, Versions, immutable_files, manifests


class OpenGeneration:
    """The tables that *record* names, at the versions that it names.

    After an error the object is of no use: open the last record that `HEAD` holds instead.
    """

    def __init__(self, record: Generation, directory: Path, disk: Disk) -> None:
        self.record = record
        self._directory = directory
        self._disk = disk
        self._tables = Tables(directory / record.directory, disk)
        self._tables.roll_back(Versions(record.files_version, record.chunks_version))
        self._stored = numbered_files(self._tables.file_rows(STORED_COLUMNS))
        self._seen = set(self._immutable_files())  # those that no record names are left over

    @classmethod
    def create(cls, record: Generation, directory: Path, disk: Disk) -> OpenGeneration:
        """Create the tables of a generation that has no rows yet."""
        tables = Tables.create(directory / record.directory, record.dim, disk)
        versions = tables.versions
        begun = replace(record, files_version=versions.files, chunks_version=versions.chunks)
        created = cls(begun, directory, disk)
        created.record = created._describe(begun)
        return created

    def files(self) -> dict[str, StoredFile]:
        """Return what is stored of each file, by relative path."""
        return {relative: numbered.file for relative, numbered in self._stored.items()}

    @property
    def files_on_disk(self) -> int:
        """Return how many files the tables take, those of commits that were cut short included."""
        return len(self._seen)

    def write(self, batch: Batch) -> Generation:
        """Replace and remove files, and return the record that makes it so once `HEAD` holds it."""
        replaced = [document.record.relative for document in batch.documents]
        leaving = {path: self._stored[path] for path in (*batch.removed, *replaced) if path in self._stored}
        first = self.record.next_file
        if leaving:
            self._tables.delete([numbered.number for numbered in leaving.values()])
        self._tables.add(
            file_rows(batch, first), chunk_rows(batch, first, self.record.encoder, self.record.dim)
        )
        self._remember(batch, leaving)
        self.record = self._describe(self._count(batch, leaving.values()))
        return self.record

    def copy_of(self, source: Generation) -> Generation:
        """Take over every row of *source*, numbers included, without its dead ones."""
        versions = Versions(source.files_version, source.chunks_version)
        self._tables.copy_from(self._directory / source.directory, versions)
        counted = replace(self.record, next_file=source.next_file, files=source.files, chunks=source.chunks)
        self.record = self._describe(counted)
        return self.record

    def _count(self, batch: Batch, leaving: Iterable[NumberedFile]) -> Generation:
        record = self.record
        files_gone, chunks_gone = 0, 0
        for numbered in leaving:
            files_gone += 1
            chunks_gone += numbered.file.chunks
        return replace(
            record,
            next_file=record.next_file + len(batch.documents),
            files=record.files - files_gone + len(batch.documents),
            chunks=record.chunks - chunks_gone + sum(len(document.chunks) for document in batch.documents),
            dead_chunks=record.dead_chunks + chunks_gone,
        )

    def _remember(self, batch: Batch, leaving: Iterable[str]) -> None:
        for relative in leaving:
            del self._stored[relative]
        for number, document in enumerate(batch.documents, self.record.next_file):
            stored = StoredFile(
                document.record.fingerprint, document.content_hash, len(document.chunks), document.skip
            )
            self._stored[document.record.relative] = NumberedFile(number, stored)

    def _describe(self, record: Generation) -> Generation:
        """Force the newest versions of both tables to the disk, and return *record* with them."""
        versions = self._tables.versions
        described = replace(record, files_version=versions.files, chunks_version=versions.chunks)
        base = self._directory / record.directory
        new = [path for path in self._immutable_files() if path not in self._seen]
        new_manifests = list(manifests(base, versions))
        old = [file for file in record.data if not file.path.endswith(".manifest")]
        self._disk.sync([*new, *new_manifests], "data.sync")
        # Each file stands in a directory of its table; that, the table and the generation may all be new.
        parents = {parent for path in (*new, *new_manifests) for parent in path.parents[:2]} | {base}
        self._disk.sync_directories(sorted(parents), "data.sync-directory")
        self._seen.update(new)
        return replace(described, data=(*old, *describe(self._directory, [*new, *new_manifests])))

    def _immutable_files(self) -> Iterable[Path]:
        return immutable_files(self._directory / self.record.directory)
