"""What an index holds, against the tree and against its own record."""

from __future__ import annotations

import pytest

from leindex_mcp import LeIndex
from leindex_mcp.errors import IndexGoneError
from leindex_mcp.report.report_text import check_lines, file_line


@pytest.fixture
def project(make_tree) -> LeIndex:
    """An indexed project with a file of each kind."""
    root = make_tree(
        {
            "src/kept.py": "def kept():\n    return 1\n",
            "src/debug.log": "noise\n",
            "data.py": b"\0\1\2" * 50,
            ".env": "PASSWORD=1\n",
            "node_modules/x/index.js": "module.exports = 1\n",
        },
        gitignore="*.log\n",
    )
    (root / "src/link.py").symlink_to("kept.py")
    project = LeIndex(root)
    project.index()
    return project


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("src/kept.py", "src/kept.py: indexed, 1 chunks, as it is on disk"),
        ("src/debug.log", "src/debug.log: left out, ignored (.gitignore:1: *.log)"),
        ("data.py", "data.py: left out, binary (told by its content)"),
        (".env", ".env: left out, secret"),
        ("src/link.py", "src/link.py: left out, symlink"),
        ("node_modules/x/index.js", "node_modules/x/index.js: left out, node_modules: skipped-directory"),
        ("src/nowhere.py", "src/nowhere.py: left out, unreadable (No such file or directory)"),
        ("../outside.py", "../outside.py: left out, unreadable (not a path below the root)"),
    ],
)
def test_each_file_has_a_reason_for_being_found_or_not(project, path, line):
    """The rule is named with file and line, so that a user can change it."""
    assert file_line(project.file_status(path)).startswith(line)


def test_a_changed_and_a_new_file_are_told_from_a_current_one(project):
    """An absolute path names the same file."""
    (project.root / "src/kept.py").write_text("def kept():\n    return 22\n")
    (project.root / "src/new.py").write_text("x = 1\n")

    assert "changed since" in file_line(project.file_status(str(project.root / "src/kept.py")))
    assert "not indexed yet" in file_line(project.file_status("src/new.py"))


def test_a_whole_index_passes_its_check_and_stale_files_are_no_fault(project):
    """Chunks are compared with the files that did not change."""
    assert check_lines(project.check()) == "whole: 3 files"
    (project.root / "src/kept.py").write_text("def kept():\n    return 3\n")

    report = project.check()

    assert (report.problems, report.stale) == ((), 1)


def test_a_damaged_file_of_the_index_is_named(project):
    """One flipped byte, anywhere in the data."""
    victim = max(project.store.directory.rglob("*.lance"), key=lambda path: path.stat().st_size)
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)

    report = LeIndex(project.root).check()

    assert report.problems
    assert victim.name in check_lines(report)


def test_a_damaged_index_is_made_anew_by_the_next_search(project):
    """Nobody is stuck on it, and no answer is silently wrong."""
    for victim in project.store.directory.rglob("*"):
        if victim.is_file() and victim.suffix in {".lance", ".npy"}:
            victim.write_bytes(victim.read_bytes()[:-1] + b"?")

    answer = LeIndex(project.root).search("kept")

    assert answer[0].path == "src/kept.py"
    assert LeIndex(project.root).check().problems == ()


def test_a_check_without_an_index_says_so(make_tree):
    """Exit status 2 on the command line, 1 being for damage."""
    with pytest.raises(IndexGoneError):
        LeIndex(make_tree({"a.py": "x = 1\n"})).check()
