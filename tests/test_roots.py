"""Which folder is the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from leindex_mcp.errors import NoRootError, RootNotFoundError, RootRefusedError
from leindex_mcp.roots import Place, checked_root, implied_root, index_directory, locate


def test_a_link_and_its_target_are_one_root(tmp_path):
    """The index is keyed by the real path, so a project has one however it is reached."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")

    assert checked_root(tmp_path / "link") == tmp_path / "real"


@pytest.mark.parametrize("name", ["/", "/etc", "/usr", "/home", "/proc", "/proc/self", "/dev"])
def test_folders_of_the_system_are_refused(name):
    """Each is far more than one project."""
    with pytest.raises((RootRefusedError, RootNotFoundError)):
        checked_root(name)


def test_the_home_directory_and_what_holds_it_are_refused(tmp_path):
    """Clients start servers in `$HOME`; everything below it is fine."""
    home = tmp_path / "people" / "ann"
    (home / "project").mkdir(parents=True)

    for folder in (home, home.parent):
        with pytest.raises(RootRefusedError, match="home directory"):
            checked_root(folder, home=home)
    assert checked_root(home / "project", home=home) == home / "project"


@pytest.mark.parametrize("path", ["nowhere", "a\0b", "~nobody-has-this-name/x", "x" * 5000])
def test_a_path_that_is_no_directory_is_refused_in_a_sentence(path):
    """Whatever the system makes of it."""
    with pytest.raises(RootNotFoundError, match="pass the path of a project directory"):
        checked_root(path)


def test_the_nearest_indexed_folder_above_a_path_is_its_root():
    """A folder of an indexed project is searched in the project's index."""
    indexed = {Path("/a/project"), Path("/a")}

    assert locate(Path("/a/project/src/a"), indexed.__contains__) == Place(Path("/a/project"), "src/a")
    assert locate(Path("/a/project"), indexed.__contains__) == Place(Path("/a/project"), "")
    assert locate(Path("/other"), indexed.__contains__) == Place(Path("/other"), "")


def test_without_a_path_the_first_hint_counts_then_a_project_around(tmp_path):
    """`--root`, `LEINDEX_ROOT` and `CLAUDE_PROJECT_DIR` come before the working directory."""
    assert implied_root([None, "", "/first", "/second"], tmp_path) == Path("/first")
    with pytest.raises(NoRootError, match="pass `path`"):
        implied_root([None], tmp_path)
    (tmp_path / ".git").mkdir()
    assert implied_root([None], tmp_path) == tmp_path


def test_each_root_has_a_directory_that_can_be_told_by_name():
    """Two roots of the same name do not share one."""
    one, other = (index_directory(Path("/cache"), Path(root)) for root in ("/a/my app", "/b/my app"))

    assert one != other
    assert one.name.startswith("my-app-")
