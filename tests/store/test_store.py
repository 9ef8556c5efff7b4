"""What is committed is what a snapshot shows, whole, in order, and to every process."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store.batches import DIM, ENCODER, Model, batch, contents, fill, start

from leindex_mcp.errors import IndexGoneError, SnapshotGoneError
from leindex_mcp.records import SkipReason
from leindex_mcp.store import Snapshot, Store

READER = """
import pathlib, sys
from leindex_mcp.store import Store
store = Store(pathlib.Path(sys.argv[1]))
while True:
    snapshot = store.pin()
    print(snapshot.files.relative, len(snapshot.chunks.file) == snapshot.head.chunks, flush=True)
    if not sys.stdin.readline():
        break
"""

AWKWARD = [
    "it's.py",
    "' OR true --",
    "x') OR (1=1",
    "new\nline",
    "tab\t%s{}",
    "caf\u00e9",
    "not-utf-8-\udcff",
    "half-a-pair-\ud800",
    "emoji-\U0001f600",
    "a/b\\c",
    "file IN (0,1,2)",
]


def test_there_is_no_index_before_the_first_commit(store):
    """A caller tells by None that it has to index; asking creates nothing."""
    assert store.head() is None
    assert not store.exists()
    assert not store.directory.exists()
    with pytest.raises(IndexGoneError, match="index the project"):
        store.pin()


def test_a_batch_is_read_back_as_it_was_written(store):
    """Every value of every row counts: `contents` compares them all."""
    files = {f"src/file_{number}.py": number for number in range(20)}

    fill(store, files)

    assert contents(store.pin()) == files
    assert store.exists()
    assert store.size_bytes() > 0


batches = st.lists(
    st.dictionaries(st.text(st.characters(), min_size=1), st.integers(0, 3), max_size=5), max_size=3
)


@settings(max_examples=8)
@given(batches=batches)
def test_a_snapshot_equals_a_dict_that_got_the_same_batches(tmp_path_factory, batches):
    """Any text is a possible path, half a surrogate pair included; the last batch that names a file wins."""
    _compare_with_a_dict(Store(tmp_path_factory.mktemp("any") / "index"), batches)


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(max_examples=200)
@given(batches=batches)
def test_a_snapshot_equals_a_dict_at_length(tmp_path_factory, batches):
    """The same, with more paths of more kinds."""
    _compare_with_a_dict(Store(tmp_path_factory.mktemp("any") / "index"), batches)


def test_no_path_can_act_on_another_file(store):
    """LanceDB filters are SQL: a path that got into one once deleted a whole table."""
    files = dict.fromkeys([*AWKWARD, "innocent.py"], 1)
    fill(store, files)

    with store.writer() as writer:
        assert start(writer) == files
        for relative in AWKWARD:
            writer.commit(batch({}, removed=[relative]))
            del files[relative]
            assert contents(store.pin()) == files


def test_what_is_stored_of_a_file_comes_back(store):
    """The next pass compares it with the disk: an inode may need all 64 bits, a file may have no chunks."""
    wanted = batch({"a.py": 1})
    binary = replace(wanted.documents[0], chunks=(), skip=SkipReason.BINARY)
    skipped = replace(batch({}), documents=(binary,))
    with store.writer() as writer:
        start(writer)
        writer.commit(skipped)

    with store.writer() as writer:
        stored = writer.begin(encoder=ENCODER, dim=DIM)["a.py"]

    assert stored.fingerprint == binary.record.fingerprint
    assert stored.content_hash == binary.content_hash
    assert (stored.chunks, stored.skip) == (0, SkipReason.BINARY)
    assert store.pin().files.skip == ["binary"]


def test_order_does_not_depend_on_the_order_of_commits(store):
    """Same index, same bytes: batches come from several workers in any order."""
    with store.writer() as writer:
        start(writer)
        for name in ("m", "z", "a"):
            writer.commit(batch({f"{name}/{number}": 1 for number in (3, 1, 2)}))

    assert contents(store.pin()) == {f"{name}/{number}": 1 for name in "amz" for number in (1, 2, 3)}


def test_a_pinned_snapshot_does_not_see_what_is_written_later(store):
    """Candidates of one answer come from one snapshot, also when its columns are read late."""
    fill(store, {"a": 1, "b": 1})
    pinned = store.pin()

    fill(store, {"a": 2, "c": 2})

    assert contents(pinned) == {"a": 1, "b": 1}
    assert contents(store.pin()) == {"a": 2, "b": 1, "c": 2}


@pytest.mark.timeout(90)
def test_another_process_sees_each_commit(store):
    """An open LanceDB handle would not; two servers on one project must."""
    fill(store, {"a": 1})
    command = [sys.executable, "-c", READER, str(store.directory)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as reader:
        for added in ("b", "c"):
            assert reader.stdout.readline() == f"{store.pin().files.relative} True\n"
            fill(store, {added: 1})
            reader.stdin.write("again\n")
        reader.stdin.close()


def test_an_index_made_anew_has_no_version_of_the_one_before(store):
    """A server that holds the old one in memory compares versions, and must read again."""
    fill(store, {"a": 1})
    before = store.head().version
    shutil.rmtree(store.directory)

    fill(store, {"b": 1})

    assert store.head().version != before


def test_reading_is_tried_again_when_the_snapshot_was_cleared_away(store):
    """A slow reader and a writer that rebuilds twice may meet once; not for ever."""
    fill(store, {"a": 1})

    def use(snapshot: Snapshot) -> Model:
        if len(tries) < patience:
            tries.append(snapshot)
            fill(store, {"a": len(tries) + 1}, rebuild=True)
            shutil.rmtree(store.directory / snapshot.head.generation.directory)
        return contents(snapshot)

    tries: list[Snapshot] = []
    patience = 1
    assert store.read(use) == {"a": 2}
    patience = 9
    with pytest.raises(SnapshotGoneError):
        store.read(use)


@pytest.mark.timeout(90)
def test_a_mapped_view_needs_neither_lancedb_nor_pyarrow(store):
    """Importing them costs more than the whole first answer of a new process."""
    fill(store, {"a": 1})
    with store.writer() as writer:
        start(writer)
        writer.publish_view({"numbers": np.arange(3)})

    assert (
        _run(
            "print(snapshot.view['numbers'].tolist(), 'lancedb' in sys.modules, 'pyarrow' in sys.modules)",
            store,
        )
        == "[0, 1, 2] False False"
    )


def test_the_first_build_only_adds(tmp_path):
    """A delete scans the table: nothing is deleted for a file that was never there."""
    points: list[str] = []
    store = Store(tmp_path / "index", at=points.append)

    with store.writer() as writer:
        start(writer)
        for number in range(3):
            writer.commit(batch({f"{number}": 1}, removed=["never-there"]))

    assert not [point for point in points if "delete" in point or "restore" in point]


def test_an_index_is_complete_once_a_run_has_finished(store):
    """A first run that was killed answers with what it has, and says that it is not all."""
    with store.writer() as writer:
        start(writer)
        assert not writer.commit(batch({"a": 1})).complete
        assert writer.finish().complete
        assert writer.commit(batch({"b": 1})).complete


def test_an_empty_project_has_an_empty_index(store):
    """Otherwise every search of it would start another indexing run."""
    with store.writer() as writer:
        start(writer)
        head = writer.finish()

    assert (head.files, head.chunks, head.complete) == (0, 0, True)
    assert contents(store.pin()) == {}
    assert store.pin().chunks.vectors.shape == (0, DIM)


def test_head_says_what_the_snapshot_holds(store):
    """`stats` answers from it, without opening a table."""
    fill(store, {f"{number}": number for number in range(9)})

    head, snapshot = store.head(), store.pin()

    assert head == snapshot.head
    assert (head.files, head.chunks) == (9, len(snapshot.chunks.file))
    assert (head.encoder, head.dim) == (ENCODER, DIM)


def test_each_change_of_the_data_has_a_version_of_its_own(tmp_path):
    """A reader that holds a version knows by it alone whether to read again; times come from the clock."""
    now = 1000.0
    store = Store(tmp_path / "index", clock=lambda: now)
    with store.writer() as writer:
        start(writer)
        first = writer.commit(batch({"a": 1}))
        now = 2000.0
        second = writer.commit(batch({"a": 2}))
        published = writer.publish_view({"x": np.arange(1)})

    assert (second.version, published.version) == (first.version + 1, first.version + 1)
    assert (second.created, second.updated) == (1000, 2000)


def test_a_commit_without_content_changes_nothing(store):
    """Removing a file that is not indexed is no change."""
    fill(store, {"a": 1})
    with store.writer() as writer:
        start(writer)
        writer.commit(batch({}, removed=["b"]))

    assert contents(store.pin()) == {"a": 1}


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ({"vectors": np.zeros((1, DIM), np.float32)}, "vectors of shape"),
        ({"vectors": np.full((3, DIM), np.nan, np.float32)}, "not finite"),
        ({"terms": replace(batch({}).terms)}, "rows of terms"),
        ({"documents": batch({"c": 4}).documents * 2}, "twice"),
    ],
)
def test_a_batch_that_does_not_fit_is_refused_before_anything_is_written(store, broken, problem):
    """It would be a mistake of ours, and is not to become part of an index."""
    files = {"b": 5}
    good = batch(files)
    assert len(good.vectors) == 3
    if "documents" in broken:
        broken |= {
            "terms": batch({"c": 4, "d": 4}).terms,
            "vectors": np.zeros((2 * len(batch({"c": 4}).vectors), DIM)),
        }
        broken["terms"] = replace(broken["terms"], offsets=np.zeros(len(broken["vectors"]) + 1, np.int64))
    with store.writer() as writer:
        start(writer)
        with pytest.raises(ValueError, match=problem):
            writer.commit(replace(good, **broken))

    assert store.head() is None


def test_nothing_is_written_before_begin(store):
    """The writer would not know for which encoder."""
    with store.writer() as writer, pytest.raises(RuntimeError, match="begin"):
        writer.commit(batch({"a": 1}))


def test_only_the_owner_may_look_into_an_index(store):
    """It tells the names and words of files that others may not read."""
    fill(store, {"a": 1})

    assert stat.S_IMODE(store.directory.stat().st_mode) == 0o700


def test_a_relative_directory_is_made_absolute(tmp_path, monkeypatch):
    """LanceDB takes a relative name that begins with `db_` for a database in the cloud."""
    monkeypatch.chdir(tmp_path)
    store = Store(type(tmp_path)("db_index"))
    monkeypatch.chdir("/")

    fill(store, {"a": 1})

    assert (tmp_path / "db_index" / "HEAD").is_file()


def _compare_with_a_dict(store: Store, batches: list[Model]) -> None:
    model: Model = {}
    with store.writer() as writer:
        start(writer)
        for files in batches:
            removed = [relative for relative in model if len(relative) % 3 == 0]
            writer.commit(batch(files, removed=removed))
            model = {relative: at for relative, at in model.items() if relative not in removed} | files
            assert contents(store.pin()) == model
        assert {relative: file.fingerprint.size_bytes for relative, file in writer.files().items()} == model
    assert store.check() == []


def _run(statement: str, store: Store) -> str:
    code = "import sys, pathlib, leindex_mcp.store as s; snapshot = s.Store(pathlib.Path(sys.argv[1])).pin()"
    command = [sys.executable, "-c", f"{code}; {statement}", str(store.directory)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
