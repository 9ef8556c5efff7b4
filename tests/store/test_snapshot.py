"""HEAD: any byte of it that is not as written is noticed, and other releases are told apart from damage."""

from __future__ import annotations

import zipfile
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest
import xxhash
from hypothesis import assume, given
from hypothesis import strategies as st
from store.batches import DIM, ENCODER, batch, contents, fill, start
from store.life import bring_to

from leindex_mcp.errors import IndexDamagedError, IndexSchemaError, StoreError
from leindex_mcp.store import SCHEMA, Store
from leindex_mcp.store.disk import Disk
from leindex_mcp.store.snapshot import DataFile, Generation, Head, Retired, View, read_head, write_head

RELEASED = Path(__file__).parent / "released"

numbers = st.integers(0, 2**63)
data = st.lists(st.builds(DataFile, st.text(max_size=20), numbers, numbers), max_size=3).map(tuple)
generations = st.builds(
    Generation, number=numbers, encoder=st.text(), dim=numbers, next_file=numbers, files=numbers, data=data
)
heads = st.builds(
    Head,
    version=numbers,
    created=st.floats(0, 1e10),
    updated=st.floats(0, 1e10),
    generation=generations,
    complete=st.booleans(),
    building=st.none() | generations,
    view=st.none() | st.builds(View, numbers, numbers, data),
    retired=st.lists(st.builds(Retired, st.text(), st.floats(0, 1e10)), max_size=3).map(tuple),
)


@given(head=heads)
def test_a_record_is_read_back_as_it_was_written(tmp_path_factory, head):
    """Everything the store knows of itself stands in this one file."""
    directory = tmp_path_factory.mktemp("head")
    write_head(head, directory, Disk())

    assert read_head(directory) == head


@given(data=st.data())
def test_any_changed_byte_is_damage(tmp_path_factory, data):
    """A record is trusted blindly once it is read: one flipped bit could name another version."""
    directory = tmp_path_factory.mktemp("head")
    write_head(Head(1, 0, 0, Generation(1, "e", 4)), directory, Disk())
    whole = (directory / "HEAD").read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(0, 3))
    changed = whole[:start] + data.draw(st.binary(max_size=3)) + whole[start + cut :]
    assume(changed != whole)
    (directory / "HEAD").write_bytes(changed)

    with pytest.raises(IndexDamagedError, match="HEAD"):
        read_head(directory)


def test_any_flipped_bit_is_damage(tmp_path):
    """Most flips still leave a record that could be read: another version, another count, another file."""
    write_head(Head(1, 0, 0, Generation(1, "e", 4, data=(DataFile("a", 1, 2),))), tmp_path, Disk())
    whole = (tmp_path / "HEAD").read_bytes()

    for place in range(len(whole)):
        flipped = bytes([whole[place] ^ (1 << place % 3)])
        (tmp_path / "HEAD").write_bytes(whole[:place] + flipped + whole[place + 1 :])
        with pytest.raises(
            IndexDamagedError, match=r"does not begin as it should|differs from its own digest"
        ):
            read_head(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n", b"\x00" * 500, b"leindex-index 1 \n{}", b"{}", b"\xff\xfe"])
def test_what_was_never_a_record_is_damage(tmp_path, content):
    """A full disk or a power loss may leave such a file."""
    (tmp_path / "HEAD").write_bytes(content)

    with pytest.raises(IndexDamagedError, match="HEAD does not begin as it should"):
        read_head(tmp_path)


@pytest.mark.parametrize(("schema", "remedy"), [(SCHEMA + 1, "update leindex"), (0, "index again")])
def test_another_release_is_not_taken_for_damage(tmp_path, schema, remedy):
    """A newer index is left alone, an older one is rebuilt; either way its fields are not guessed at."""
    _write_as_release(tmp_path, schema)

    with pytest.raises(IndexSchemaError, match=remedy) as caught:
        read_head(tmp_path)

    assert (caught.value.found, caught.value.known) == (schema, SCHEMA)


@pytest.mark.parametrize("body", [b"{}", b"[]", b"nonsense", b'{"generation": 3}'])
def test_a_record_with_other_fields_is_damage(tmp_path, body):
    """A program from between two releases may have written it; the next run builds the index anew."""
    _write_as_release(tmp_path, SCHEMA, body)

    with pytest.raises(IndexDamagedError, match="other fields"):
        read_head(tmp_path)


@pytest.mark.does_damage
def test_an_index_of_a_newer_release_is_left_alone(store):
    """Two releases on one machine: the older one must not destroy what the newer one made."""
    fill(store, {"a": 1})
    _write_as_release(store.directory, SCHEMA + 1)
    before = (store.directory / "HEAD").read_bytes()

    with store.writer() as writer, pytest.raises(IndexSchemaError, match="update leindex"):
        start(writer)

    with store.writer() as writer, pytest.raises(IndexSchemaError, match="update leindex"):
        start(writer, rebuild=True)
    assert (store.directory / "HEAD").read_bytes() == before
    with pytest.raises(IndexSchemaError, match="update leindex"):  # that is no damage
        store.check()


def test_an_index_of_an_older_release_is_built_anew(store):
    """Migrate or rebuild, never guess."""
    fill(store, {"a": 1})
    _write_as_release(store.directory, 0)

    with store.writer() as writer:
        assert start(writer) == {}
        writer.commit(batch({"b": 1}))

    assert contents(store.pin()) == {"b": 1}


@pytest.mark.does_damage
def test_a_head_that_cannot_be_read_is_an_error_of_the_system(tmp_path):
    """Damage is rebuilt; a permission or a directory in the way is for the user."""
    store = Store(tmp_path / "index")
    (store.directory / "HEAD").mkdir(parents=True)

    with pytest.raises(StoreError, match=r"(?i)directory") as caught:
        store.head()

    assert not isinstance(caught.value, IndexDamagedError)


@pytest.mark.does_damage
def test_a_head_that_cannot_be_looked_at_is_an_error_of_the_system(store):
    """Even whether there is one cannot be told."""
    store.directory.mkdir()
    (store.directory / "HEAD").symlink_to("HEAD")

    with pytest.raises(StoreError, match=r"^reading the index in .* failed: .* remove what is there"):
        store.exists()


def test_there_is_no_index_where_there_is_no_directory_for_it(tmp_path):
    """A file stands in the way; the writer is who has to say so."""
    (tmp_path / "file").write_text("")

    assert Store(tmp_path / "file" / "index").head() is None


def test_a_damaged_head_is_replaced_by_the_next_run(store):
    """The tables are of no use without it: which versions counted is not known."""
    fill(store, {"a": 1})
    (store.directory / "HEAD").write_bytes(b"nonsense")
    assert store.exists()
    assert len(store.check()) == 1

    with store.writer() as writer:
        assert start(writer) == {}
        writer.commit(batch({"a": 2}))

    assert contents(store.pin()) == {"a": 2}


@pytest.mark.parametrize("archive", sorted(RELEASED.glob("schema-*.zip")), ids=lambda archive: archive.stem)
def test_an_index_of_every_released_schema_is_read_or_built_anew(store, archive):
    """An update must neither fail on what it finds nor guess at it; an archive is never replaced."""
    with zipfile.ZipFile(archive) as stored:
        stored.extractall(store.directory)
    files = {"a.py": 2, "b.py": 2, "it's.py": 1, "\udcff": 1}

    if archive.stem == f"schema-{SCHEMA}":
        assert store.check() == []
        assert contents(store.pin()) == files
        assert store.pin().view["numbers"].tolist() == [0, 1, 2]

    assert bring_to(store, files | {"a.py": 3}) in {1, 4}
    assert contents(store.pin()) == files | {"a.py": 3}


def test_this_schema_has_its_archive():
    """It is made once, on release: unpacked, that very index must still be read."""
    assert (RELEASED / f"schema-{SCHEMA}.zip").is_file()


@pytest.mark.parametrize(
    "record",
    [Generation(1, ENCODER, DIM), View(1, 1), Head.unwritten(ENCODER, DIM)],
    ids=["generation", "view", "head"],
)
def test_a_record_is_a_value(record):
    """What two threads hold must not change under either; a field that nobody declared is a mistake."""
    with pytest.raises(FrozenInstanceError):
        setattr(record, fields(record)[0].name, 2)
    assert not hasattr(record, "__dict__")


def test_the_version_grows_with_every_change_of_the_data(store):
    """Readers tell by it that there is something new, across rebuilds too."""
    versions = []
    for number in range(3):
        fill(store, {"a": number}, rebuild=number == 2)
        versions.append(store.head().version)

    assert versions == [versions[0], versions[0] + 1, versions[0] + 2]


def test_a_snapshot_that_is_nowhere_but_in_memory_is_older_than_any_other():
    """A live scan makes one; its version must never be taken for one on disk."""
    head = Head.unwritten("encoder", 4)

    assert (head.version, head.encoder, head.dim, head.files, head.chunks) == (0, "encoder", 4, 0, 0)


def _write_as_release(directory, schema, body=b'{"unknown":"fields"}'):
    """Write a record that only the release with that schema can read."""
    seal = xxhash.xxh3_64_hexdigest(body, seed=schema)
    (directory / "HEAD").write_bytes(f"leindex-index {schema} {seal}\n".encode() + body)
