"""What answers at one moment: the newest snapshot on disk, and in memory the same with later changes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from leindex_mcp.embed.encoder import Encoder
from leindex_mcp.errors import StoreError
from leindex_mcp.extract.document import read_document
from leindex_mcp.indexing import embedded
from leindex_mcp.pinned import Pinned
from leindex_mcp.records import FileRecord, Fingerprint
from leindex_mcp.store import Head, Store

_UNKNOWN: Final = Fingerprint(0, 0, 0, 0)  # reading a file tells its own
_MOST_OWED: Final = 20  # files that a process may end with unwritten: the next one has to read them again
_SAME_SEARCH_SECONDS: Final = 0.005  # one search asks three times; a look at fifty files takes 0.1 ms
_MOST_READ_CHUNKS: Final = 100_000  # of an index without a view: some seconds, while somebody waits
_MOST_TURNS: Final = 4  # times that a change is made again because something else was shown meanwhile


class Standing(NamedTuple):
    """A snapshot, and what became of it."""

    on_disk: Pinned
    shown: Pinned  #: the same with all that was taken in since
    owed: frozenset[str]  #: relative paths in which they may differ: what the next run has to write

    def is_owing(self) -> bool:
        """Return whether a run has anything to write."""
        return bool(self.owed) or self.on_disk.is_view_lost

    def is_run_wanted(self) -> bool:
        """Return whether the next process would have to do too much again: a run would spare it that."""
        return len(self.owed) > _MOST_OWED or self.on_disk.is_view_lost


class TakenIn(NamedTuple):
    """What a change led to."""

    standing: Standing
    unreadable: frozenset[str]  #: of the files that were to be read


class Standings:
    """Keeps what answers for one root.

    Thread-safe: what is shown is only ever exchanged as a whole, by who knows what it was. Nothing is
    written: a run does that, and from then on its snapshot is shown.

    Args:
        root: The directory.
        store: Of its index.
        encoder_of: Returns the encoder in force for an index that one with that fingerprint made.
    """

    def __init__(self, root: Path, store: Store, encoder_of: Callable[[str | None], Encoder]) -> None:
        self._root = root
        self._store = store
        self._encoder_of = encoder_of
        self._exchanging = threading.Lock()
        self._now: Standing | None = None  # guarded by the lock, and so is the next
        self._untouched_at = float("-inf")  # monotonic time at which what is mapped was as written

    def now(self) -> Standing | None:
        """Return what answers now; the index is read again only when `HEAD` has moved. None without one.

        Raises:
            IndexDamagedError: The index cannot be read.
            IndexSchemaError: Another release wrote it.
        """
        head = self._store.head()
        with self._exchanging:
            if head is None:
                self._now = None
            elif self._now is None or not self._may_stay(self._now.on_disk, head):
                pinned = self._store.read(Pinned.of)
                self._now = Standing(pinned, pinned, frozenset())
            elif self._now.on_disk.head.complete != head.complete:
                # The end of a run changes no data, and so not the version.
                on_disk, shown = (replace(pinned, head=head) for pinned in self._now[:2])
                self._now = Standing(on_disk, shown, self._now.owed)
            return self._now

    def _may_stay(self, pinned: Pinned, head: Head) -> bool:
        """Return whether a snapshot may answer on, though the record may have moved."""
        # Whoever writes to a file that is mapped changes the arrays, and who cuts it short ends the process.
        if not pinned.is_view_lost and not self._is_untouched(pinned.head):
            return False
        return not _is_behind(pinned, head) or self._is_to_come(pinned, head)

    def _is_untouched(self, head: Head) -> bool:
        now = time.monotonic()
        if now - self._untouched_at < _SAME_SEARCH_SECONDS:
            return True
        is_untouched = self._store.is_untouched(head)
        if is_untouched:
            self._untouched_at = now
        return is_untouched

    def _is_to_come(self, pinned: Pinned, head: Head) -> bool:
        """Return whether a run is going on that will leave a view behind: until then a whole snapshot stays.

        Without a view, all tables are read: half a second for 2,500 files, after each commit of the run. What
        the run has written by then is seen as any change is that nobody has indexed yet.
        """
        has_view = head.view is not None and head.view.version == head.version
        return pinned.head.complete and head.complete and not has_view and self._store.progress() is not None

    def readable(self) -> tuple[Standing | None, StoreError | None]:
        """Return what `now` does, or why the index cannot be read."""
        try:
            return self.now(), None
        except StoreError as exc:
            return None, exc

    def at_hand(self) -> tuple[Standing | None, StoreError | None]:
        """Return what `readable` does; nothing while a run writes more than can be read as somebody waits."""
        try:
            return (None, None) if self._takes_long() else (self.now(), None)
        except StoreError as exc:
            return None, exc

    def pin_at_hand(self) -> Pinned | None:
        """Return what of `at_hand` is on disk; None too if it cannot be read."""
        standing, _ = self.at_hand()
        return standing.on_disk if standing else None

    def _takes_long(self) -> bool:
        """Return whether a run is making a large index, of which all tables would be read."""
        head = self._store.head()
        if head is None or head.complete or head.chunks <= _MOST_READ_CHUNKS:
            return False
        has_view = head.view is not None and head.view.version == head.version
        return not has_view and self._store.progress() is not None

    def usable(self) -> Standing | None:
        """Return what `at_hand` does if changes can be taken in; None if a run has to make it anew."""
        now, _ = self.at_hand()
        made_by = None if now is None else now.on_disk.head.encoder
        if made_by is not None and made_by == self._encoder_of(made_by).fingerprint:
            return now
        return None

    def encoder(self) -> Encoder:
        """Return the encoder that goes on with what is indexed, or begins anew where that is not whole."""
        now, _ = self.readable()
        return self._encoder_of(None if now is None else now.on_disk.head.encoder)

    def take_in(
        self, known: Standing, records: Sequence[FileRecord], removed: Sequence[str], max_bytes: int
    ) -> TakenIn | None:
        """Show what these files say now, and leave out those that are removed or cannot be read.

        Args:
            known: What `usable` returned; None comes back when something else is shown by now.
            records: Files to read, new or known.
            removed: Relative paths.
            max_bytes: Of the largest file worth reading.
        """
        read_ns = time.time_ns()
        results = [read_document(self._root, record, max_bytes) for record in records]
        batch = embedded(self._encoder_of(known.on_disk.head.encoder), results, read_ns)
        unreadable = frozenset(batch.removed)
        batch = replace(batch, removed=(*batch.removed, *removed))
        touched = {record.relative for record in records}
        after = Standing(
            known.on_disk,
            known.shown.updated(known.shown.head, batch),
            known.owed.union(touched, removed),
        )
        with self._exchanging:
            if self._now is not known:
                return None
            self._now = after
        return TakenIn(after, unreadable)

    def reread(self, shown: Pinned, relatives: Iterable[str], max_bytes: int) -> Pinned:
        """Show what these files say now; return it, or what was shown if nothing can be taken in."""
        records = [FileRecord(relative, _UNKNOWN) for relative in relatives]
        for _ in range(_MOST_TURNS):
            known = self.usable()
            if known is None:
                break
            taken = self.take_in(known, records, (), max_bytes)
            if taken is not None:
                return taken.standing.shown
        return shown


def _is_behind(pinned: Pinned, head: Head) -> bool:
    """Return whether there is something newer to read, or again a view where there was none to map."""
    return pinned.head.version != head.version or (pinned.is_view_lost and pinned.head.view != head.view)
