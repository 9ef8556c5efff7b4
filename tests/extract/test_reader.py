"""Files are read whole, as they are now, and never through a link."""

from __future__ import annotations

import os
import socket
import threading
from functools import partial
from pathlib import Path

import pytest
import xxhash
from anyio import CapacityLimiter, create_task_group, to_thread

from leindex_mcp.extract import reader as reader_module
from leindex_mcp.extract.reader import Source, TreeReader, in_thread, read
from leindex_mcp.records import FileRecord, Fingerprint, Skipped, SkipReason

MAX_BYTES = 1_000


def record_of(root: Path, relative: str) -> FileRecord:
    """Record a file as the scan would."""
    try:
        status = (root / relative).stat()
    except (OSError, ValueError):
        return FileRecord(relative, Fingerprint(0, 0, 0, 0))
    return FileRecord(
        relative, Fingerprint(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    )


def read_now(root: Path, relative: str) -> Source | Skipped:
    """Read a file that was scanned a moment ago."""
    return read(root, record_of(root, relative), MAX_BYTES)


@pytest.fixture(params=[True, False], ids=["by descriptor", "by path"])
def descriptors(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Try both ways to open: Windows has no descriptors of directories."""
    if request.param and os.open not in os.supports_dir_fd:
        pytest.skip("this system has no directory descriptors")
    monkeypatch.setattr(reader_module, "_HAS_DIRECTORY_FDS", request.param)
    return bool(request.param)


def test_a_source_is_text_with_hash_and_fingerprint_of_what_was_read(make_tree, descriptors):
    """The index must record what it read, not what the scan saw."""
    root = make_tree({"src/a.py": b"x = 1\r\n"})

    source = read_now(root, "src/a.py")

    assert source == Source(
        text="x = 1\n",
        content_hash=xxhash.xxh3_64_intdigest(b"x = 1\r\n"),
        size_bytes=7,
        fingerprint=record_of(root, "src/a.py").fingerprint,
    )


def test_a_file_that_changed_since_the_scan_carries_its_new_fingerprint(make_tree):
    """Otherwise the next run would believe that the old content is indexed."""
    root = make_tree({"a.py": "old"})
    stale = record_of(root, "a.py")
    (root / "a.py").write_text("newer and longer")

    source = read(root, stale, MAX_BYTES)

    assert isinstance(source, Source)
    assert source.text == "newer and longer"
    assert source.fingerprint != stale.fingerprint
    assert source.fingerprint == record_of(root, "a.py").fingerprint


def test_binary_content_is_hashed_and_marked(make_tree):
    """Such a file is remembered by its hash, so that it is read once."""
    root = make_tree({"a.py": b"\0\1\2"})

    source = read_now(root, "a.py")

    assert isinstance(source, Source)
    assert (source.text, source.skip) == ("", SkipReason.BINARY)
    assert source.content_hash == xxhash.xxh3_64_intdigest(b"\0\1\2")


def test_a_file_above_the_cap_is_skipped_even_if_it_grew_since_the_scan(make_tree):
    """Memory must be bounded by the cap, not by what the scan saw."""
    root = make_tree({"exact.py": b"x" * MAX_BYTES, "large.py": b"x" * (MAX_BYTES + 1)})

    exact, large = read_now(root, "exact.py"), read_now(root, "large.py")

    assert isinstance(exact, Source)
    assert isinstance(large, Skipped)
    assert large.reason is SkipReason.SIZE


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs procfs")
def test_a_file_that_claims_to_be_empty_is_read_to_its_end():
    """Files of procfs, and files that grow while they are read, have more bytes than their size says."""
    source = read(Path("/proc/self"), FileRecord("status", Fingerprint(0, 0, 0, 0)), 100_000)

    assert isinstance(source, Source)
    assert source.text.startswith("Name:")
    assert source.text.count("\n") > 10


def test_a_vanished_file_is_a_skip(make_tree, descriptors):
    """Trees change under a scan; that is no error."""
    root = make_tree({"kept.py": ""})

    gone, gone_directory = read_now(root, "gone.py"), read_now(root, "gone/a.py")

    assert isinstance(gone, Skipped)
    assert gone.reason is SkipReason.UNREADABLE
    assert isinstance(gone_directory, Skipped)
    assert gone_directory.reason is SkipReason.UNREADABLE


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_a_skip_that_says_what_the_system_said(make_tree):
    """`leindex files --skipped` shows the reason."""
    root = make_tree({"a.py": "x"})
    (root / "a.py").chmod(0)

    assert read_now(root, "a.py") == Skipped("a.py", SkipReason.UNREADABLE, "Permission denied")


def test_a_link_in_place_of_a_file_is_not_followed(make_tree, tmp_path, descriptors):
    """A file may be swapped for a link between scan and read: nothing outside the root is read."""
    (tmp_path / "outside.txt").write_text("secret")
    root = make_tree({"kept.py": ""})
    (root / "a.py").symlink_to(tmp_path / "outside.txt")

    result = read_now(root, "a.py")

    assert isinstance(result, Skipped)
    assert result.reason is SkipReason.SYMLINK


def test_a_link_in_place_of_a_directory_is_not_followed(make_tree, tmp_path, descriptors):
    """O_NOFOLLOW alone guards only the last name of a path."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.py").write_text("secret")
    root = make_tree({"kept.py": ""})
    (root / "src").symlink_to(tmp_path / "outside")

    assert isinstance(read_now(root, "src/a.py"), Skipped)


def test_the_root_itself_may_be_a_link(make_tree, tmp_path, descriptors):
    """The user named it, and /tmp is a link on macOS."""
    root = make_tree({"src/a.py": "x = 1"})
    (tmp_path / "alias").symlink_to(root)

    source = read_now(tmp_path / "alias", "src/a.py")

    assert isinstance(source, Source)


@pytest.mark.parametrize(
    "relative", ["../outside.txt", "src/../../outside.txt", "/etc/hostname", "a//b", "", "a\0b"]
)
def test_a_path_that_leaves_the_root_is_refused(make_tree, tmp_path, descriptors, relative):
    """Records come from a scan, but a stored index can be edited by hand."""
    (tmp_path / "outside.txt").write_text("secret")
    root = make_tree({"src/a.py": ""})

    assert isinstance(read(root, FileRecord(relative, Fingerprint(0, 0, 0, 0)), MAX_BYTES), Skipped)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_place_of_a_file_does_not_hang(make_tree, descriptors):
    """Opening a pipe waits for a writer unless told not to."""
    root = make_tree({"kept.py": ""})
    os.mkfifo(root / "a.py")

    result = read_now(root, "a.py")

    assert isinstance(result, Skipped)
    assert result.reason is SkipReason.SPECIAL


def test_a_socket_and_a_directory_in_place_of_a_file_are_skips(make_tree, monkeypatch):
    """Whatever took the place of a file, the batch goes on."""
    root = make_tree({"directory/kept.py": ""})
    monkeypatch.chdir(root)  # the name of a socket must be short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.py")

        assert isinstance(read_now(root, "socket.py"), Skipped)
    assert isinstance(read_now(root, "directory"), Skipped)


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX only")
def test_names_that_are_no_text_can_be_read(make_tree):
    """Relative paths carry undecodable bytes as surrogate escapes."""
    root = make_tree({"kept.py": ""})
    name = os.fsdecode(b"caf\xe9\n.py")
    (root / name).write_text("x = 1")

    assert isinstance(read_now(root, name), Source)
    assert isinstance(read(root, FileRecord("\ud800.py", Fingerprint(0, 0, 0, 0)), MAX_BYTES), Skipped)


def test_a_reader_leaves_no_descriptor_open(make_tree):
    """A server reads for days."""
    root = make_tree({f"d{number}/e/a.py": "x" for number in range(20)})
    before = open_descriptors()

    with TreeReader(root) as reader:
        for number in range(20):
            assert isinstance(reader.read(record_of(root, f"d{number}/e/a.py"), MAX_BYTES), Source)
            assert isinstance(reader.read(record_of(root, f"d{number}/none/a.py"), MAX_BYTES), Skipped)
            assert isinstance(reader.read(record_of(root, f"d{number}"), MAX_BYTES), Skipped)

    assert open_descriptors() == before


def test_a_directory_replaced_while_its_files_are_read_is_read_anew(make_tree):
    """The descriptor that is held open belongs to one batch and one directory; another path opens another."""
    root = make_tree({"a/one.py": "1", "b/two.py": "2"})

    with TreeReader(root) as reader:
        first = reader.read(record_of(root, "a/one.py"), MAX_BYTES)
        second = reader.read(record_of(root, "b/two.py"), MAX_BYTES)
        again = reader.read(record_of(root, "a/one.py"), MAX_BYTES)

    assert [source.text for source in (first, second, again) if isinstance(source, Source)] == ["1", "2", "1"]


async def test_work_in_a_thread_is_awaited_even_when_cancelled():
    """No thread outlives the scope that started it."""
    limiter = CapacityLimiter(1)
    started, released, finished = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        started.set()
        released.wait(5)
        finished.set()

    async with create_task_group() as tasks:
        tasks.start_soon(partial(in_thread, work, limiter=limiter))
        await to_thread.run_sync(started.wait, 5)
        tasks.cancel_scope.cancel()
        released.set()

    assert finished.is_set()
    assert limiter.borrowed_tokens == 0


def open_descriptors() -> int:
    """Count the open descriptors of this process."""
    directory = Path("/proc/self/fd")
    return len(list(directory.iterdir())) if directory.exists() else 0
