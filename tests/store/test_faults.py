"""A write that is cut short or refused, at any point, costs nothing that was there before."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable

import pytest
from campaign import IS_FULL, TIMEOUT
from store.batches import batch, contents, start
from store.life import FIRST, POINTS, REBUILT, STATES, aged, bring_to, live

from leindex_mcp.errors import StoreError
from leindex_mcp.store import Store

ERRORS = {
    errno.ENOSPC: "free some space",
    errno.EIO: "check the disk",
    errno.EMFILE: "ulimit -n",
    errno.EACCES: "LEINDEX_HOME",
}


class Killed(BaseException):
    """Ends a run as a SIGKILL would: nothing that follows can write."""


class Fault:
    """Raises when a write point is reached for the nth time, or each time from then on."""

    def __init__(
        self, point: str | None, nth: int, error: Callable[[], BaseException], *, for_ever: bool
    ) -> None:
        self._point = point  # None: every point counts
        self._nth = nth
        self._error = error
        self._for_ever = for_ever
        self.reached = 0

    def __call__(self, point: str) -> None:
        """Stand before a write."""
        if self._point is None or point == self._point or (self._for_ever and self.reached >= self._nth):
            self.reached += 1
            if self.reached == self._nth or (self._for_ever and self.reached > self._nth):
                raise self._error()


@pytest.fixture(scope="module")
def passages(tmp_path_factory) -> Counter[str]:
    """Return how often an undisturbed life passes each write point."""
    points: list[str] = []
    store = aged(tmp_path_factory.mktemp("life") / "index", points.append)
    assert all(contents(store.pin()) == seen for seen in live(store))
    return Counter(points)


def test_a_life_passes_every_write_point(passages):
    """A new write point belongs into the list that the fault tests go through."""
    assert sorted(passages) == sorted(POINTS)


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_a_write_point_loses_nothing(store, point):
    """P2 and P3: the last snapshot is served at once, the next run finishes the rest."""
    _kill_and_go_on(store, point, 1)


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
def test_a_kill_at_every_passage_of_every_write_point_loses_nothing(tmp_path, passages):
    """The nth call matters: the first commit has nothing to lose."""
    for nth in range(1, passages.total() + 1):
        _kill_and_go_on(Store(tmp_path / f"{nth}"), None, nth)


@pytest.mark.parametrize("point", POINTS)
def test_a_refused_write_is_one_clear_error(store, point):
    """Every kind of refusal once, each at other points; the slow test has all combinations."""
    number = list(ERRORS)[POINTS.index(point) % len(ERRORS)]
    _refuse_and_go_on(store, point, 1, number, for_ever=bool(POINTS.index(point) & 4))


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize("for_ever", [False, True], ids=["once", "for ever"])
def test_every_refused_write_is_one_clear_error(tmp_path, passages, for_ever):
    """SQLite's way: fail the nth call, for every n; in turns, and in a campaign in every way."""
    for nth in range(1, passages.total() + 1):
        for number in ERRORS if IS_FULL else [list(ERRORS)[nth % len(ERRORS)]]:
            store = Store(tmp_path / f"{nth} {number}")
            _refuse_and_go_on(store, None, nth, number, for_ever=for_ever)


@pytest.mark.parametrize(
    "point", [point for point in POINTS if point.split(".")[0] in {"chunks", "files", "data", "head"}]
)
def test_a_commit_that_failed_can_be_tried_again(tmp_path, point):
    """The same writer rolls back what is left of it; a retry does not duplicate a row."""
    reached: list[str] = []
    armed: list[str] = []

    def at(here: str) -> None:
        reached.append(here)
        if here in armed:
            armed.remove(here)
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    store = Store(tmp_path / "index", at=at)
    with store.writer() as writer:
        start(writer)
        writer.commit(batch(FIRST))
        armed.append(point)
        change = batch({"a": 2}, removed=["b"])
        for _ in range(2):
            try:
                writer.commit(change)
                break
            except StoreError:
                assert store.check() == []
        armed.clear()
        writer.commit(batch({"z": 1}))

    assert contents(store.pin()) == {"a": 2, "c": 1, "z": 1}


def _kill_and_go_on(store: Store, point: str | None, nth: int) -> None:
    fault = Fault(point, nth, Killed, for_ever=True)
    before = _live_until(aged(store.directory, fault), Killed)
    found = _require_whole(store, before)
    redone = bring_to(store, REBUILT)
    assert contents(store.pin()) == REBUILT
    assert redone <= sum(found.get(path) != at for path, at in REBUILT.items())


def _refuse_and_go_on(store: Store, point: str | None, nth: int, number: int, *, for_ever: bool) -> None:
    fault = Fault(point, nth, lambda: OSError(number, os.strerror(number)), for_ever=for_ever)
    before = _live_until(aged(store.directory, fault), StoreError, saying=ERRORS[number])
    _require_whole(store, before)
    bring_to(store, REBUILT)
    assert contents(store.pin()) == REBUILT
    assert store.check() == []


def _live_until(store: Store, error: type[BaseException], saying: str = "") -> dict[str, int]:
    """Live until the fault, and return what was to be seen before it."""
    seen: dict[str, int] = {}
    life = live(store)
    try:
        for seen in life:  # noqa: B007  # its last value is what counts
            pass
    except error as stopped:
        assert saying in str(stopped)  # noqa: PT017  # a refusal that costs nothing need not be an error
    return seen


def _require_whole(store: Store, before: dict[str, int]) -> dict[str, int]:
    """The snapshot is the one before the fault or the one after, and the check finds nothing."""
    assert store.check() == []
    found = contents(store.pin()) if store.head() else {}
    position = STATES.index(before)
    assert found in STATES[position : position + 2]
    return found
