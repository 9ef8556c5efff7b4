"""Damage is noticed before it can be answered from, and the next run repairs it."""

from __future__ import annotations

import errno
import os
import random
import shutil
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from campaign import SEED, TIMEOUT, report, size
from store.batches import Model, batch, contents, fill, start
from store.life import bring_to

from leindex_mcp.errors import IndexDamagedError, StoreError
from leindex_mcp.store import Store, integrity

FILES: Model = {f"src/{number}.py": number for number in range(12)}
KINDS = ("flip", "truncate", "empty", "delete", "extend", "zero", "swap", "directory")

pytestmark = pytest.mark.does_damage


@pytest.fixture(scope="module")
def pristine(tmp_path_factory) -> Path:
    """Return an index with dead rows, several versions, a view and a generation that is being built."""
    store = Store(tmp_path_factory.mktemp("pristine") / "index")
    fill(store, FILES)
    with store.writer() as writer:
        start(writer)
        writer.commit(batch({"src/3.py": 30}))
        writer.publish_view({"numbers": np.arange(100)})
    with store.writer() as writer:
        start(writer, rebuild=True)
        writer.commit(batch({"src/3.py": 31}))
    return store.directory


@pytest.fixture
def damaged(pristine, tmp_path) -> Path:
    """Return a copy of that index, to be damaged."""
    return shutil.copytree(pristine, tmp_path / "index")


@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_changes_an_answer_in_silence(damaged, kind):
    """P6: LanceDB alone served 10 of 12 flipped bits as if nothing had happened."""
    dice = random.Random(kind)
    for path in dice.sample(_files(damaged), 3):
        whole = path.read_bytes()
        damage(path, kind, dice)
        _require_honest(damaged)
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        path.write_bytes(whole)


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
def test_every_file_may_be_damaged_in_every_way(pristine, tmp_path):
    """No answer is wrong, the next run works if it can, and a forced one always repairs."""
    dice = random.Random(SEED)
    damages = list(product(KINDS, _files(pristine)))  # a kind for each file, then the next kind
    dice.shuffle(kinds := list(KINDS))
    damages.sort(key=lambda damage: kinds.index(damage[0]))
    for nth in range(size(100, 500)):
        kind, path = damages[nth % len(damages)]
        directory = shutil.copytree(pristine, tmp_path / f"{nth}")
        damage(directory / path.relative_to(pristine), kind, dice)
        _require_honest(directory)
        if kind != "directory" or path.parent != pristine:  # a directory named HEAD or lock is for the user
            _require_repair(directory)
        shutil.rmtree(directory)
    report(f"{nth + 1} damages, seed {SEED}, {len(damages)} ways: no wrong answer, all repaired")


@pytest.mark.parametrize("kind", ["truncate", "delete"])
def test_opening_notices_what_is_missing_or_cut_short(damaged, kind):
    """Sizes are compared before anything is read, in well under a millisecond."""
    damage(_data_file(damaged, "chunks"), kind, random.Random(1))

    with pytest.raises(IndexDamagedError, match=r"chunks[.]lance"):
        Store(damaged).pin()


def test_reading_notices_a_flipped_bit(damaged):
    """LanceDB has no checksums of pages; ours are compared before it sees a byte."""
    damage(_data_file(damaged, "chunks"), "flip", random.Random(1))
    snapshot = Store(damaged).pin()

    with pytest.raises(IndexDamagedError, match="differs from its digest"):
        snapshot.chunks  # noqa: B018  # reading is what fails
    assert contents_of_files(snapshot) == sorted(FILES)


def test_damage_done_while_a_server_runs_is_noticed(damaged):
    """A file is read once and remembered as whole only as long as it stays untouched."""
    store = Store(damaged)
    contents(store.pin())
    damage(_data_file(damaged, "files"), "flip", random.Random(1))

    with pytest.raises(IndexDamagedError):
        store.pin().files  # noqa: B018  # reading is what fails


def test_what_is_remembered_of_files_is_bounded(damaged, monkeypatch):
    """A server that runs for months sees many data files come and go."""
    monkeypatch.setattr(integrity, "_REMEMBERED", 1)
    store = Store(damaged)

    for _ in range(2):
        assert contents(store.pin()) == FILES | {"src/3.py": 30}


def test_a_damaged_view_is_left_aside(damaged):
    """It is derived: the tables answer in its place."""
    damage(damaged / "view-1" / "numbers.npy", "flip", random.Random(1))
    store = Store(damaged)

    assert store.pin().view is None
    assert contents(store.pin()) == FILES | {"src/3.py": 30}
    assert store.check() == ["view-1/numbers.npy: content differs from its digest"]


@pytest.mark.parametrize("table", ["files", "chunks"])
@pytest.mark.parametrize("kind", ["delete", "flip"])
def test_a_forced_run_repairs_a_damaged_index_at_once(damaged, table, kind):
    """What is damaged cannot answer meanwhile, so the new generation does from its first commit."""
    damage(_data_file(damaged, table), kind, random.Random(1))
    store = Store(damaged)

    with store.writer() as writer:
        assert start(writer, rebuild=True) == {}
        writer.commit(batch({"a": 1}))
        assert contents(store.pin()) == {"a": 1}
        writer.finish()
    assert store.check() == []


def test_a_plain_run_repairs_what_it_notices(damaged):
    """A missing file is noticed on opening: nobody has to know the word `force`."""
    damage(_data_file(damaged, "chunks"), "delete", random.Random(1))
    store = Store(damaged)

    bring_to(store, FILES)

    assert contents(store.pin()) == FILES
    assert store.check() == []


def test_what_lancedb_cannot_open_is_built_anew(damaged):
    """It looks at the newest manifest first, named by HEAD or not; no run may be stuck for that."""
    newest = f"{2**64 - 1 - 10_000:020}.manifest"
    for generation in ("generation-1", "generation-2"):
        (damaged / generation / "files.lance" / "_versions" / newest).write_bytes(b"no manifest")
    store = Store(damaged)
    with pytest.raises(IndexDamagedError):
        contents(store.pin())

    bring_to(store, FILES)

    assert contents(store.pin()) == FILES
    assert store.check() == []


@pytest.mark.parametrize("table", ["files", "chunks"])
def test_a_commit_that_meets_damage_says_so(damaged, table):
    """LanceDB says `rust future panicked: unknown error`; the next run must know what to do about it."""
    store = Store(damaged)
    with store.writer() as writer:
        start(writer, rebuild=True)
        writer.commit(batch(FILES))
        for path in (damaged / writer.head.building.directory).glob(f"{table}.lance/data/*"):
            damage(path, "zero", random.Random(1))

        def go_on() -> None:
            for number in range(3):
                writer.commit(batch({"src/3.py": number + 7}))
                writer.files()

        with pytest.raises(IndexDamagedError, match=rf"{table}[.]lance"):
            go_on()


def test_a_commit_without_descriptors_is_no_damage(damaged, monkeypatch):
    """What hinders the write hinders the look for damage too."""

    def refuse(*_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    store = Store(damaged, at=lambda point: refuse() if point == "chunks.add" else None)
    with store.writer() as writer:
        start(writer)
        monkeypatch.setattr(integrity, "digest", refuse)
        with pytest.raises(StoreError, match="ulimit -n") as caught:
            writer.commit(batch({"a": 1}))

    assert not isinstance(caught.value, IndexDamagedError)


def test_a_rewrite_does_not_pass_damage_on(damaged):
    """A copy of a damaged file would get a valid digest."""
    store = Store(damaged)
    with store.writer() as writer:
        start(writer)  # continues the generation that is being built
        writer.commit(batch(FILES))
        writer.commit(batch(dict.fromkeys(FILES, 5)))
        number = writer.head.building.number
        damage(_data_file(damaged, "chunks", f"generation-{number}"), "flip", random.Random(1))
        assert writer.finish().generation.number == number

    with pytest.raises(IndexDamagedError):
        contents(store.pin())


def test_a_damaged_build_is_begun_again(damaged):
    """It has never answered, so nothing is lost; what answers goes on."""
    damage(_data_file(damaged, "files", "generation-2"), "flip", random.Random(1))
    store = Store(damaged)

    with store.writer() as writer:
        assert start(writer) == FILES | {"src/3.py": 30}
        writer.finish()

    assert store.check() == []


def test_the_check_names_everything_that_is_wrong(damaged):
    """`leindex check` is for a person who wants to know what happened."""
    for table in ("files", "chunks"):
        damage(_data_file(damaged, table), "flip", random.Random(1))
    damage(damaged / "view-1" / "numbers.npy", "truncate", random.Random(1))

    problems = Store(damaged).check()

    assert len(problems) == 3
    assert all(
        name in " ".join(problems) for name in ("files.lance", "chunks.lance", "view-1", "bytes instead of")
    )


def damage(path: Path, kind: str, dice: random.Random) -> None:
    """Do to a file what disks, crashes and people do."""
    whole = path.read_bytes()
    place = dice.randrange(max(1, len(whole)))
    match kind:
        case "flip" if whole:
            path.write_bytes(
                whole[:place] + bytes([whole[place] ^ 1 << dice.randrange(8)]) + whole[place + 1 :]
            )
        case "truncate":
            path.write_bytes(whole[:place])
        case "extend":
            path.write_bytes(whole + dice.randbytes(1 + place % 50))
        case "zero":
            path.write_bytes(bytes(len(whole)))
        case "swap":
            path.write_bytes(dice.choice(_files(path.parent)).read_bytes())
        case "directory":
            path.unlink()
            path.mkdir()
        case "delete":
            path.unlink()
        case "empty" | "flip":
            path.write_bytes(b"")


def contents_of_files(snapshot) -> list[str]:
    """Return the paths, for a snapshot whose chunks cannot be read."""
    return snapshot.files.relative


def _require_honest(directory: Path) -> None:
    """The answer is right or refused, with one of our own errors; a mapped view is right or absent."""
    store = Store(directory)
    try:
        snapshot = store.pin()
        assert contents(snapshot) == FILES | {"src/3.py": 30}
        assert snapshot.view is None or snapshot.view["numbers"].tolist() == list(range(100))
    except StoreError:
        assert _is_told(store)


def _is_told(store: Store) -> bool:
    """Return whether a check names what is wrong, or what keeps it from telling."""
    try:
        return bool(store.check()) or not store.exists()
    except StoreError:
        return True


def _require_repair(directory: Path) -> None:
    """A plain run repairs what it notices; what it does not notice, a forced one repairs."""
    store = Store(directory)
    try:
        bring_to(store, FILES)
        assert contents(store.pin()) == FILES
    except StoreError:
        with store.writer() as writer:
            assert start(writer, rebuild=True) == {}
            writer.commit(batch(FILES))
            writer.finish()
    assert contents(store.pin()) == FILES
    assert store.check() == []


def _files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def _data_file(directory: Path, table: str, generation: str = "generation-1") -> Path:
    return min((directory / generation / f"{table}.lance" / "data").iterdir())
