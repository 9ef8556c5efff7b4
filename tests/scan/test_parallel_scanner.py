"""What a scan finds in trees of every shape."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
from pathlib import Path

import pytest

from leindex_mcp.errors import RootNotFoundError
from leindex_mcp.records import SkipReason
from leindex_mcp.scan.parallel_scanner import ParallelScanner, ScanResult, WalkManner
from leindex_mcp.settings import Settings

BY_PATH = WalkManner(by_descriptor=False)
WITH_HELPERS = WalkManner(slow_listing_seconds=0)
MANNERS = pytest.mark.parametrize(
    "manner", [WalkManner(), BY_PATH, WITH_HELPERS], ids=["by descriptor", "by path", "with helpers"]
)


def scan(root: Path, manner: WalkManner | None = None, **settings: object) -> ScanResult:
    """Scan with some settings other than the defaults."""
    return ParallelScanner(root, Settings.model_validate(settings), manner=manner).scan()


def found(result: ScanResult) -> list[str]:
    """Return the relative paths of the files found."""
    return [record.relative for record in result.records]


def reasons(result: ScanResult) -> dict[str, SkipReason]:
    """Return why each skipped path was skipped."""
    return {skipped.relative: skipped.reason for skipped in result.skipped}


@MANNERS
def test_files_come_sorted_with_the_fingerprint_on_disk(make_tree, manner):
    """The order of records is part of what a run does, so it must not depend on the disk's."""
    root = make_tree({"b/z.py": "1", "b.py": "22", "a/b/c.py": "", ".hidden/x.py": "333"})

    result = scan(root, manner)

    assert found(result) == [".hidden/x.py", "a/b/c.py", "b.py", "b/z.py"]
    for record in result.records:
        status = (root / record.relative).stat()
        assert record.fingerprint == (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    assert result.complete
    assert result.statistics.bytes == 6
    assert result.statistics.directories == 5


@MANNERS
def test_links_are_never_followed(tmp_path, make_tree, manner):
    """Out of the root, in a loop, to itself or to nothing: a link is a skip with a reason."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "canary.py").write_text("")
    root = make_tree({"a/x.py": ""})
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "file.py").symlink_to(tmp_path / "outside" / "canary.py")
    (root / "a" / "loop").symlink_to(root)
    (root / "self").symlink_to("self")
    (root / "dangling").symlink_to("nowhere")

    result = scan(root, manner)

    assert found(result) == ["a/x.py"]
    assert set(reasons(result)) == {"a/loop", "dangling", "file.py", "out", "self"}
    assert set(reasons(result).values()) == {SkipReason.SYMLINK}


@MANNERS
def test_pipes_sockets_and_directories_with_file_names_do_no_harm(make_tree, manner, monkeypatch):
    """Nothing waits for a pipe, not even one that is called .gitignore."""
    root = make_tree({"dir.py/x.py": ""})
    os.mkfifo(root / "pipe.py")
    os.mkfifo(root / ".gitignore")
    (root / "dir.py" / ".gitignore").mkdir()
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")

        result = scan(root, manner)

    assert found(result) == ["dir.py/x.py"]
    assert reasons(result) == dict.fromkeys([".gitignore", "pipe.py", "socket"], SkipReason.SPECIAL)


@MANNERS
def test_any_name_that_the_disk_takes_is_found(tmp_path, manner):
    """Newlines, quotes, undecodable bytes, 255 bytes, right-to-left marks: names are data."""
    names = [
        *(b"new\nline.py", b"tab\t.py", b"'\".py", b"-rf", b"%s{}.py", b"\xff\xfe.py", b" ", b"x" * 255),
        *("e\u0301.py".encode(), "\u00e9.py".encode(), "\u202egnp.py".encode(), b"CON", b"a:b", b"..."),
    ]
    root = tmp_path / "project"
    root.mkdir()
    for name in names:
        Path(os.fsdecode(os.fsencode(root) + b"/" + name)).write_text("")

    assert sorted(found(scan(root, manner))) == sorted(map(os.fsdecode, names))


@pytest.mark.slow
def test_three_thousand_nested_directories_are_walked_to_the_end(tmp_path):
    """os.walk stops in silence at 455; here no path is ever longer than a name."""
    root = tmp_path / "project"
    root.mkdir()
    depth = 3000
    descriptor = os.open(root, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("directory", dir_fd=descriptor)
        below = os.open("directory", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(os.open("deep.py", os.O_WRONLY | os.O_CREAT, dir_fd=descriptor))
    os.close(descriptor)
    (root / "directory" / "side").mkdir()
    (root / "directory" / "side" / "x.py").write_text("")

    assert found(scan(root)) == ["directory/" * depth + "deep.py", "directory/side/x.py"]
    assert sum(1 for _ in Path("/proc/self/fd").iterdir()) < 200
    by_path = scan(root, BY_PATH)
    assert by_path.complete
    assert len(by_path.unlisted) == 1
    subprocess.run(["rm", "-rf", str(root)], check=True)  # what Python removes by recursion, it cannot


def test_a_directory_that_cannot_be_listed_is_named_and_the_rest_is_found(make_tree, monkeypatch):
    """What lies below it may well exist, so it must be known that nothing is known."""
    root = make_tree({"a/x.py": "", "locked/y.py": "", "z.py": ""})
    real_open = os.open

    def refusing_open(path, flags, mode=0o777, *, dir_fd=None):
        if path == "locked":
            raise PermissionError(13, "Permission denied", path)
        return real_open(path, flags, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", refusing_open)
    result = scan(root)

    assert found(result) == ["a/x.py", "z.py"]
    assert reasons(result) == {"locked": SkipReason.UNREADABLE}
    assert result.unlisted == ("locked/",)
    assert result.complete


def test_a_directory_that_moves_away_during_a_deep_walk_ends_nothing_else(tmp_path):
    """Deep down a walk finds back by `..`; it must notice when that leads elsewhere."""
    root = tmp_path / "project"
    deep = root / "/".join(["d"] * 80)
    deep.mkdir(parents=True)
    (deep / "x.py").write_text("")
    (root / "d" / "later.py").write_text("")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    moved = False

    def move(_files: int) -> bool:
        nonlocal moved
        if not moved and _files == 2:
            (root / "d" / "d").rename(elsewhere / "d")
            moved = True
        return False

    result = ParallelScanner(root, Settings()).scan(on_progress=move)

    assert moved
    assert found(result) == ["d/" * 80 + "x.py", "d/later.py"]
    assert result.unlisted == ("d/", "")


def test_a_file_that_vanishes_between_listing_and_status_is_passed_over(make_tree, monkeypatch):
    """It is gone: neither a record nor a skip."""
    root = make_tree({"a.py": "", "b.py": ""})
    real_scandir = os.scandir

    class Vanishing:
        def __init__(self, entries):
            self._entries = entries

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self._entries.close()

        def __iter__(self):
            entries = list(self._entries)
            (root / "b.py").unlink()
            return iter(entries)

    monkeypatch.setattr(os, "scandir", lambda target: Vanishing(real_scandir(target)))

    result = scan(root)

    assert found(result) == ["a.py"]
    assert result.skipped == []


def test_large_files_are_skipped_by_their_size_alone(make_tree):
    """A terabyte that takes no room is not opened to find out that it is large."""
    root = make_tree({"a.py": "12345", "b.py": "123456"})
    with (root / "sparse.py").open("wb") as sparse:
        sparse.truncate(2**40)

    result = scan(root, file_filtering={"max_file_size": 5})

    assert found(result) == ["a.py"]
    assert {skip.relative: skip.detail for skip in result.skipped} == {
        "b.py": "6 bytes, more than 5",
        "sparse.py": "1099511627776 bytes, more than 5",
    }


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_the_number_of_walkers_changes_nothing_but_the_number_of_walkers(make_tree, workers):
    """Branches are shared out among them; each file is found once."""
    tree = {f"d{i}/e{j}/f{k}.py": "" for i in range(8) for j in range(8) for k in range(2)}
    root = make_tree(tree, gitignore="/d3/\n*1.py\n")
    alone = scan(root)

    together = scan(root, WITH_HELPERS, performance={"parallel_scanner": {"max_workers": workers}})

    assert together.records == alone.records
    assert together.skipped == alone.skipped
    assert together.statistics.walkers == workers
    assert alone.statistics.walkers == 1


@MANNERS
def test_a_scan_out_of_time_is_declared_incomplete(make_tree, manner):
    """Files that it did not see are never taken for deleted."""
    root = make_tree({f"d{i}/x.py": "" for i in range(40)})
    seconds = iter(range(10_000))
    settings = Settings.model_validate({"performance": {"parallel_scanner": {"timeout_seconds": 5}}})

    result = ParallelScanner(root, settings, manner=manner, clock=lambda: next(seconds)).scan()

    assert not result.complete
    assert len(result.records) < 40


@MANNERS
def test_a_scan_stops_when_it_is_asked_to(make_tree, manner):
    """Cancelling an index run must not wait for the rest of a large tree."""
    root = make_tree({f"d{i}/x.py": "" for i in range(40)})

    result = ParallelScanner(root, Settings(), manner=manner).scan(should_stop=lambda: True)

    assert not result.complete
    assert len(result.records) < 40


def test_progress_counts_the_files_found_so_far(make_tree):
    """A caller sees the numbers rise, up to the number of records."""
    told: list[int] = []

    ParallelScanner(make_tree({"a.py": "", "b/c.py": "", "b/d.py": ""}), Settings()).scan(told.append)

    assert told == [1, 3]


def test_what_a_walk_raises_reaches_the_caller_whoever_walked(make_tree):
    """A failure in a helper's thread must neither hang the crew nor get lost."""
    root = make_tree({f"d{i}/e{j}/x.py": "" for i in range(10) for j in range(10)})

    def fail(files: int) -> None:
        if files > 60:
            raise RuntimeError("told too much")

    with pytest.raises(RuntimeError, match="told too much"):
        ParallelScanner(root, Settings(), manner=WITH_HELPERS).scan(fail)


@pytest.mark.parametrize("name", ["missing", "file.py"])
def test_a_root_that_is_no_directory_is_refused(make_tree, name):
    """The sentence says what to pass instead."""
    with pytest.raises(RootNotFoundError, match="pass the path of a project directory"):
        scan(make_tree({"file.py": ""}) / name)


def test_statistics_count_each_skip_by_its_reason(make_tree):
    """A pruned directory counts once, however much lies in it."""
    root = make_tree(
        {
            "a.py": "",
            "node_modules/x/y.js": "",
            "node_modules/z.js": "",
            ".env": "",
            "a.log": "",
            "b.png": "",
        },
        gitignore="*.log\n",
    )

    statistics = scan(root).statistics

    assert dict(statistics.skipped) == {"skipped-directory": 1, "secret": 1, "ignored": 1, "binary": 1}
    assert statistics.verdicts == 6
    assert 0 < statistics.verdict_hit_rate < 1


def test_a_directory_that_nobody_may_read_is_no_error(make_tree):
    """The same as above with real permissions, where the user has none beyond them."""
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    root = make_tree({"locked/y.py": "", "z.py": ""})
    (root / "locked").chmod(0)
    try:
        assert found(scan(root)) == ["z.py"]
    finally:
        (root / "locked").chmod(stat.S_IRWXU)
