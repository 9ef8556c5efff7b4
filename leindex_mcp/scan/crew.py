"""Several walkers over one tree, which share out its branches while they go."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition
from typing import Final

from leindex_mcp.scan.walk import Branch


class Crew:
    """Walkers, each in a thread of its own; one that has nothing left takes a branch that another gives away.

    The first walker is the calling thread. The others join when `reinforce` is called: on a warm local disk
    one loop is as fast as many, and costs less.
    """

    def __init__(self, max_workers: int, walk: Callable[[Branch], None]) -> None:
        self._max_workers: Final = max_workers
        self._walk: Final = walk
        self._condition = Condition()
        # Guarded by the condition. Everything is walked when all walkers wait and no branch is on offer.
        self._offers: deque[Branch] = deque()
        self._waiting = 0
        self._helpers: list[Future[None]] = []
        self.walkers = 1  #: threads that take part, or took part
        self.is_over = False  #: all is walked, or `stop` was called

    @property
    def is_hungry(self) -> bool:
        """Whether a walker waits for a branch; asked without the lock, so it may have been answered since."""
        return self._waiting > len(self._offers)

    def run(self, trunk: Branch) -> None:
        """Walk the trunk and all branches that are given away, until nothing is left or `stop` is called.

        What a walk raises, this raises; the other walkers stop first.
        """
        with ThreadPoolExecutor(self._max_workers, thread_name_prefix="leindex-scan") as threads:
            self._threads = threads
            self.offer(trunk)
            self._work()
        for helper in self._helpers:
            helper.result()

    def offer(self, branch: Branch) -> None:
        """Give a branch to the next walker that has nothing left."""
        with self._condition:
            self._offers.append(branch)
            self._condition.notify()

    def reinforce(self) -> None:
        """Let all walkers join that may; they join once."""
        with self._condition:
            if self.walkers == 1 and not self.is_over:
                self.walkers = self._max_workers
                self._helpers = [self._threads.submit(self._work) for _ in range(1, self.walkers)]

    def stop(self) -> None:
        """Hand out no more branches; each walk is to end when it sees that it is over."""
        with self._condition:
            self.is_over = True
            for branch in self._offers:
                branch.directory.close()
            self._offers.clear()
            self._condition.notify_all()

    def _work(self) -> None:
        try:
            while (branch := self._next_branch()) is not None:
                self._walk(branch)
        except BaseException:
            self.stop()
            raise

    def _next_branch(self) -> Branch | None:
        """Wait for a branch; None when there will be none."""
        with self._condition:
            self._waiting += 1
            while not self._offers and not self.is_over:
                if self._waiting == self.walkers:
                    self.is_over = True
                    self._condition.notify_all()
                else:
                    self._condition.wait()
            if self.is_over:
                return None
            self._waiting -= 1
            return self._offers.popleft()
