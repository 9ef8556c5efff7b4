"""One snapshot in memory: what a search reads of it, and what a pass over the tree compares with."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.globs import GlobFilter
from leindex_mcp.records import Batch, ChunkColumns, FileColumns, Fingerprint, SkipReason, StoredFile
from leindex_mcp.search import corpus_update
from leindex_mcp.search.corpus import Corpus, build
from leindex_mcp.store import Head, Snapshot, batch_columns

_NO_SCALE = 1e-9  # a row of norm 1 has a far larger one, whatever its length
_CORPUS = "corpus."  # prefix of the corpus's arrays among those of a view
_MASKS = 32  # filters remembered, a byte a file each
_SKIP_CODES = ("", *(reason.value for reason in SkipReason))


@dataclass(frozen=True)
class Pinned:
    """A snapshot, ready to be searched; file i of the corpus is row i of the arrays here."""

    head: Head
    corpus: Corpus
    fingerprints: NDArray[np.int64]  #: (files, 4) in the order of `Fingerprint`
    content_hashes: NDArray[np.uint64]  #: (files,) xxh3_64 of the bytes that were indexed
    skips: NDArray[np.uint8]  #: (files,) 0, or 1 + position in `SkipReason`
    is_view_lost: bool = False  #: its view is damaged, or of another release: the next run publishes another

    @classmethod
    def of(cls, snapshot: Snapshot) -> Pinned:
        """Map what was published with the snapshot, or derive it from the tables."""
        if snapshot.view is not None:
            with suppress(KeyError, TypeError):  # another release published other arrays
                return cls._mapped(snapshot.head, snapshot.view)
        head = snapshot.head
        had_view = head.view is not None and head.view.version == head.version
        return replace(cls.derived(head, snapshot.files, snapshot.chunks), is_view_lost=had_view)

    @classmethod
    def of_batch(cls, head: Head, batch: Batch) -> Pinned:
        """Return what `of` derives from a snapshot that holds the files of *batch* and no others."""
        return cls.derived(head, *batch_columns(batch))

    def updated(self, head: Head, batch: Batch) -> Pinned:
        """Return what `of` derives from the snapshot of *head*: this one, but for the files of *batch*."""
        fresh = Pinned.of_batch(head, batch)
        files = corpus_update.files_weave(self.corpus.paths, fresh.corpus.paths, batch.removed)
        return Pinned(
            head,
            corpus_update.updated(self.corpus, fresh.corpus, files),
            files.lay(self.fingerprints, fresh.fingerprints),
            files.lay(self.content_hashes, fresh.content_hashes),
            files.lay(self.skips, fresh.skips),
        )

    @classmethod
    def derived(cls, head: Head, files: FileColumns, chunks: ChunkColumns) -> Pinned:
        """Derive the snapshot of *head* from its columns."""
        skips = np.array([_SKIP_CODES.index(skip or "") for skip in files.skip], np.uint8)
        return cls(head, build(files, chunks), files.fingerprints, files.content_hash, skips)

    @classmethod
    def _mapped(cls, head: Head, arrays: Mapping[str, NDArray[np.generic]]) -> Pinned:
        own = {name: array for name, array in arrays.items() if not name.startswith(_CORPUS)}
        corpus = {name.removeprefix(_CORPUS): array for name, array in arrays.items() if name not in own}
        return cls(head, Corpus.from_arrays(corpus), **own)  # type: ignore[arg-type]  # as `arrays` named them

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what `of` maps again, by name."""
        arrays: dict[str, NDArray[np.generic]] = {
            _CORPUS + name: array for name, array in self.corpus.arrays().items()
        }
        arrays |= {"fingerprints": self.fingerprints, "content_hashes": self.content_hashes}
        return arrays | {"skips": self.skips}

    def fingerprint(self, file: int) -> Fingerprint:
        """Return what stat said of a file when it was indexed."""
        return _fingerprint(self.fingerprints[file].tolist())

    def passing(self, globs: GlobFilter) -> NDArray[np.bool_]:
        """Return the mask of the files that pass; who filters mostly filters the same way again."""
        mask = self._masks.get(globs.patterns)
        if mask is None:
            if len(self._masks) >= _MASKS:
                self._masks.clear()
            mask = self._masks[globs.patterns] = globs.mask(self.corpus.paths)
            mask.flags.writeable = False
        return mask

    @cached_property
    def _masks(self) -> dict[tuple[tuple[str, ...], tuple[str, ...]], NDArray[np.bool_]]:
        return {}

    @cached_property
    def without_vector(self) -> NDArray[np.bool_]:
        """Return which chunks, (m,), have no vector yet."""
        return self.corpus.vectors.scales < _NO_SCALE

    @cached_property
    def embedded_share(self) -> float:
        """Return the share of the chunks that have a vector, 0 to 1."""
        return 1 - float(self.without_vector.mean()) if len(self.without_vector) else 1.0

    @cached_property
    def skipped(self) -> dict[str, int]:
        """Return how many files are known by name only, by the reason that their content gave."""
        counts = np.bincount(self.skips, minlength=len(_SKIP_CODES)).tolist()
        return {reason: count for reason, count in zip(_SKIP_CODES[1:], counts[1:], strict=True) if count}

    @cached_property
    def known(self) -> list[tuple[str, tuple[int, ...]]]:
        """Return what stat said of each file when it was indexed, after its relative path."""
        *others, inodes = (column.tolist() for column in self.fingerprints.T)
        unsigned = [inode % 2**64 for inode in inodes]
        return list(zip(self.corpus.paths, zip(*others, unsigned, strict=True), strict=True))

    @cached_property
    def stored(self) -> dict[str, StoredFile]:
        """Return what is indexed, by relative path."""
        chunks = np.diff(self.corpus.chunk_offsets).tolist()
        rows = zip(
            self.corpus.paths,
            self.fingerprints.tolist(),
            self.content_hashes.tolist(),
            chunks,
            self.skips.tolist(),
            strict=True,
        )
        return {
            relative: StoredFile(
                _fingerprint(fingerprint),
                content_hash,
                count,
                SkipReason(_SKIP_CODES[skip]) if skip else None,
            )
            for relative, fingerprint, content_hash, count, skip in rows
        }


def _fingerprint(row: list[int]) -> Fingerprint:
    """Return the fingerprint that a row of signed numbers stands for; inodes use all 64 bits."""
    size_bytes, mtime_ns, ctime_ns, inode = row
    return Fingerprint(size_bytes, mtime_ns, ctime_ns, inode % 2**64)
