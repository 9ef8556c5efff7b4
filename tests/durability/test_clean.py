"""Indexes that nobody needs are listed and removed; what somebody uses, or is not ours, is left alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from store.batches import fill
from typer.testing import CliRunner

from leindex_mcp import LeIndex
from leindex_mcp.cli import app
from leindex_mcp.config.loading import index_home
from leindex_mcp.roots import index_directory
from leindex_mcp.store import Store

DAY_SECONDS = 86_400


def clean(*options: str) -> str:
    """Run the command and return what it prints."""
    done = CliRunner().invoke(app, ["clean", *options], catch_exceptions=False)
    assert done.exit_code == 0
    return done.output


@pytest.fixture
def indexed(make_tree):
    """Return a function that indexes a small project of that name and returns its root and index."""

    def index(name: str) -> tuple[Path, Path]:
        root = make_tree({"walk.py": "def walk_tree(root):\n    return root\n"}, name=name)
        directory = index_directory(index_home(), root)
        fill(Store(directory, root=root), {"walk.py": 1})  # no project: its threads may hold it for a while
        return root, directory

    return index


def age(directory: Path, days: float) -> None:
    """Let an index be used last so long ago."""
    then = time.time() - days * DAY_SECONDS
    for path in directory.iterdir():
        os.utime(path, (then, then))


def test_nothing_is_removed_without_yes(indexed):
    """A person sees first what would go, and how much it is."""
    root, index = indexed("gone")
    shutil.rmtree(root)

    text = clean()

    assert f"{root}  0." in text
    assert "the project is gone" in text
    assert "`leindex clean --yes` frees 0." in text
    assert index.is_dir()


def test_indexes_of_gone_and_of_long_unused_projects_are_removed(indexed):
    """And no other."""
    gone, unused, used = indexed("gone"), indexed("unused"), indexed("used")
    shutil.rmtree(gone[0])
    age(unused[1], 91)
    age(used[1], 89)

    text = clean("--yes")

    assert [path.is_dir() for _, path in (gone, unused, used)] == [False, False, True]
    assert "not used for 91 days" in text
    assert "freed 0." in text
    assert str(used[0]) not in text


def test_a_search_counts_as_use(indexed):
    """Not only what writes: a project may be read for months without an edit."""
    root, index = indexed("read")
    age(index, 200)

    assert LeIndex(root).search("walk tree")

    assert str(root) not in clean()


def test_how_long_is_long_can_be_said(indexed):
    """A full disk asks for less patience."""
    root, index = indexed("unused")
    age(index, 8)

    assert "freed 0.0 MB" in clean("--yes", "--unused-days", "9")
    assert str(root) in clean("--yes", "--unused-days", "7")
    assert not index.exists()


def test_a_clock_that_was_set_back_makes_no_index_old(indexed):
    """Its last use then lies in the future."""
    _, index = indexed("future")
    age(index, -1000)

    assert "frees 0.0 MB" in clean()


def test_what_another_process_reads_is_kept(indexed):
    """Its server may have it mapped, and would have to make it anew."""
    root, index = indexed("read elsewhere")
    age(index, 200)
    reader = [sys.executable, "-c", READER, root]
    with subprocess.Popen(reader, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "reading\n"
        age(index, 200)

        text = clean("--yes")

        process.stdin.close()
    assert "kept: a process uses it" in text
    assert LeIndex(root).check().problems == ()


READER = """
import sys
from leindex_mcp import LeIndex
project = LeIndex(sys.argv[1])
assert project.search("walk tree")
print("reading", flush=True)
sys.stdin.read()
"""


def test_what_another_process_writes_is_kept(indexed):
    """It holds the writer lock."""
    root, index = indexed("written elsewhere")
    shutil.rmtree(root)
    with Store(index).writer():
        assert "kept: a process uses it" in clean("--yes")

    assert "freed 0." in clean("--yes")
    assert not index.exists()


def test_nothing_but_indexes_is_touched(indexed, home):
    """The cache directory may be shared with anything."""
    root, index = indexed("linked")
    shutil.rmtree(root)
    cache = home / "leindex"
    elsewhere = home / "elsewhere-0123456789abcdef"
    index.rename(elsewhere)
    (cache / "linked-0123456789abcdef").symlink_to(elsewhere)
    (cache / "notes").mkdir()
    (cache / "empty-0123456789abcdef").mkdir()
    (cache / "file-0123456789abcdef").write_text("x")

    assert clean("--yes") == "freed 0.0 MB\n"
    assert len(list(cache.iterdir())) == 4
    assert (elsewhere / "HEAD").exists()


def test_without_any_index_there_is_nothing_to_do():
    """A new user tries every command."""
    assert clean() == "`leindex clean --yes` frees 0.0 MB\n"


def test_an_index_whose_project_nobody_noted_goes_by_its_age(indexed):
    """A run that was killed at once leaves one."""
    _, index = indexed("unknown")
    (index / "root").unlink()
    assert clean() == "`leindex clean --yes` frees 0.0 MB\n"

    age(index, 100)

    assert f"{index.name}  0." in clean("--yes")
    assert not index.exists()
