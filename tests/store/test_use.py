"""An index says whose it is and when it was used last, and that a process uses it; no answer needs that."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from store.batches import contents, fill

from leindex_mcp.store import Store, last_use, remove_index
from leindex_mcp.store.disk import Disk
from leindex_mcp.store.use import unused


@pytest.fixture
def root(tmp_path) -> Path:
    """Return the path of a project."""
    return tmp_path / "my \udcff project"


@pytest.fixture
def store(tmp_path, root) -> Store:
    """Return the store of that project."""
    return Store(tmp_path / "index", root=root)


def test_an_index_says_whose_it_is_and_when_it_was_used(store, root):
    """Also where the project has a name that is no text."""
    assert last_use(store.directory) is None
    fill(store, {"a": 1})
    for path in store.directory.iterdir():
        os.utime(path, (1e9, 1e9))
    assert last_use(store.directory) == (root, 1e9)

    store.pin()

    assert last_use(store.directory).at > 1.7e9


def test_an_index_is_in_use_as_long_as_its_store_lives(store):
    """The kernel tells, so that nothing is left behind by a kill."""
    fill(store, {"a": 1})
    directory = store.directory
    with unused(directory) as is_unused:
        assert not is_unused
    assert not remove_index(directory)

    del store
    readers = [Store(directory, root=directory) for _ in range(2)]
    for reader in readers:
        reader.pin()
    with unused(directory) as is_unused:
        assert not is_unused


def test_an_index_that_nobody_uses_can_be_removed(tmp_path, root):
    """All of it, with what others left in it."""
    directory = tmp_path / "index"
    fill(Store(directory, root=root), {"a": 1})
    (directory / "writer.json.tmp").write_text("left over")

    with unused(directory) as is_unused:
        assert is_unused
    assert remove_index(directory)

    assert not directory.exists()
    with unused(directory) as is_unused:
        assert is_unused


def test_the_use_of_an_index_that_was_made_anew_is_noted_again(store, root):
    """What was held before stands nowhere any more."""
    fill(store, {"a": 1})
    shutil.rmtree(store.directory)
    fill(store, {"a": 2})

    assert last_use(store.directory).root == root
    with unused(store.directory) as is_unused:
        assert not is_unused


def test_an_answer_needs_no_note_of_use(tmp_path, root):
    """On a read-only disk there is none, and nothing else changes."""

    def at(point: str) -> None:
        if point.startswith("use."):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    store = Store(tmp_path / "index", root=root, at=at)
    fill(store, {"a": 1})

    assert contents(store.pin()) == {"a": 1}
    assert last_use(store.directory).root is None


def test_what_is_written_is_not_removed(tmp_path):
    """The writer may be about to commit."""
    with Store(tmp_path / "index").writer():
        assert not remove_index(tmp_path / "index")


class Killed(BaseException):
    """Ends a removal as a SIGKILL would."""


def test_a_removal_that_is_cut_short_leaves_no_half_index(tmp_path, root):
    """`HEAD` goes first: the next run makes the index anew, the next removal takes the rest."""
    directory = tmp_path / "index"
    cuts, is_over = 0, False
    while not is_over:
        fill(Store(directory, root=root), {"a": 1})
        left = iter(range(cuts))

        def at(_point: str, left=left) -> None:
            if next(left, None) is None:
                raise Killed

        try:
            is_over = remove_index(directory, Disk(at))
        except Killed:
            cuts += 1
        if cuts % 2:
            fill(Store(directory, root=root), {"a": 2})
            assert Store(directory).check() == []
        elif directory.exists():
            assert remove_index(directory)
    assert cuts > 5


def test_a_new_index_that_is_begun_during_a_removal_is_left_alone(tmp_path, root):
    """Its directory is then not empty."""
    directory = tmp_path / "index"
    fill(Store(directory, root=root), {"a": 1})

    def at(point: str) -> None:
        if point == "remove" and not (directory / "lock").exists():
            (directory / "new").touch()

    assert remove_index(directory, Disk(at))
    assert (directory / "new").exists()
