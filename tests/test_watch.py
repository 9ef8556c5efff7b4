"""A large tree is watched: what changes is in the next answer though no search looks for it."""

from __future__ import annotations

import anyio
import pytest

from leindex_mcp import LeIndex
from leindex_mcp.jobs import Jobs, open_jobs
from leindex_mcp.request import Request

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

FILES = {f"src/part{number}.py": f"def load_{number}(path):\n    return path\n" for number in range(5)}


@pytest.fixture
def root(make_tree, monkeypatch):
    """A small tree that is treated like a large one: no search may look at it first."""
    monkeypatch.setattr("leindex_mcp.current.looks._ALWAYS_CHEAP_FILES", 0)
    monkeypatch.setattr("leindex_mcp.current.looks._PRESUMED_CHEAP_FILES", 0)
    monkeypatch.setattr("leindex_mcp.current.looks._CHEAP_SECONDS", 0.0)
    return make_tree(FILES)


async def opened(jobs: Jobs, root) -> LeIndex:
    """Index the tree as a server does, and wait until it is watched."""
    project, _ = await jobs.open(str(root))
    await jobs.start(project).wait(30, nobody)
    jobs.look_behind(project, is_due=True)
    await until(lambda: project.looks.is_watched and project.looks.age_seconds() is not None)
    return project


async def nobody(progress) -> None:
    """Hear of progress."""


async def until(holds) -> None:
    """Wait for the other tasks to bring something about."""
    with anyio.fail_after(30):
        while not holds():  # noqa: ASYNC110  # they have no event for it
            await anyio.sleep(0.02)


def first(project: LeIndex, query: str) -> str | None:
    """Return the path of the best hit, as the server would without a look."""
    return next((hit.path for hit in project.answer(Request.checked(query))), None)


async def test_what_changes_is_answered_and_written_without_a_search(root):
    """New files, new directories and edits; a watch of before must not miss what lies in a new directory."""
    async with open_jobs([root]) as jobs:
        project = await opened(jobs, root)

        (root / "src/new.py").write_text("def brand_new_thing():\n    pass\n")
        await until(lambda: first(project, "brand_new_thing") == "src/new.py")
        (root / "lib").mkdir()
        (root / "lib/deep.py").write_text("def deeper_thing():\n    pass\n")
        await until(lambda: first(project, "deeper_thing") == "lib/deep.py")
        (root / "lib/deep.py").write_text("def other_thing():\n    pass\n")
        await until(lambda: first(project, "other_thing") == "lib/deep.py")
        (root / "src/part1.py").unlink()
        await until(lambda: project.pin().head.files == len(FILES) + 1 and not project.is_run_due())


async def test_a_change_of_what_is_not_indexed_wakes_nobody(root):
    """A log that grows, and our own writes, lead to no look; a rule file does."""
    (root / ".gitignore").write_text("*.log\n")
    (root / "run.log").write_text("a")
    async with open_jobs([root]) as jobs:
        project = await opened(jobs, root)
        looked_at = project.looks.checked_at

        (root / "run.log").write_text("ab")
        await until(lambda: project.looks.age_seconds() == 1 or project.looks.checked_at != looked_at)
        assert project.looks.checked_at == looked_at

        (root / ".gitignore").write_text("")
        await until(lambda: project.looks.checked_at != looked_at)


async def test_a_tree_that_cannot_be_watched_is_looked_at_behind_the_answers(root, monkeypatch):
    """The limit of watches is reached, or the disk is another machine's."""
    monkeypatch.setattr("leindex_mcp.current.watch._is_remote", lambda _: True)
    async with open_jobs([root]) as jobs:
        project, _ = await jobs.open(str(root))
        await jobs.start(project).wait(30, nobody)
        (root / "src/new.py").write_text("def brand_new_thing():\n    pass\n")

        jobs.look_behind(project, is_due=True)

        await until(lambda: first(project, "brand_new_thing") == "src/new.py")
        assert not project.looks.is_watched
