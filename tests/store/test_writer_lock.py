"""One writer at a time, never a stale lock, and never a write into a directory that is not ours any more."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading

import pytest
from store.batches import batch, contents, fill, start, tree

from leindex_mcp.errors import IndexBusyError, IndexGoneError, StoreError
from leindex_mcp.store import Progress, Store

HOLD = """
import pathlib, sys
from leindex_mcp.store import Store
writer = Store(pathlib.Path(sys.argv[1])).writer()
writer.report_progress(3, 9)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def holder(store):
    """Return another process that holds the writer lock until its stdin is closed."""
    command = [sys.executable, "-c", HOLD, str(store.directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_writer_is_told_who_writes_and_how_far_it_is(store, holder):
    """`index` in a second client reports the first one's progress instead of waiting blindly."""
    with pytest.raises(IndexBusyError, match=rf"process {holder.pid} .*3 of 9 files") as caught:
        store.writer()

    assert (caught.value.pid, caught.value.done, caught.value.total) == (holder.pid, 3, 9)
    assert store.progress() == Progress(holder.pid, 3, 9)


def test_the_lock_of_a_killed_process_is_free_at_once(store, holder):
    """The most frequent complaint about every peer is a lock that nobody holds."""
    holder.send_signal(signal.SIGKILL)
    holder.wait()

    assert (store.directory / "writer.json").exists()
    assert store.progress() is None
    fill(store, {"a": 1})
    assert contents(store.pin()) == {"a": 1}


def test_a_writer_that_waits_gets_the_lock_when_it_is_free(store):
    """The waiting process takes over; nobody has to ask again."""
    first = store.writer()
    waiting = threading.Event()

    def release() -> None:
        waiting.wait()
        first.close()

    thread = threading.Thread(target=release)
    thread.start()
    waiting.set()
    with store.writer(wait_seconds=10) as second:
        assert start(second) == {}
    thread.join()


def test_two_writers_in_one_process_exclude_each_other(store):
    """Two jobs of one server are no different from two servers."""
    with store.writer(), pytest.raises(IndexBusyError, match="another process"):
        store.writer()


def test_a_writer_is_closed_once_and_may_be_closed_again(store):
    """The lock belongs to the next writer by then."""
    writer = store.writer()
    writer.close()
    with store.writer() as second:
        second.report_progress(1, 2)
        writer.close()
        assert store.progress() == Progress(os.getpid(), 1, 2)
        with pytest.raises(IndexBusyError):
            store.writer()


def test_progress_is_seen_while_a_writer_lives_and_not_after(store):
    """The total is unknown while the tree is still being walked."""
    with store.writer() as writer:
        assert store.progress() is None
        writer.report_progress(1, None)
        assert store.progress() == Progress(os.getpid(), 1, None)
    assert store.progress() is None


@pytest.mark.parametrize("note", [b"", b"[]", b"{}", b'{"pid": 1}', b"\xff", b'"text"', b"3"])
def test_a_note_that_makes_no_sense_is_no_note(store, note):
    """It is for people only: it must never stand in the way of a writer or a reader."""
    with store.writer():
        (store.directory / "writer.json").write_bytes(note)
        assert store.progress() is None
        with pytest.raises(IndexBusyError, match="another process"):
            store.writer()


def test_asking_for_progress_does_not_create_an_index(store):
    """`stats` on a project that was never indexed leaves nothing behind."""
    assert store.progress() is None
    assert not store.directory.exists()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_directory_removed_while_open_does_not_come_back_half(store, replaced):
    """LanceDB re-creates it on the next add: a table of 201 rows without the data of 200 of them."""
    fill(store, {"a": 1, "b": 1})
    with store.writer() as writer:
        start(writer)
        shutil.rmtree(store.directory)
        if replaced:
            fill(store, {"z": 9})
        before = tree(store.directory)
        for write in (
            lambda: writer.commit(batch({"a": 2})),
            lambda: writer.publish_view({}),
            writer.finish,
            writer.files,
        ):
            with pytest.raises(IndexGoneError, match="index the project"):
                write()
        writer.report_progress(1, 2)

    assert tree(store.directory) == before
    assert store.directory.exists() == replaced


def test_a_directory_removed_during_a_commit_is_not_switched_to(tmp_path):
    """The last look is just before HEAD: what LanceDB re-created meanwhile is never named."""
    directory = tmp_path / "index"

    def vanish(point: str) -> None:
        if point == "files.add" and armed:
            shutil.rmtree(directory)

    armed: list[bool] = []
    store = Store(directory, at=vanish)
    with store.writer() as writer:
        start(writer)
        writer.commit(batch({"a": 1}))
        armed.append(True)
        with pytest.raises(StoreError):
            writer.commit(batch({"b": 1}))

    assert not store.exists()


def test_a_lock_file_replaced_by_another_is_noticed(store):
    """Whoever removed it let a second writer in."""
    with store.writer() as writer:
        start(writer)
        (store.directory / "lock").unlink()
        with store.writer() as second:
            start(second)
            second.commit(batch({"b": 1}))
            with pytest.raises(IndexGoneError):
                writer.commit(batch({"a": 1}))

    assert contents(store.pin()) == {"b": 1}


def test_the_note_tells_the_process_and_both_numbers(store):
    """Other releases read it too: its three names are a format."""
    with store.writer() as writer:
        writer.report_progress(5, 6)
        note = json.loads((store.directory / "writer.json").read_bytes())

    assert note == {"pid": os.getpid(), "done": 5, "total": 6}


def test_a_directory_that_cannot_be_made_is_an_error_with_a_remedy(tmp_path):
    """A file stands where the index should go."""
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="creating the index"):
        Store(tmp_path / "file" / "index").writer()


@pytest.mark.does_damage
def test_a_lock_file_that_cannot_be_opened_is_an_error_of_the_lock(store):
    """Somebody made a directory of it; the sentence says what was being done."""
    (store.directory / "lock").mkdir(parents=True)

    with pytest.raises(StoreError, match=r"^locking the index in .* failed: "):
        store.writer()


@pytest.mark.skipif(sys.platform == "win32", reason="there is no flock")
def test_a_file_system_without_locks_is_refused(store, monkeypatch):
    """A lock that outlives its holder would be worse than none: it is stale after the first kill."""
    import fcntl

    def flock(_descriptor: int, _operation: int) -> None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))

    monkeypatch.setattr(fcntl, "flock", flock)

    with pytest.raises(StoreError, match="locking"):
        store.writer()
    assert not store.exists()


def test_asking_for_the_progress_of_a_dead_writer_leaves_the_lock_free(store):
    """Whoever asks must not become what the next writer waits for."""
    fill(store, {"a": 1})
    (store.directory / "writer.json").write_text('{"pid": 1, "done": 2, "total": 3}')

    assert store.progress() is None

    with store.writer() as writer:
        assert start(writer) == {"a": 1}
