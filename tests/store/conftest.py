"""A store that does not exist yet, and the check that runs after every test that touched one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from leindex_mcp.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a store without an index."""
    return Store(tmp_path / "index")


@pytest.fixture(autouse=True)
def whole(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Whatever a test does, what it leaves behind is whole, unless it says that it does damage."""
    yield
    if not request.node.get_closest_marker("does_damage"):
        assert Store(tmp_path / "index").check() == []
