"""A life of an index that passes every write point, and what a reader must see after each of its steps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
from store.batches import Model, batch, start

from leindex_mcp.store import Store
from leindex_mcp.store.disk import WritePoint

FIRST: Model = {"a": 1, "b": 1, "c": 1}
SECOND: Model = FIRST | {"d": 1, "it's": 1}
THIRD: Model = {"a": 2, "b": 1, "c": 1, "e": 2}
FOURTH: Model = THIRD | {"b": 2, "c": 2}
REBUILT: Model = {"a": 3, "b": 3, "f": 3}

STATES: tuple[Model, ...] = ({}, FIRST, SECOND, THIRD, FOURTH, REBUILT)

POINTS = """
    create lock
    generation.create files.create chunks.create
    chunks.delete files.delete chunks.add files.add chunks.copy files.copy
    data.sync data.sync-directory
    head.write head.sync head.rename head.sync-directory
    view.create view.write
    note.write note.rename note.remove
    sweep
""".split()  # but for `*.restore`, which only a run after a failed one passes


def aged(directory: Path, at: WritePoint | None = None) -> Store:
    """Return a store whose every look at the clock is ten minutes later: it keeps nothing for readers."""
    ticks = count(step=601)
    return Store(directory, at=at, clock=lambda: next(ticks))


def live(store: Store) -> Iterator[Model]:
    """Take the store from birth to a rebuild; yields after each step what `STATES` says is to be seen."""
    with store.writer() as writer:
        start(writer)
        writer.commit(batch(FIRST))
        yield FIRST
        writer.report_progress(3, 5)
        writer.commit(batch({"d": 1, "it's": 1}))
        yield SECOND
        writer.publish_view({"numbers": np.arange(2)})
        writer.publish_view({"numbers": np.arange(3)})
        yield SECOND
    with store.writer() as writer:
        assert start(writer) == SECOND
        writer.commit(batch({"a": 2, "e": 2}, removed=["d", "it's"]))
        yield THIRD
        writer.commit(batch({"b": 2, "c": 2}))
        yield FOURTH
        writer.finish()  # so many rows are dead that it rewrites the index
        yield FOURTH
    with store.writer() as writer:
        assert start(writer, rebuild=True) == {}
        writer.commit(batch({"a": 3}))
        yield FOURTH
        writer.commit(batch({"b": 3, "f": 3}))
        yield FOURTH
        writer.finish()
        yield REBUILT


def bring_to(store: Store, goal: Model) -> int:
    """Index as a program would: replace what differs, remove what is gone; returns the files written."""
    with store.writer() as writer:
        stored = start(writer)
        changed = {relative: at for relative, at in goal.items() if stored.get(relative) != at}
        writer.commit(batch(changed, removed=stored.keys() - goal.keys()))
        writer.finish()
    return len(changed)
