"""A damaged index is made anew by the next run or search, whatever is damaged; nobody has to know `force`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import xxhash
from mcp import Client

from leindex_mcp import LeIndex
from leindex_mcp.current import standing
from leindex_mcp.server import make_server
from leindex_mcp.store import SCHEMA

FILES = {f"walk_{number}.py": f"def walk_{number}(tree):\n    return {number}\n" for number in range(12)}


def flipped(path: Path) -> None:
    """Change one bit in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def zeroed(path: Path) -> None:
    """Keep the size, lose everything."""
    path.write_bytes(bytes(path.stat().st_size))


def cut(path: Path) -> None:
    """Lose the second half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def emptied(path: Path) -> None:
    """Lose everything, and the size."""
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("part", "how", "is_edited"),
    [
        ("chunks.lance/data", flipped, False),
        ("chunks.lance/data", zeroed, True),
        ("chunks.lance/_deletions", zeroed, True),
        ("chunks.lance/_deletions", Path.unlink, False),
        ("files.lance/data", cut, True),
        ("files.lance/data", flipped, False),
    ],
)
def test_a_damaged_table_is_made_anew(make_tree, part, how, is_edited):
    """The tables answer when there is no view; a run used to fail on damaged chunks again and again."""
    project = LeIndex(make_tree(FILES))
    project.index()
    (project.root / "walk_1.py").write_text("def crawl(floor):\n    return floor\n")
    project.index()
    for victim in project.store.directory.glob(f"generation-*/{part}/*"):
        how(victim)
    for view in project.store.directory.glob("view-*"):
        shutil.rmtree(view)
    name = "walk_2.py" if is_edited else "walk_1.py"
    if is_edited:
        (project.root / name).write_text("def leap(fence):\n    return fence\n")

    assert LeIndex(project.root).search("leap" if is_edited else "crawl")[0].path == name
    assert LeIndex(project.root).index().files == len(FILES)
    assert LeIndex(project.root).check().problems == ()


@pytest.mark.parametrize("how", [flipped, zeroed, cut, emptied, Path.unlink])
def test_a_view_that_is_damaged_while_it_is_open_answers_no_more(make_tree, monkeypatch, how):
    """It is mapped: a byte written to it changes the answers, and the process dies of one cut short."""
    project = LeIndex(make_tree(FILES))
    project.index()
    before = project.search("walk_3 tree")
    monkeypatch.setattr(standing, "_SAME_SEARCH_SECONDS", 0)
    for array in project.store.directory.glob("view-*/*"):
        how(array)

    assert project.search("walk_3 tree").hits == before.hits
    assert project.stats().files == len(FILES)
    assert LeIndex(project.root).index().files == len(FILES)
    assert project.search("walk_3 tree").hits == before.hits
    assert project.check().problems == ()


def test_a_view_that_is_lost_is_to_be_written_again(make_tree, monkeypatch):
    """A server answers from the tables meanwhile, and lets a run behind its answers see to it."""
    LeIndex(make_tree(FILES)).index()
    project = LeIndex(make_tree(FILES))
    assert not project.is_run_due()
    monkeypatch.setattr(standing, "_SAME_SEARCH_SECONDS", 0)
    for array in project.store.directory.glob("view-*/*"):
        flipped(array)

    assert project.is_run_due()
    project.index()
    assert not project.pin().is_view_lost


async def test_what_verifying_finds_is_mended_behind_the_answers(make_tree):
    """A damaged table behind a whole view hinders no search, so nobody else would notice."""
    project = LeIndex(make_tree(FILES))
    project.index()
    for table in project.store.directory.glob("generation-*/chunks.lance/data/*"):
        flipped(table)

    async with Client(make_server([project.root])) as client:
        found = await client.call_tool("stats", {"verify": True})
        assert "damaged" in found.content[0].text
        assert "content differs from its digest" in found.content[0].text
        assert "it is being made anew" in found.content[0].text
        await client.call_tool("index", {})  # waits for the run that is going on
        assert "whole: 12 files" in (await client.call_tool("stats", {"verify": True})).content[0].text


def test_a_view_that_was_only_touched_goes_on_answering(make_tree, monkeypatch):
    """A backup by hard links changes the times of a file, and nothing in it."""
    project = LeIndex(make_tree(FILES))
    project.index()
    before = project.pin()
    monkeypatch.setattr(standing, "_SAME_SEARCH_SECONDS", 0)
    for array in project.store.directory.glob("view-*/*"):
        array.chmod(0o600)

    after = project.pin()

    assert not after.is_view_lost
    assert after is not before
    assert project.pin() is after


@pytest.mark.parametrize("release", ["older", "newer"])
def test_an_index_of_another_release_is_never_guessed_at(make_tree, release):
    """An older one is made anew; a newer one is left to the release that wrote it, and the files answer."""
    project = LeIndex(make_tree(FILES))
    project.index()
    head = project.store.directory / "HEAD"
    schema = SCHEMA - 1 if release == "older" else SCHEMA + 1
    body = b'{"fields":"of another release"}'
    seal = xxhash.xxh3_64_hexdigest(body, seed=schema)
    written = f"leindex-index {schema} {seal}\n".encode() + body
    head.write_bytes(written)

    answer = LeIndex(project.root).search("walk_3")

    assert answer[0].path == "walk_3.py"
    if release == "older":
        assert LeIndex(project.root).check().problems == ()
    else:
        assert "update leindex, or set LEINDEX_HOME" in answer.rendered
        assert head.read_bytes() == written
