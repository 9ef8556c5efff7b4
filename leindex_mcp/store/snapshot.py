"""`HEAD`: the record of the one snapshot that counts; replacing it is the only switch there is.

Contract. Only the holder of the writer lock replaces `HEAD`, and only after every file of the tables that the
new one names is on the disk; a view is derived, and its digests tell whether it got there. What is named is
never written to again. What no `HEAD` names does not exist for a reader: it is left over from a write that
was cut short.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

import xxhash

from leindex_mcp.errors import IndexDamagedError, IndexSchemaError
from leindex_mcp.store.disk import Disk, storage_errors
from leindex_mcp.store.schema import SCHEMA

_NAME = "HEAD"
_FIRST_LINE = re.compile(rb"leindex-index (?P<schema>[0-9]{1,9}) (?P<seal>[0-9a-f]{16})\n")


class DataFile(NamedTuple):
    """A file that belongs to a snapshot, as it must be found."""

    path: str  #: posix path under the index directory
    size_bytes: int
    digest: int  #: xxh3_64


@dataclass(frozen=True, slots=True)
class Generation:
    """One pair of tables, in a directory of its own, at one version each."""

    number: int
    encoder: str  #: fingerprint of the encoder that made every vector
    dim: int
    next_file: int = 0  #: the number that the next file to be written gets
    files: int = 0
    chunks: int = 0
    dead_chunks: int = 0  #: rows deleted since the generation began, still on disk
    files_version: int = 1
    chunks_version: int = 1
    data: tuple[DataFile, ...] = ()

    @property
    def directory(self) -> str:
        """Return the name of the directory that holds the tables."""
        return f"generation-{self.number}"

    def data_of(self, table: str) -> list[DataFile]:
        """Return the files that belong to one of the tables."""
        prefix = f"{self.directory}/{table}.lance/"
        return [file for file in self.data if file.path.startswith(prefix)]


@dataclass(frozen=True, slots=True)
class View:
    """Arrays derived from one snapshot, ready to be mapped."""

    number: int
    version: int  #: the `Head.version` that they were made from
    data: tuple[DataFile, ...] = ()

    @property
    def directory(self) -> str:
        """Return the name of the directory that holds the arrays."""
        return f"view-{self.number}"


class Retired(NamedTuple):
    """A generation that only readers of an earlier `HEAD` may still need."""

    directory: str
    at: float  #: seconds since the epoch


@dataclass(frozen=True, slots=True)
class Head:
    """One snapshot: which tables at which versions, made of which files."""

    version: int  #: grows by one with every change of the data, across generations
    created: float  #: when the generation that answers was begun, seconds since the epoch
    updated: float  #: when this record was written, seconds since the epoch
    generation: Generation  #: what answers
    complete: bool = False  #: a run over the whole root has ended with this generation
    building: Generation | None = None  #: what will answer, begun beside
    view: View | None = None
    retired: tuple[Retired, ...] = ()

    @classmethod
    def unwritten(cls, encoder: str, dim: int) -> Head:
        """Return the record of a snapshot that is nowhere but in memory."""
        return cls(version=0, created=0, updated=0, generation=Generation(0, encoder, dim))

    @property
    def files(self) -> int:
        """Return the number of files in the snapshot."""
        return self.generation.files

    @property
    def chunks(self) -> int:
        """Return the number of chunks in the snapshot."""
        return self.generation.chunks

    @property
    def encoder(self) -> str:
        """Return the fingerprint of the encoder that made the vectors."""
        return self.generation.encoder

    @property
    def dim(self) -> int:
        """Return the length of a vector."""
        return self.generation.dim

    def retiring(self, directory: str, now: float) -> Head:
        """Return the record with one more generation that may go after a while."""
        return replace(self, retired=(*self.retired, Retired(directory, now)))

    def promoting(self, generation: Generation, now: float) -> Head:
        """Return the record under which *generation* answers, and the one before is no longer needed."""
        head = self.retiring(self.generation.directory, now)
        version = self.version + 1
        return replace(head, version=version, created=now, updated=now, generation=generation, view=None)


class HeadIdentity(NamedTuple):
    """Which file the record is; every switch puts another one in its place."""

    inode: int
    size_bytes: int
    mtime_ns: int
    ctime_ns: int


def head_identity(directory: Path) -> HeadIdentity | None:
    """Return what tells the current record from every other, without reading it; None where there is none."""
    with storage_errors(directory, "reading"):
        try:
            status = (directory / _NAME).stat()
        except (FileNotFoundError, NotADirectoryError):  # a file in the way: the writer will say so
            return None
    return HeadIdentity(status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def read_head(directory: Path) -> Head | None:
    """Return the current record, or None where there is no index.

    Raises:
        IndexDamagedError: There is a record, and it is not as it was written.
        IndexSchemaError: A newer or an older release wrote it.
        StoreError: It cannot be read.
    """
    with storage_errors(directory, "reading"):
        try:
            content = (directory / _NAME).read_bytes()
        except FileNotFoundError:
            return None
    return _parse(content, directory)


def write_head(head: Head, directory: Path, disk: Disk) -> None:
    """Make *head* the record that counts; afterwards it does, whatever happens to the machine."""
    disk.replace(directory / _NAME, _format(head), "head")


def _format(head: Head) -> bytes:
    """Return one line that any release can read, then the record."""
    body = json.dumps(head, default=_fields, separators=(",", ":")).encode()
    return f"leindex-index {SCHEMA} {_seal(SCHEMA, body)}\n".encode() + body


def _fields(record: Head | Generation | View) -> dict[str, Any]:
    """Return a record as JSON can take it; named tuples it writes as lists by itself."""
    return {field.name: getattr(record, field.name) for field in fields(record)}


def _parse(content: bytes, directory: Path) -> Head:
    first_line = _FIRST_LINE.match(content)
    if first_line is None:
        raise IndexDamagedError(directory, "HEAD does not begin as it should")
    schema, body = int(first_line["schema"]), content[first_line.end() :]
    if first_line["seal"].decode() != _seal(schema, body):
        raise IndexDamagedError(directory, "HEAD differs from its own digest")
    if schema != SCHEMA:
        raise IndexSchemaError(directory, found=schema, known=SCHEMA)
    try:
        return _head(json.loads(body))
    except (KeyError, TypeError, ValueError) as error:
        # Written whole, by a program that says it is of this schema and is not: one between two releases.
        raise IndexDamagedError(directory, "HEAD has other fields than its schema says") from error


def _seal(schema: int, body: bytes) -> str:
    """Return the digest that stands in the first line; it covers the schema number too."""
    return xxhash.xxh3_64_hexdigest(body, seed=schema)


def _head(record: dict[str, Any]) -> Head:
    """Return the record as written by `_format`; its digest has vouched for every byte."""
    building, view = record["building"], record["view"]
    return Head(
        **record
        | {
            "generation": _generation(record["generation"]),
            "building": _generation(building) if building else None,
            "view": View(**view | {"data": _data(view["data"])}) if view else None,
            "retired": tuple(Retired(*entry) for entry in record["retired"]),
        }
    )


def _generation(record: dict[str, Any]) -> Generation:
    return Generation(**record | {"data": _data(record["data"])})


def _data(entries: list[list[Any]]) -> tuple[DataFile, ...]:
    return tuple(DataFile(*entry) for entry in entries)
