"""Durable writes, and the sentences that errors of the system and of LanceDB become."""

from __future__ import annotations

import errno
import os
import resource
import stat
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import xxhash
from store.batches import batch, contents, fill, start

from leindex_mcp.errors import IndexDamagedError, IndexGoneError, StoreError
from leindex_mcp.store import Store
from leindex_mcp.store import disk as disk_module
from leindex_mcp.store.disk import Disk, digest, reading_errors, storage_errors
from leindex_mcp.store.integrity import Verifier
from leindex_mcp.store.snapshot import DataFile, Head
from leindex_mcp.store.store import _size_bytes


class PanicException(BaseException):
    """Stands for a panic in native code, which Python sees as this."""

    __module__ = "pyo3_runtime"


@pytest.mark.parametrize("content", [b"", b"x", bytes(100_000)])
def test_a_digest_is_that_of_the_bytes(tmp_path, content):
    """An empty file cannot be mapped, and has a digest all the same."""
    (tmp_path / "file").write_bytes(content)

    assert digest(tmp_path / "file") == xxhash.xxh3_64_intdigest(content)


def test_an_error_of_the_system_comes_with_a_remedy(tmp_path):
    """A model or a person reads it, and has to know what to do."""
    remedy = r"writing the index in .*: No space left on device; free some space"
    with pytest.raises(StoreError, match=remedy), storage_errors(tmp_path, "writing"):
        raise OSError(errno.ENOSPC, "whatever")


def test_lancedb_quotes_the_system_in_words(tmp_path):
    """Its errors are RuntimeErrors of several lines; the number in them is what counts."""
    native = RuntimeError(
        "lance error: LanceError(IO): Generic error: Read-only file system (os error 30)\nmore"
    )
    with (
        pytest.raises(StoreError, match="Read-only file system; set LEINDEX_HOME"),
        storage_errors(tmp_path, "w"),
    ):
        raise native
    for other, said in (
        (OSError(errno.EDOM, "no remedy for this one"), "Numerical argument out of domain"),
        (ValueError("first line\nsecond line"), "first line"),
    ):
        remedy = "; index again; if that fails too, .* set LEINDEX_HOME to another place"
        with pytest.raises(StoreError, match=f" failed: {said}{remedy}$"), storage_errors(tmp_path, "w"):
            raise other


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (OSError(errno.EMFILE, "too many"), StoreError),
        (RuntimeError("Too many open files (os error 24)"), StoreError),
        (FileNotFoundError(errno.ENOENT, "gone"), IndexDamagedError),
        (RuntimeError("Not found: x.lance"), IndexDamagedError),
        (ValueError("bad page"), IndexDamagedError),
        (PanicException("index out of bounds"), IndexDamagedError),
        (IndexGoneError("x"), IndexGoneError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_only_what_the_bytes_are_to_blame_for_is_damage(tmp_path, raised, expected):
    """A process without descriptors must not rebuild its index."""
    with pytest.raises(expected) as caught, reading_errors(tmp_path):
        raise raised

    assert type(caught.value) is expected


def test_a_panic_while_writing_is_an_error_like_any_other(tmp_path):
    """It derives from BaseException: nothing that catches errors would stop it. Everything else passes."""
    with (
        pytest.raises(StoreError, match="inside LanceDB: index out of bounds"),
        storage_errors(tmp_path, "w"),
    ):
        raise PanicException("index out of bounds")
    with pytest.raises(KeyboardInterrupt), storage_errors(tmp_path, "w"):
        raise KeyboardInterrupt


def test_a_directory_in_place_of_a_data_file_is_damage(tmp_path):
    """Its size may even be the right one."""
    (tmp_path / "data").mkdir()
    file = DataFile("data", (tmp_path / "data").stat().st_size, 0)

    with pytest.raises(IndexDamagedError, match=r"data: Is a directory"):
        Verifier(tmp_path).require_content([file])


def test_a_write_is_forced_to_the_disk_before_it_counts(tmp_path):
    """E25: LanceDB never does; after a power loss HEAD would name what is not there."""
    points: list[str] = []

    Disk(points.append).replace(tmp_path / "file", b"content", "head")

    assert points == ["head.write", "head.sync", "head.rename", "head.sync-directory"]
    assert (tmp_path / "file").read_bytes() == b"content"


def test_a_switch_comes_after_all_that_it_names(tmp_path):
    """Order is all that stands between a power loss and a HEAD that lies."""
    points: list[str] = []
    fill(Store(tmp_path / "index", at=points.append), {"a": 1, "b": 1})

    switch = points.index("head.write")
    last_row = max(position for position, point in enumerate(points[:switch]) if point.endswith(".add"))
    assert "data.sync" in points[last_row:switch]
    assert "data.sync-directory" in points[last_row:switch]


def test_a_system_that_cannot_sync_directories_is_served_too(tmp_path, monkeypatch):
    """Windows: a directory cannot be opened, and a file is flushed only where it may be written."""
    monkeypatch.setattr(disk_module, "_CAN_SYNC_DIRECTORIES", False)
    points: list[str] = []
    store = Store(tmp_path / "index", at=points.append)

    fill(store, {"a": 1})

    assert contents(store.pin()) == {"a": 1}
    assert not [point for point in points if point.endswith("sync-directory")]


@pytest.mark.parametrize(
    ("number", "works"), [(errno.EINVAL, True), (errno.ENOTSUP, True), (errno.EIO, False)]
)
def test_a_file_system_that_cannot_sync_directories_is_served_too(tmp_path, monkeypatch, number, works):
    """Some network file systems say so; a disk that fails says something else."""
    really = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        really(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    store = Store(tmp_path / "index")

    with nullcontext() if works else pytest.raises(StoreError, match="check the disk"):
        fill(store, {"a": 1})

    assert (store.head() is not None) == works


def test_the_size_of_an_index_may_be_asked_while_it_shrinks(tmp_path, monkeypatch):
    """`stats` and the clearing of an old generation meet: a file or a directory goes after it was listed."""
    index = tmp_path / "shrinking"
    (index / "generation-1").mkdir(parents=True)
    (index / "HEAD").write_bytes(b"12345")
    really = os.scandir

    def scandir(path):
        if Path(path).name == "generation-1":
            Path(path).rmdir()
        return really(path)

    monkeypatch.setattr(os, "scandir", scandir)

    assert Store(index).size_bytes() == 5
    assert not (index / "generation-1").exists()
    assert _size_bytes(tmp_path / "gone") == 0
    assert Store(tmp_path / "never there").size_bytes() == 0


def test_a_pin_that_meets_a_cleaning_writer_looks_again(store):
    """Between reading HEAD and looking at its files, the writer may have switched and cleaned."""
    fill(store, {"a": 1})
    stale = store.head()
    fill(store, {"a": 2}, rebuild=True)
    for path in (store.directory / stale.generation.directory).rglob("*.lance"):
        if path.is_file():
            path.unlink()

    heads = [stale]

    class Late(Store):
        def head(self) -> Head | None:
            return heads.pop() if heads else super().head()

    assert contents(Late(store.directory).pin()) == {"a": 2}


def test_a_lock_that_cannot_be_probed_shows_no_progress(tmp_path):
    """Somebody made a directory of it; reading must not fail for that."""
    index = tmp_path / "elsewhere"
    (index / "lock").mkdir(parents=True)
    (index / "writer.json").write_text('{"pid": 1, "done": 2, "total": 3}')

    assert Store(index).progress() is None
    assert list((index / "lock").iterdir()) == []


def test_a_full_disk_is_named_when_a_view_does_not_fit(tmp_path):
    """`numpy.save` says `5000 requested and 3568 written` and keeps the reason to itself."""
    store = Store(tmp_path / "index")
    with store.writer() as writer:
        start(writer)
        writer.commit(batch({"a": 1}))
        size, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        try:
            with pytest.raises(StoreError, match="File too large; raise the limit"):
                writer.publish_view({"x": np.zeros(1_000_000, np.int8)})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

    assert contents(store.pin()) == {"a": 1}
