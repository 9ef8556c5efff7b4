"""What a small run publishes is what the tables say."""

from __future__ import annotations

import os

import numpy as np
import pytest

from leindex_mcp import LeIndex, Settings
from leindex_mcp.pinned import Pinned
from leindex_mcp.store import Store

FILES = {f"src/part_{i}.py": f"def load_{i}(path):\n    return parse_{i % 5}(path)\n" for i in range(40)}


@pytest.fixture
def project(tmp_path):
    """Forty files, indexed."""
    root = tmp_path / "root"
    write(root, FILES)
    project = LeIndex(root, home=tmp_path / "home")
    project.index()
    return project


def write(root, files):
    """Write files whose fingerprints can be trusted at once."""
    for relative, text in files.items():
        path = root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, ns=(1, 10**18 + len(text)))


def derived(project, monkeypatch):
    """Derive everything from the tables, as if no view had been published."""
    with monkeypatch.context() as patch:
        patch.setattr("leindex_mcp.store.reader.Snapshot.view", None)
        return Pinned.of(project.store.pin())


def same(found, expected):
    """Tell whether two snapshots are equal, array by array, types included."""
    pairs = [(found.arrays()[name], array) for name, array in expected.arrays().items()]
    return found.arrays().keys() == expected.arrays().keys() and all(
        array.dtype == other.dtype and np.array_equal(array, other) for array, other in pairs
    )


@pytest.fixture
def tables_closed(monkeypatch):
    """Let nobody read rows for a snapshot; returns what opens them again."""
    with monkeypatch.context() as patch:
        patch.setattr("leindex_mcp.store.reader.read_rows", None)
        yield patch.undo


def test_a_small_run_publishes_what_the_tables_say(project, tables_closed, monkeypatch):
    """One file changed, one new, one renamed, one gone binary, one without its definitions."""
    write(
        project.root,
        {
            "src/part_3.py": "import part_4\n\ndef other(x):\n    return load_4(x)\n",
            "docs/new.md": "# New\n\nload_7 is described here\n",
            "src/part_9.py": "",
        },
    )
    (project.root / "src/part_7.py").rename(project.root / "src/moved.py")
    (project.root / "src/part_8.py").write_bytes(b"\0\1\2" * 50)

    report = project.index()
    tables_closed()

    assert (report.indexed, report.removed) == (5, 1)
    assert same(project.pin(), derived(project, monkeypatch))
    assert project.search("other").hits[0].path == "src/part_3.py"


def test_runs_that_follow_each_other_build_on_each_other(project, tables_closed, monkeypatch):
    """What was published is the ground of the next run."""
    for turn in range(3):
        write(project.root, {f"src/part_{turn}.py": f"def turn_{turn}():\n    pass\n"})
        project.index()
    tables_closed()

    assert same(project.pin(), derived(project, monkeypatch))


def test_what_another_process_wrote_meanwhile_is_not_lost(project, monkeypatch):
    """The snapshot that a run began with is old as soon as somebody else commits."""
    other = LeIndex(project.root, home=project.store.directory.parent)
    take = Store.writer

    def late(store, wait_seconds=0.0):
        monkeypatch.setattr(Store, "writer", take)
        other.index()
        write(project.root, {"src/part_2.py": "def from_here():\n    pass\n"})
        return take(store, wait_seconds)

    monkeypatch.setattr(Store, "writer", late)
    (project.root / "src/part_1.py").unlink()
    report = project.index()

    assert (report.indexed, report.removed) == (1, 0)
    assert same(project.pin(), derived(project, monkeypatch))
    assert "src/part_1.py" not in list(project.pin().corpus.paths)


def test_a_first_run_publishes_what_the_tables_say(tmp_path, tables_closed, monkeypatch):
    """Batches are committed in any order; what they held is laid in the order of the paths."""
    root = tmp_path / "root"
    odd = {"empty.py": "", "src/notes.md": "# Notes\n\nload_7\n", "z.py": "import part_4\nload_7 = parse_1\n"}
    write(root, {**FILES, **odd})
    (root / "binary.py").write_bytes(b"\0\1\2" * 50)
    small = Settings.model_validate({"performance": {"parallel_processor": {"batch_size": 7}}})
    project = LeIndex(root, home=tmp_path / "home", settings=small)

    project.index()
    tables_closed()

    assert same(project.pin(), derived(project, monkeypatch))
    assert len(project.pin().corpus) == 44


def test_a_run_that_goes_on_with_another_publishes_what_the_tables_say(tmp_path, monkeypatch):
    """What was committed before the first run was cut short is in the tables only."""
    root = tmp_path / "root"
    write(root, FILES)
    small = Settings.model_validate({"performance": {"parallel_processor": {"batch_size": 7}}})
    project = LeIndex(root, home=tmp_path / "home", settings=small)
    with monkeypatch.context() as patch:
        patch.setattr("leindex_mcp.store.writer.Writer.finish", None)
        with pytest.raises(TypeError):
            project.index()

    write(root, {"src/part_3.py": "def other():\n    pass\n"})
    project.index()

    assert same(project.pin(), derived(project, monkeypatch))


def test_a_forced_run_derives_everything_from_its_tables(project, monkeypatch):
    """A new generation has nothing of the old one, not even a file that is gone."""
    (project.root / "src/part_5.py").unlink()

    project.index(force=True)

    assert same(project.pin(), derived(project, monkeypatch))
    assert "src/part_5.py" not in list(project.pin().corpus.paths)


@pytest.mark.parametrize("doing", ["search", "index"])
def test_a_view_that_cannot_be_mapped_is_published_again(project, doing, monkeypatch):
    """Damaged, or written by another release: each process would derive it from the tables, for ever."""
    lost = project.store.head().view
    (project.store.directory / lost.data[0].path).write_bytes(b"")
    later = LeIndex(project.root, home=project.store.directory.parent)
    assert later.pin().is_view_lost

    answer = later.search("load_7") if doing == "search" else later.index()

    published = project.store.head().view
    assert published != lost
    assert not later.pin().is_view_lost
    assert same(later.pin(), derived(project, monkeypatch))
    if doing == "search":
        assert answer.hits[0].path == "src/part_7.py"
        later.search("load_8")
        assert project.store.head().view == published
