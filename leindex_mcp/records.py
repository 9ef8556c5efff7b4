"""The values that travel between stages: small, frozen, and free of behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, overload

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float32]


class Fingerprint(NamedTuple):
    """What a stat call says of a file; two equal fingerprints outside the racy window mean equal content."""

    size_bytes: int
    mtime_ns: int
    ctime_ns: int
    inode: int


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A regular file below the root that no rule keeps out."""

    relative: str  #: posix path under the root; undecodable bytes are surrogate escapes
    fingerprint: Fingerprint


class SkipReason(StrEnum):
    """Why a path that exists is not in the index; the values are public (`leindex files --skipped`)."""

    IGNORED = "ignored"
    SKIPPED_DIRECTORY = "skipped-directory"
    SIZE = "size"
    BINARY = "binary"
    SYMLINK = "symlink"
    SPECIAL = "special"
    SECRET = "secret"  # noqa: S105  # a reason, not a password
    GENERATED = "generated"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """What the index holds of a file, for telling whether it changed since."""

    fingerprint: Fingerprint
    content_hash: int  #: xxh3_64 of the bytes that were indexed
    chunks: int
    skip: SkipReason | None = None  #: why it has no chunks, when its content was the reason


@dataclass(frozen=True, slots=True)
class Skipped:
    """A path left out, and why: data beside a valid result, never an exception."""

    relative: str
    reason: SkipReason
    detail: str = ""  #: the rule as `file:line: pattern`, or what the system said


class DefinitionKind(StrEnum):
    """How strongly a line defines its name."""

    TYPE = "type"  #: class, struct, trait, interface …
    FUNCTION = "function"  #: function, method, macro …
    VALUE = "value"  #: assignment, constant, or a head that only looks like a definition (C style)


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that a file defines."""

    name: str  #: as written, without its qualifier
    kind: DefinitionKind
    line: int  #: 1-based


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole lines from one file; the unit that is embedded and found."""

    relative: str  #: posix path under the root
    ordinal: int  #: 0-based position within the file
    start_line: int  #: 1-based
    end_line: int  #: inclusive
    text: str
    language: str | None
    symbol: str | None  #: the definition that the chunk begins in or holds first
    defines: tuple[str, ...] = ()  #: the names that its lines define, in order


@dataclass(frozen=True, slots=True)
class Document:
    """One file, read and cut; its chunks in ordinal order cover its text."""

    record: FileRecord
    content_hash: int  #: xxh3_64 of the bytes on disk
    language: str | None
    chunks: tuple[Chunk, ...]
    definitions: tuple[Definition, ...]
    import_stems: tuple[str, ...]  #: file stems that the import lines name, in order, without repeats
    skip: SkipReason | None = None  #: set when the content is not worth indexing; there are no chunks then


@dataclass(frozen=True, slots=True)
class TermCounts:
    """Keyword terms of n texts as one sparse matrix, rows in text order, terms ascending within a row."""

    offsets: NDArray[np.int64]  #: (n + 1,) row i is `offsets[i]:offsets[i + 1]`
    terms: NDArray[np.uint32]  #: hashes of stemmed words and of whole identifiers
    counts: NDArray[np.uint8]  #: occurrences, at most 255


@dataclass(frozen=True, slots=True)
class Batch:
    """What one commit writes: whole files replaced, files removed.

    Row i of `terms` and of `vectors` belongs to chunk i of the documents' chunks in order.
    """

    documents: tuple[Document, ...]
    terms: TermCounts
    vectors: Matrix  #: float32 (chunks, dim), rows of norm 1
    removed: tuple[str, ...] = ()  #: relative paths whose rows go away


@dataclass(frozen=True, slots=True)
class FileColumns:
    """The files of one snapshot, ordered by relative path."""

    relative: list[str]
    language: list[str | None]
    skip: list[str | None]  #: value of `SkipReason`, for files without chunks
    fingerprints: NDArray[np.int64]  #: (n, 4) in the order of `Fingerprint`
    content_hash: NDArray[np.uint64]  #: (n,)
    definition_offsets: NDArray[np.int64]  #: (n + 1,)
    definition_names: list[str]
    definition_kinds: NDArray[np.uint8]  #: position in `DefinitionKind`
    definition_lines: NDArray[np.int32]
    import_offsets: NDArray[np.int64]  #: (n + 1,)
    import_stems: list[str]


@dataclass(frozen=True, slots=True)
class ChunkColumns:
    """The chunks of one snapshot, ordered by file and ordinal."""

    file: NDArray[np.int32]  #: (m,) position in `FileColumns.relative`, ascending
    start_line: NDArray[np.int32]  #: 1-based
    end_line: NDArray[np.int32]  #: inclusive
    terms: TermCounts
    vectors: NDArray[np.int8]  #: (m, dim)
    scales: NDArray[np.float32]  #: (m,) the vector of chunk i is `vectors[i] * scales[i]`


class IndexState(StrEnum):
    """How far an answer can be trusted."""

    ABSENT = "absent"
    BUILDING = "building"
    PARTIAL = "partial"
    FRESH = "fresh"
    STALE = "stale"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Coverage:
    """What one answer goes by of a tree that the index does not hold as it is now."""

    files: int  #: that a scan has just seen
    indexed: int  #: as they are now
    read: int  #: indexed, or looked through for the words of the question
    embedded: int  #: indexed, or embedded on the spot
    is_all: bool  #: the scan saw the whole tree

    def line(self) -> str:
        """Return the three shares as part of the line that stands in every answer."""
        of = f"{self.files}" if self.is_all else f"over {self.files}"
        keyword, semantic = self.percent(self.read), self.percent(self.embedded)
        return f"{self.indexed} of {of} files; keyword {keyword} %, semantic {semantic} %"

    def percent(self, files: int) -> int:
        """Return the share of the tree that so many files are, rounded down: 100 is all of it."""
        return 100 * files // self.files if self.files else 100


@dataclass(frozen=True, slots=True)
class SearchState:
    """The completeness of one answer: what it was computed from."""

    state: IndexState
    files: int = 0  #: files in the snapshot that answered
    chunks: int = 0
    detail: str = ""  #: one sentence for a reader, or empty
    is_checked: bool = False  #: the tree was compared with the snapshot just before
    age_seconds: int | None = None  #: since the tree was last compared with what answered, if it was
    coverage: Coverage | None = None  #: set when files were read that the snapshot does not hold

    def line(self) -> str:
        """Return the state as the one line that stands in every answer."""
        extent = self.coverage.line() if self.coverage else f"{self.files} files"
        text = f"index: {self.state.value}, {extent}"
        if self.age_seconds is not None and not self.is_checked and not self.coverage:
            text += f"; compared with the tree {self.age_seconds} s ago"
        return f"{text}; {self.detail}" if self.detail else text


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A place in a file that answers the question, quoted from the disk."""

    path: str  #: posix path under the root
    start_line: int  #: 1-based
    end_line: int  #: inclusive
    score: float  #: higher is better; comparable within one answer only
    text: str  #: the lines as they are on disk now
    symbol: str | None = None  #: enclosing definition
    signature: str | None = None  #: the line that begins it, when that stands above the text
    signature_line: int | None = None  #: 1-based
    changed: bool = False  #: the file was edited after it was indexed


@dataclass(frozen=True, slots=True)
class SearchAnswer(Sequence[SearchHit]):
    """The hits, best first, with what they were computed from; behaves as the list of its hits."""

    hits: tuple[SearchHit, ...]
    state: SearchState
    census: tuple[str, ...] = ()  #: how often the names and strings of the question occur, a line each
    rendered: str = ""  #: compact text under the token budget

    @overload
    def __getitem__(self, index: int) -> SearchHit: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[SearchHit]: ...
    def __getitem__(self, index: int | slice) -> SearchHit | Sequence[SearchHit]:
        """Return the hit, or the hits, at that position."""
        return self.hits[index]

    def __len__(self) -> int:
        """Return the number of hits."""
        return len(self.hits)


@dataclass(frozen=True, slots=True)
class EmbeddingStats:
    """How far the transformer is that the settings name."""

    model: str  #: as the settings name it
    is_answering: bool  #: its vectors answer, not those of the built-in model
    chunks: int  #: in the index
    chunks_done: int = 0  #: of them, those that have its vector
    chunks_per_second: float | None = None  #: embedded, by the newest fill
    seconds_left: float | None = None  #: at that speed
    device: str = ""  #: where it ran last; empty before it did
    device_reason: str = ""
    fallbacks: tuple[str, ...] = ()  #: what was not done as asked for, a sentence each
    cache_hit_rate: float | None = None  #: 0..1, vectors that were there when they were asked for
    problem: str = ""  #: why it cannot be used, and what to do


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one run of `index` did."""

    root: str
    files: int  #: files in the index afterwards
    chunks: int  #: chunks in the index afterwards
    indexed: int  #: files read and written in this run
    unchanged: int  #: files not read, their fingerprint being the same
    removed: int
    bytes_read: int
    skipped: Mapping[str, int] = field(default_factory=dict)  #: reason to count
    seconds: Mapping[str, float] = field(default_factory=dict)  #: stage to seconds spent in it
    stat_cache_hit_rate: float = 0.0  #: 0..1, of the look-ups of this run
    pattern_hit_rate: float = 0.0  #: 0..1, verdicts that the pattern memo knew
    peak_memory_bytes: int = 0  #: resident set of the process at its largest so far
    device: str = "cpu"  #: where the vectors were computed
    embedding: EmbeddingStats | None = None  #: when the settings name a transformer
