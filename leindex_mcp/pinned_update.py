"""What one run changes of the snapshot that it began with."""

from __future__ import annotations

from itertools import chain

import numpy as np

from leindex_mcp.pinned import Pinned
from leindex_mcp.records import Batch, TermCounts
from leindex_mcp.store import Head, Store, Writer

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

    def publish(self, store: Store, writer: Writer) -> None:
        """Let the new generation answer, and leave what a search maps beside its tables."""
        pinned = self._applied(writer.finish()) or Pinned.of(store.pin())
        writer.publish_view(pinned.arrays())

    def _applied(self, head: Head) -> Pinned | None:
        """Return the snapshot of *head*, if it is what the run began with and nothing but these batches."""
        began = self._began
        if began is None or not self._batches or began.head.created != head.created:
            return None
        # The version grows by one with each commit, whoever makes it.
        if began.head.version + len(self._batches) != head.version:
            return None
        return began.updated(head, _joined(self._batches))


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
