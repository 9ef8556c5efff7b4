"""One scan while it goes on: who walks, what was found, whether it is time to stop."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from contextlib import closing
from threading import Lock
from typing import Final

from leindex_mcp.scan.crew import Crew
from leindex_mcp.scan.tally import Tally
from leindex_mcp.scan.walk import Branch, Listing, Walk

_LISTINGS_JUDGED: Final = 32  # whose median tells a slow disk from one slow moment


class Survey:
    """Runs a crew of walkers over one tree and adds up what they find."""

    def __init__(
        self,
        walk: Callable[[Branch], Walk],
        *,
        max_workers: int,
        max_file_size: int,
        slow_listing_seconds: float,
        is_to_stop: Callable[[], bool],
        on_progress: Callable[[int], None] | None,
    ) -> None:
        self._walk = walk
        self._max_file_size = max_file_size
        self._slow_listing_seconds = slow_listing_seconds
        self._is_to_stop = is_to_stop
        self._on_progress = on_progress
        self._crew = Crew(max_workers, self._walk_branch)
        self._tallies: list[Tally] = []
        self._listing_seconds: list[float] = []
        self._telling = Lock()
        self._files = 0
        self.was_stopped = False  #: before everything was seen

    @property
    def walkers(self) -> int:
        """Threads that took part."""
        return self._crew.walkers

    def run(self, trunk: Branch) -> Tally:
        """Walk everything below the trunk, or up to the moment to stop."""
        self._crew.run(trunk)
        total = Tally(self._max_file_size)
        for tally in self._tallies:
            total.absorb(tally)
        return total

    def _walk_branch(self, branch: Branch) -> None:
        """Walk one branch, in the thread of one walker."""
        tally = Tally(self._max_file_size)
        self._tallies.append(tally)
        walk = self._walk(branch)
        with closing(walk.listings()) as listings:
            for listing in listings:
                before = len(tally.records)
                tally.add(listing)
                self._report(len(tally.records) - before)
                if self._crew.is_over or self._is_to_stop():
                    self.was_stopped = True
                    self._crew.stop()
                    return
                self._call_for_help(listing)
                if self._crew.is_hungry and (given := walk.split()) is not None:
                    self._crew.offer(given)

    def _call_for_help(self, listing: Listing) -> None:
        """Let the other walkers join once listings prove slow."""
        if self._crew.walkers == 1:
            self._listing_seconds.append(listing.listing_seconds)
            if len(self._listing_seconds) == _LISTINGS_JUDGED:
                if statistics.median(self._listing_seconds) >= self._slow_listing_seconds:
                    self._crew.reinforce()
                self._listing_seconds.clear()

    def _report(self, files: int) -> None:
        """Tell how many files were found; walkers take turns."""
        if self._on_progress is not None:
            with self._telling:
                self._files += files
                self._on_progress(self._files)
