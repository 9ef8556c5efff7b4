"""The last run that was to write an index: what it cost or met, and whether another is worth its while."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from leindex_mcp.errors import IndexBusyError, StoreError
from leindex_mcp.store import Store

_SHARE = 10  # a run is worth it when this many times the duration of the last has passed
_TRIAL_INTERVAL_SECONDS = 30.0  # a disk that is full or read-only stays so for a while


class LastRun:
    """What is known of the last run of this process on one root."""

    def __init__(self) -> None:
        self.trouble: StoreError | None = None  #: why the index could not be written, if it could not
        self._seconds = 0.0
        self._ended_at = float("-inf")  # monotonic time

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Remember how the block goes, which is a run; its errors pass."""
        started = time.monotonic()
        self._ended_at = float("inf")  # not while it is going on
        try:
            yield
            self.trouble = None
        except StoreError as exc:
            self.trouble = exc
            raise
        finally:
            self._ended_at = time.monotonic()
            self._seconds = self._ended_at - started

    def is_another_worth_it(self) -> bool:
        """Return whether a run now keeps all of them within a tenth of the time, and is likely to write."""
        pause_seconds = time.monotonic() - self._ended_at
        return not self.failed_lately() and pause_seconds > _SHARE * self._seconds

    def failed_lately(self) -> bool:
        """Return whether it is too early to try to write again."""
        return self.trouble is not None and time.monotonic() - self._ended_at <= _TRIAL_INTERVAL_SECONDS

    def try_to_begin(self, store: Store) -> bool:
        """Find out whether the index could be written now, by this process or by another."""
        self.trouble = None
        try:
            store.writer().close()
        except IndexBusyError:
            return True
        except StoreError as exc:
            self.trouble = exc
            return False
        return True
