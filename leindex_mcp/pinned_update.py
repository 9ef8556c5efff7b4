"""What one run changes of the snapshot that it began with."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from itertools import chain

import numpy as np

from leindex_mcp.pinned import Pinned
from leindex_mcp.records import Batch, ChunkColumns, FileColumns, TermCounts
from leindex_mcp.store import Head, Store, Writer, batch_columns, joined_columns

_MOST_FILES = 500  # a run that changes more is spent on them anyway
_LARGEST_SHARE = 0.2  # of the files; above it, deriving everything anew costs about as much


class PinnedUpdate:
    """The batches that a run committed, kept as long as they change few files.

    Args:
        began: What the run compared the tree with, if there was anything.
    """

    def __init__(self, began: Pinned | None = None) -> None:
        self._began = began
        self._batches: list[Batch] = []
        self._most_files = min(_MOST_FILES, _LARGEST_SHARE * len(began.corpus)) if began else 0

    def add(self, batch: Batch) -> None:
        """Remember a batch that was committed."""
        self._batches.append(batch)
        if sum(len(each.documents) + len(each.removed) for each in self._batches) > self._most_files:
            self._began = None
            self._batches.clear()

    def applied(self, head: Head) -> Pinned | None:
        """Return the snapshot of *head*, if it is what the run began with and nothing but these batches."""
        began = self._began
        if began is None or not self._batches or began.head.created != head.created:
            return None
        # The version grows by one with each commit, whoever makes it.
        if began.head.version + len(self._batches) != head.version:
            return None
        return began.updated(head, _joined(self._batches))


class PinnedWhole:
    """The columns of all batches, for an index that was empty when the run began."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[FileColumns, ChunkColumns]] = deque()
        self._known: dict[str, str] = {}  # one object for all that are equal: a name stands in many files

    def add(self, batch: Batch) -> None:
        """Remember the columns of a batch that was committed."""
        files, chunks = batch_columns(batch)
        shared = self._known.setdefault
        names = [shared(name, name) for name in files.definition_names]
        stems = [shared(stem, stem) for stem in files.import_stems]
        self._pieces.append((replace(files, definition_names=names, import_stems=stems), chunks))

    def applied(self, head: Head) -> Pinned | None:
        """Return the snapshot of *head*, if there is nothing in it but these batches."""
        files = sum(len(files.relative) for files, _ in self._pieces)
        chunks = sum(len(chunks.file) for _, chunks in self._pieces)
        if not files or (head.generation.next_file, head.files, head.chunks) != (files, files, chunks):
            return None
        self._known.clear()
        return Pinned.derived(head, *joined_columns(self._pieces))


def publish(update: PinnedUpdate | PinnedWhole, store: Store, writer: Writer) -> None:
    """Let the new generation answer, and leave what a search maps beside its tables."""
    pinned = update.applied(writer.finish()) or Pinned.of(store.pin())
    writer.publish_view(pinned.arrays())


def _joined(batches: list[Batch]) -> Batch:
    """Return one batch that changes what all of them change; none has a file of another."""
    sizes = [np.diff(batch.terms.offsets) for batch in batches]
    return Batch(
        documents=tuple(chain.from_iterable(batch.documents for batch in batches)),
        terms=TermCounts(
            np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64),
            np.concatenate([batch.terms.terms for batch in batches]),
            np.concatenate([batch.terms.counts for batch in batches]),
        ),
        vectors=np.concatenate([batch.vectors for batch in batches]),
        removed=tuple(chain.from_iterable(batch.removed for batch in batches)),
    )
