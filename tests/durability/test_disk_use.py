"""What an index takes on disk after a long day of edits."""

from __future__ import annotations

import random

import pytest

from leindex_mcp import LeIndex


@pytest.mark.slow
def test_fifty_updates_take_less_than_twice_the_disk_of_a_fresh_index(make_tree):
    """Each update writes the arrays of a search anew; the old ones used to pile up: 27 times the disk."""
    names = [f"src/module_{number}.py" for number in range(600)]
    root = make_tree({name: _source(name, 0) for name in names})
    project = LeIndex(root)
    project.index()
    fresh_bytes = project.store.size_bytes()
    dice = random.Random(20261123)

    for update in range(1, 51):
        for name in dice.sample(names, 3):
            (root / name).write_text(_source(name, update))
        assert project.index().indexed >= 3
        assert project.store.size_bytes() < 2 * fresh_bytes, update


def _source(name: str, update: int) -> str:
    """Return a module of a few dozen lines."""
    return "\n".join(
        f"def step_{line}_of_{name[4:-3]}(value):\n    return value + {line + update}  # {update}\n"
        for line in range(40)
    )
