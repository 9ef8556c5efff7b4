"""Which root a path means, be it given or implied."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from leindex_mcp.config.loading import default_roots, index_home
from leindex_mcp.roots import Place, checked_root, implied_root, index_directory, locate
from leindex_mcp.store import Store


def place_of(path: str | None, roots: Sequence[Path] = ()) -> Place:
    """Return the indexed root that covers *path*, or *path* itself; without one, what the surroundings imply.

    Raises:
        NoRootError: No path was passed and none is implied.
        RootNotFoundError: The path is missing or is a file.
        RootRefusedError: The path is too wide to be a root.
    """
    chosen = path if path is not None else implied_root([*map(str, roots), *default_roots()], Path.cwd())
    home = index_home()
    return locate(checked_root(chosen), lambda root: Store(index_directory(home, root)).exists())
