"""No write begins that cannot end: the error names what is needed and what is there."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from store.batches import batch, contents, fill, start

from leindex_mcp.errors import DiskFullError, IndexTooLargeError
from leindex_mcp.store import room


@pytest.fixture
def free(monkeypatch):
    """Return a function that says how many bytes the disk has left."""

    def leave(free_bytes: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=free_bytes))

    return leave


def test_a_commit_that_the_disk_has_no_room_for_is_not_begun(store, free):
    """Half of it would fill the disk for everybody else."""
    fill(store, {"a": 1})
    free(5_000)

    with store.writer() as writer:
        start(writer)
        with pytest.raises(DiskFullError, match=r"about 16,\d+,\d+ bytes and 5,000 are free: .*LEINDEX_HOME"):
            writer.commit(batch({"b": 1}))
        free(17_000_000)
        writer.commit(batch({"c": 1}))

    assert contents(store.pin()) == {"a": 1, "c": 1}


def test_a_view_that_the_disk_has_no_room_for_is_not_begun(store, free):
    """The tables answer in its place."""
    fill(store, {"a": 1})
    with store.writer() as writer:
        start(writer)
        free(0)
        with pytest.raises(DiskFullError):
            writer.publish_view({"x": np.zeros(1)})

    assert [path.name for path in store.directory.iterdir() if path.name.startswith("view")] == []


def test_a_worn_index_stays_as_it_is_where_there_is_no_room_for_a_copy(store, free, caplog):
    """It is slower, and right."""
    fill(store, {"a": 1, "b": 1})
    with store.writer() as writer:
        start(writer)
        writer.commit(batch({"a": 2, "b": 2}))
        free(0)
        assert writer.finish().generation.number == 1

    assert "the index stays as it is" in caplog.text
    assert contents(store.pin()) == {"a": 2, "b": 2}


def test_an_index_may_not_grow_without_bound(store, monkeypatch):
    """Neither on the disk nor in the number of files; both are told before they are written."""
    fill(store, {"a": 1})
    with store.writer() as writer:
        start(writer)
        writer.expect(1_000_000)
        with pytest.raises(IndexTooLargeError, match=r"1,000,001 files.*at most 1,000,000.*leindexignore"):
            writer.expect(1_000_001)
        monkeypatch.setattr(room, "MOST_BYTES", sum(file.size_bytes for file in store.head().generation.data))
        with pytest.raises(IndexTooLargeError, match="GB"):
            writer.commit(batch({"b": 1}))

    assert contents(store.pin()) == {"a": 1}


def test_what_a_batch_takes_is_guessed_well_enough(store):
    """Within a half and twice the truth, when it is more than a few kilobytes."""
    files = {f"src/module_{number}.py": number for number in range(3000)}
    fill(store, files)
    taken = sum(
        file.size_bytes for file in store.head().generation.data if not file.path.endswith(".manifest")
    )

    assert taken / 2 < room.size_of(batch(files)) < taken * 2
