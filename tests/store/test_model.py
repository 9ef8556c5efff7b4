"""The store against a dict: edits, kills, refusals, searches and re-openings in any order."""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from campaign import TIMEOUT, size
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from store.batches import DIM, ENCODER, Model, batch, contents, start

from leindex_mcp.errors import SnapshotGoneError, StoreError
from leindex_mcp.store import Snapshot, Store, Writer

paths = st.sampled_from(["a", "b", "dir/c", "it's", "\udcff"])
edits = st.dictionaries(paths, st.integers(0, 9), max_size=3)


class Killed(BaseException):
    """What a SIGKILL looks like from inside."""


class StoreMachine(RuleBasedStateMachine):
    """One process after the other writes; readers look in between."""

    def __init__(self) -> None:
        super().__init__()
        self.home = tempfile.TemporaryDirectory()
        self.now = 1e6
        self.fault: tuple[int, BaseException] | None = None  # raised once so many writes have passed
        self.store = self.opened()
        self.writer: Writer | None = None
        self.beside = False  # what is written does not answer before `finish`
        self.written: Model = {}  # what the generation being written holds
        self.building: Model | None = None  # what the one begun beside held at its last commit
        self.seen: Model | None = None  # what a reader must find; None: no index
        self.pinned: list[tuple[Snapshot, Model]] = []

    def opened(self) -> Store:
        """Return the store as a new process sees it."""
        return Store(Path(self.home.name) / "index", at=self.at, clock=lambda: self.now)

    def at(self, _point: str) -> None:
        """Count writes down to the fault."""
        if self.fault:
            left, error = self.fault
            self.fault = (left - 1, error)
            if left <= 0:
                raise error

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.fault = None
        if self.writer:
            self.writer.close()
        self.home.cleanup()

    @initialize()
    def be_born(self) -> None:
        """Begin where nothing is."""
        self.begin(rebuild=False)

    @rule(rebuild=st.booleans())
    def begin(self, *, rebuild: bool) -> None:
        """Open for writing, in a new process."""
        if self.writer:
            self.writer.close()
        self.store = self.opened()
        self.writer = self.store.writer()
        self.beside = self.seen is not None and (rebuild or self.building is not None)
        going_on = self.seen if self.building is None else self.building
        self.written = {} if rebuild else dict(going_on or {})
        assert start(self.writer, rebuild=rebuild) == self.written

    @rule(files=edits, removed=st.sets(paths, max_size=2))
    def commit(self, files: Model, removed: set[str]) -> None:
        """Write a batch."""
        self.writer.commit(batch(files, removed=removed))
        self.became(self.after(files, removed))

    @rule(files=edits, removed=st.sets(paths, max_size=2), left=st.integers(0, 35))
    def commit_refused(self, files: Model, removed: set[str], left: int) -> None:
        """Write a batch that the system refuses on the way, and go on with the same writer."""
        self.commit_cut_short(files, removed, left, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        stored = self.writer.files()
        assert {path: file.fingerprint.size_bytes for path, file in stored.items()} == self.written

    @rule(files=edits, removed=st.sets(paths, max_size=2), left=st.integers(0, 35))
    def commit_killed(self, files: Model, removed: set[str], left: int) -> None:
        """Write a batch in a process that dies on the way; another one goes on."""
        self.commit_cut_short(files, removed, left, Killed())
        self.begin(rebuild=False)

    def commit_cut_short(self, files: Model, removed: set[str], left: int, fault: BaseException) -> None:
        """Write a batch that may fail: it happened if and only if `HEAD` was replaced."""
        before = self.store.head()
        self.fault = (left, fault)
        with suppress(Killed, StoreError):
            self.writer.commit(batch(files, removed=removed))
        self.fault = None
        if self.store.head() != before:
            self.became(self.after(files, removed))

    @rule()
    def finish(self) -> None:
        """End the run."""
        self.writer.finish()
        self.beside, self.building = False, None
        self.seen = dict(self.written)

    @precondition(lambda self: self.seen is not None)
    @rule()
    def publish(self) -> None:
        """Publish a view of what answers."""
        self.writer.publish_view({"files": np.array([len(self.seen)])})
        assert self.store.pin().view["files"].tolist() == [len(self.seen)]

    @precondition(lambda self: self.seen is not None)
    @rule()
    def pin(self) -> None:
        """Hold a snapshot, to be read later."""
        self.pinned.append((self.opened().pin(), dict(self.seen)))

    @precondition(lambda self: self.pinned)
    @rule()
    def read_pinned(self) -> None:
        """Read an old snapshot: as it was, or gone with its generation."""
        snapshot, model = self.pinned.pop()
        try:
            assert contents(snapshot) == model
        except SnapshotGoneError:
            assert snapshot.head.generation.number != self.store.head().generation.number

    @rule(seconds=st.sampled_from([-1000, 1, 600]))
    def wait(self, seconds: int) -> None:
        """Let the clock run, or set it back."""
        self.now += seconds

    @invariant()
    def a_reader_finds_the_model(self) -> None:
        """Whatever happened, there is one whole snapshot: the newest that was switched to."""
        if self.seen is None:
            assert self.store.head() is None
            return
        snapshot = self.opened().pin()
        assert contents(snapshot) == self.seen
        assert (snapshot.head.encoder, snapshot.head.dim) == (ENCODER, DIM)
        assert self.store.check() == []

    def after(self, files: Model, removed: set[str]) -> Model:
        """Return what the generation being written holds after a batch."""
        return {path: at for path, at in self.written.items() if path not in removed} | files

    def became(self, written: Model) -> None:
        """Note what was written, and whether readers see it."""
        self.written = written
        if self.beside:
            self.building = dict(written)
        else:
            self.seen = dict(written)


@pytest.mark.timeout(90)
class TestStore(StoreMachine.TestCase):
    """A few lives, on every run."""

    settings = settings(max_examples=4, stateful_step_count=10, deadline=None)


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
class TestStoreAtLength(StoreMachine.TestCase):
    """Many and longer lives."""

    settings = settings(max_examples=size(40, 400), stateful_step_count=40, deadline=None)
