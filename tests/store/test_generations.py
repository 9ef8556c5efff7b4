"""Rebuilding beside what answers: the switch, what is kept for readers, what is cleared away."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

import numpy as np
import pytest
from store.batches import DIM, ENCODER, batch, contents, document, fill, start, tree

from leindex_mcp.errors import SnapshotGoneError, StoreError
from leindex_mcp.store import Store
from leindex_mcp.store import writer as writer_module


class Clock:
    """Seconds since the epoch, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture
def store(tmp_path, clock) -> Store:
    """Return a store without an index that goes by that clock."""
    return Store(tmp_path / "index", clock=clock)


def test_the_old_index_answers_until_a_rebuild_is_finished(store, clock):
    """A rebuild of a large project takes a while, and searches go on."""
    fill(store, {"a": 1, "b": 1})

    clock.now += 5
    with store.writer() as writer:
        assert start(writer, rebuild=True) == {}
        writer.commit(batch({"a": 2}))
        assert contents(store.pin()) == {"a": 1, "b": 1}
        clock.now += 7
        writer.finish()
        assert contents(store.pin()) == {"a": 2}
    assert (store.head().created, store.head().updated) == (clock.now, clock.now)


def test_a_rebuild_that_was_cut_short_is_continued(store):
    """At most one batch is done twice after a kill, in a rebuild too."""
    fill(store, {"a": 1, "b": 1})
    with store.writer() as writer:
        start(writer, rebuild=True)
        writer.commit(batch({"a": 2}))

    with store.writer() as writer:
        assert start(writer) == {"a": 2}
        writer.commit(batch({"b": 2}))
        writer.finish()

    assert contents(store.pin()) == {"a": 2, "b": 2}


def test_a_rebuild_asked_for_again_starts_from_nothing(store):
    """`force` means that nothing stored is believed, what another `force` began included."""
    fill(store, {"a": 1})
    for _ in range(2):
        with store.writer() as writer:
            assert start(writer, rebuild=True) == {}
            writer.commit(batch({"a": 2}))

    with store.writer() as writer:
        start(writer)
        writer.finish()
    assert contents(store.pin()) == {"a": 2}
    assert _directories(store) == ["generation-1", "generation-3"]  # one is kept for readers for a while


@pytest.mark.parametrize("other", [{"encoder": "other"}, {"dim": DIM + 1}])
def test_another_encoder_means_another_generation(store, other):
    """Vectors of two encoders must never be compared, and the old ones answer meanwhile."""
    fill(store, {"a": 1})

    with store.writer() as writer:
        assert start(writer, **other) == {}
        writer.commit(batch({"a": 1}, dim=other.get("dim", DIM)))
        assert store.head().encoder == ENCODER
        writer.finish()

    assert (store.head().encoder, store.head().dim) == (other.get("encoder", ENCODER), other.get("dim", DIM))


def test_going_back_to_the_first_encoder_drops_what_was_begun(store):
    """The index of the first is still there, and whole."""
    fill(store, {"a": 1})
    with store.writer() as writer:
        start(writer, encoder="other")
        writer.commit(batch({"a": 1}))

    with store.writer() as writer:
        assert start(writer) == {"a": 1}
        writer.commit(batch({"b": 1}))
        writer.finish()

    assert contents(store.pin()) == {"a": 1, "b": 1}
    assert store.head().building is None
    assert _directories(store) == ["generation-1"]


def test_a_worn_index_is_rewritten_and_stays_the_same(store):
    """Deleted rows cost every reader; a rewrite changes neither the data nor its version."""
    files = {f"{number}": 1 for number in range(20)}
    fill(store, files)
    with store.writer() as writer:
        start(writer)
        changed = writer.commit(batch(dict.fromkeys(list(files)[:10], 2)))
        finished = writer.finish()

    assert finished.generation.number == changed.generation.number + 1
    assert finished.version == changed.version
    assert contents(store.pin()) == files | dict.fromkeys(list(files)[:10], 2)
    assert finished.generation.dead_chunks == 0
    with store.writer() as writer:
        assert start(writer) == files | dict.fromkeys(list(files)[:10], 2)
        writer.commit(batch({"new": 1}))
    assert contents(store.pin())["new"] == 1


@pytest.mark.slow
def test_many_small_commits_are_rewritten_into_few_files(store):
    """E19: an index that is updated all day must not become thousands of files."""
    files = {f"{number}": 1 for number in range(400)}
    fill(store, files)
    with store.writer() as writer:
        start(writer)
        for number in range(80):
            writer.commit(batch({f"{number}": 2}))
        assert len(writer.head.generation.data) > 200
        assert len(writer.finish().generation.data) == 4

    assert contents(store.pin()) == files | {f"{number}": 2 for number in range(80)}


def test_an_index_that_is_not_worn_is_left_as_it_is(store):
    """A first build commits in large batches and needs no second write."""
    fill(store, {f"{number}": 1 for number in range(20)})
    snapshot = store.pin()
    file = snapshot.chunks.file[0]

    fill(store, {snapshot.files.relative[file]: 2})

    generation = store.head().generation
    assert (generation.number, generation.dead_chunks) == (1, sum(snapshot.chunks.file == file))


def test_a_writer_goes_on_after_finish(store):
    """A long-lived server may keep the writer and commit the next edits."""
    with store.writer() as writer:
        start(writer)
        writer.commit(batch({"a": 1, "b": 1}))
        writer.commit(batch({"a": 2, "b": 2}))
        writer.finish()
        writer.commit(batch({"a": 3}))

    assert contents(store.pin()) == {"a": 3, "b": 2}


def test_a_replaced_generation_is_kept_ten_minutes_for_its_readers(store, clock):
    """A reader that has pinned it may read its columns a moment later."""
    fill(store, {"a": 1})
    pinned = store.pin()
    fill(store, {"a": 2}, rebuild=True)
    clock.now += 599
    fill(store, {"b": 3})
    assert contents(pinned) == {"a": 1}

    late = store.pin()
    clock.now += 1
    fill(store, {"c": 4})
    assert "generation-1" not in _directories(store)
    assert contents(late) == {"a": 2, "b": 3}


def test_rewriting_again_and_again_keeps_one_old_generation(store):
    """Within the ten minutes as well: disk use after many updates used to be as many times that of one."""
    fill(store, {"a": 1})

    for number in range(2, 8):
        fill(store, {"a": number}, rebuild=True)

    assert _directories(store) == ["generation-6", "generation-7"]


def test_a_clock_that_was_set_back_only_delays_the_clearing(store, clock):
    """Nothing is removed by the wall clock alone, and nothing is kept for ever."""
    fill(store, {"a": 1})
    fill(store, {"a": 2}, rebuild=True)
    clock.now -= 100_000
    fill(store, {"b": 1})
    assert "generation-1" in _directories(store)

    clock.now += 600
    fill(store, {"c": 1})
    assert "generation-1" not in _directories(store)


def test_a_snapshot_that_was_cleared_away_says_so(store, clock):
    """Its reader pins again; it is no damage."""
    fill(store, {"a": 1})
    pinned = store.pin()
    fill(store, {"a": 2}, rebuild=True)
    clock.now += 600
    fill(store, {"a": 3})

    with pytest.raises(SnapshotGoneError, match="ask again"):
        pinned.files  # noqa: B018  # reading is what fails


def test_what_a_killed_run_left_behind_is_cleared_by_the_next(store):
    """44 killed runs once left 601 files."""
    fill(store, {"a": 1})
    for number in (7, 8):
        (store.directory / f"generation-{number}").mkdir()
    (store.directory / "view-99").mkdir()
    (store.directory / "something else").mkdir()

    fill(store, {"b": 1})

    assert _directories(store) == ["generation-1", "something else"]


def test_what_killed_commits_left_behind_is_cleared_too(store, monkeypatch):
    """It lies among the files of the tables, where nobody names it, and goes when they are rewritten."""
    monkeypatch.setattr(writer_module, "_MANY_FILES", 7)

    class Killed(BaseException):
        pass

    def at(point: str) -> None:
        if point == "files.add":
            raise Killed

    fill(store, {"a": 1})
    for _ in range(4):
        with suppress(Killed), Store(store.directory, at=at).writer() as writer:
            start(writer)
            writer.commit(batch({"new": 1}))
    assert store.head().generation.number == 1
    fill(store, {"b": 1})

    assert store.head().generation.number == 2
    assert contents(store.pin()) == {"a": 1, "b": 1}


def test_generation_numbers_are_never_used_twice(store):
    """A reader of the old one must not find the new one in its place."""
    fill(store, {"a": 1})
    (store.directory / "generation-7").mkdir()

    with store.writer() as writer:
        start(writer, rebuild=True)
        writer.commit(batch({"a": 2}))
        assert writer.finish().generation.number == 8


def test_a_finish_without_changes_writes_nothing(store):
    """Every pass over an unchanged tree ends with one."""
    fill(store, {"a": 1})
    before = tree(store.directory)

    with store.writer() as writer:
        start(writer)
        writer.finish()

    assert tree(store.directory) == before


def test_a_view_belongs_to_one_version(store):
    """Arrays of an older snapshot must not be searched as if they were of this one."""
    fill(store, {"a": 1})
    with store.writer() as writer:
        start(writer)
        writer.publish_view(
            {
                "vectors": np.eye(2, dtype=np.int8),
                "nothing": np.empty((0, 3)),
                "turned": np.arange(6, dtype=np.float16).reshape(2, 3).T,
                "a.b": np.arange(2),
            }
        )
        view = store.pin().view
        assert view is not None
        assert {name: array.tolist() for name, array in view.items()} == {
            "vectors": [[1, 0], [0, 1]],
            "nothing": [],
            "turned": [[0, 3], [1, 4], [2, 5]],
            "a.b": [0, 1],
        }
        with pytest.raises(ValueError, match="read-only"):
            view["vectors"][0, 0] = 5
        writer.commit(batch({"b": 1}))
        assert store.pin().view is None
        writer.publish_view({"vectors": np.arange(3)})
        assert store.pin().view["vectors"].tolist() == [0, 1, 2]


def test_a_view_survives_a_rewrite(store):
    """The rewrite changes no row, so a new view would be the same."""
    fill(store, {"a": 1, "b": 1})
    with store.writer() as writer:
        start(writer)
        writer.commit(batch({"a": 2, "b": 2}))
        writer.publish_view({"x": np.arange(2)})
        assert writer.finish().generation.number == 2

    assert store.pin().view["x"].tolist() == [0, 1]


def test_an_old_view_goes_at_once_and_stays_for_whoever_has_mapped_it(store):
    """After fifty updates in ten minutes there used to be fifty views: 27 times the disk of a fresh index."""
    fill(store, {"a": 1})
    _publish(store, {"x": np.arange(2)})
    mapped = store.pin().view

    for number in range(3, 6):
        _publish(store, {"x": np.arange(number)})

    assert [name for name in _directories(store) if name.startswith("view")] == ["view-4"]
    assert mapped["x"].tolist() == [0, 1]


@pytest.mark.does_damage
def test_whoever_writes_to_a_view_that_is_mapped_is_noticed(store):
    """Its pages are those of the file: the arrays change with it. What is removed stays mapped as it was."""
    fill(store, {"a": 1})
    assert store.is_untouched(store.head())
    _publish(store, {"x": np.arange(2)})
    pinned = store.pin()
    (mapped,) = (store.directory / "view-1").iterdir()
    assert not store.is_untouched(pinned.head)  # nobody has looked at its content yet
    assert pinned.view is not None
    assert store.is_untouched(pinned.head)

    mapped.write_bytes(mapped.read_bytes())
    assert not store.is_untouched(pinned.head)
    mapped.unlink()
    assert store.is_untouched(pinned.head)
    mapped.symlink_to(mapped)
    assert not store.is_untouched(pinned.head)
    mapped.unlink()
    _commit(store, {"b": 1})
    assert store.is_untouched(store.head())  # the view is of an earlier version


def test_a_reader_that_comes_too_late_for_a_view_pins_again(store, caplog):
    """It held the `HEAD` of a moment ago: that is no damage, and nothing to tell anybody."""
    fill(store, {"a": 1})
    _publish(store, {"x": np.arange(2)})
    late = store.pin()
    _publish(store, {"x": np.arange(3)})
    pinned = iter([late])

    with pytest.raises(SnapshotGoneError):
        late.view  # noqa: B018  # looking is what fails
    found = store.read(lambda snapshot: next(pinned, snapshot).view)

    assert found["x"].tolist() == [0, 1, 2]
    assert not caplog.records


def test_a_view_goes_with_the_generation_it_was_made_of(store):
    """A reader that holds the `HEAD` before a rebuild pins again; one that has mapped it goes on."""
    fill(store, {"a": 1})
    _publish(store, {"x": np.arange(2)})
    mapped, late = store.pin(), store.pin()
    assert mapped.view is not None

    fill(store, {"a": 2}, rebuild=True)

    assert mapped.view["x"].tolist() == [0, 1]
    with pytest.raises(SnapshotGoneError):
        late.view  # noqa: B018  # looking is what fails
    assert store.pin().view is None


def test_publishing_a_view_leaves_what_is_being_built_alone(tmp_path):
    """No record names it before its first commit, and it looks like something left over."""
    armed: list[str] = []

    def at(point: str) -> None:
        if point in armed:
            armed.remove(point)
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    store = Store(tmp_path / "index", at=at)
    fill(store, {"a": 1})
    with store.writer() as writer:
        start(writer, rebuild=True)
        armed.append("chunks.add")
        with pytest.raises(StoreError, match="check the disk"):
            writer.commit(batch({"a": 2}))
        writer.publish_view({"x": np.arange(2)})
        writer.commit(batch({"a": 2}))
        writer.finish()

    assert contents(store.pin()) == {"a": 2}


def test_an_array_of_a_view_has_a_plain_name(store):
    """It becomes a file name."""
    fill(store, {"a": 1})
    with store.writer() as writer:
        start(writer)
        with pytest.raises(ValueError, match="cannot name an array"):
            writer.publish_view({"../x": np.arange(2)})


def test_a_view_may_be_the_first_thing_written(store):
    """An empty project has one too."""
    with store.writer() as writer:
        start(writer)
        writer.publish_view({"x": np.arange(1)})

    assert store.pin().view["x"].tolist() == [0]


def test_a_project_without_a_single_chunk_is_rewritten_too(store, monkeypatch):
    """Files whose content is not worth indexing are known by name only."""
    monkeypatch.setattr(writer_module, "_MANY_FILES", -1)
    names = [f"{number}.bin" for number in range(20)]
    files = {name: 1 for name in names if not document(name, 1).chunks}
    assert files

    fill(store, files)

    assert store.head().generation.number == 2
    assert contents(store.pin()) == files


def _publish(store: Store, arrays: dict[str, np.ndarray]) -> None:
    with store.writer() as writer:
        start(writer)
        writer.publish_view(arrays)


def _commit(store: Store, files: dict[str, int]) -> None:
    with store.writer() as writer:
        start(writer)
        writer.commit(batch(files))


def _directories(store: Store) -> list[str]:
    return sorted(path.name for path in store.directory.iterdir() if path.is_dir())
