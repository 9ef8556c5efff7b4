"""The view: arrays that a search maps straight from the disk, without importing lancedb.

It is derived and may go at any time: a reader for whom it is missing, old or damaged takes the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.lib import format as numpy_format
from numpy.typing import NDArray

from leindex_mcp.store.disk import Disk
from leindex_mcp.store.integrity import Verifier, describe
from leindex_mcp.store.snapshot import View

Arrays = dict[str, NDArray[np.generic]]

_NAME = re.compile(r"[a-z][a-z0-9_.]*")


def write_view(view: View, arrays: Mapping[str, NDArray[np.generic]], directory: Path, disk: Disk) -> View:
    """Write each array to a file of its own, and return *view* with them; `HEAD` then has to name it."""
    target = directory / view.directory
    disk.make_directory(target, "view.create")
    paths = []
    for name, array in arrays.items():
        disk.at("view.write")
        paths.append(target / f"{name}.npy")
        _save(array, paths[-1])
    return replace(view, data=describe(directory, paths))


def require_names(arrays: Iterable[str]) -> None:
    """Raise ValueError for a name that cannot be a file name everywhere: a mistake of ours."""
    for name in arrays:
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name an array of a view")


def _save(array: NDArray[np.generic], path: Path) -> None:
    """Write an array as `numpy.save` does, which would hide from its error why a disk refused."""
    in_order = np.asarray(array, order="C")
    with path.open("wb") as stream:
        numpy_format.write_array_header_1_0(stream, numpy_format.header_data_from_array_1_0(in_order))
        stream.write(in_order.data)


def map_view(view: View, directory: Path, verifier: Verifier) -> Arrays:
    """Return the arrays by name, read-only.

    Raises:
        StoreError, OSError, ValueError: They are gone or cannot be trusted.
    """
    verifier.require_content(view.data)
    paths = [directory / file.path for file in view.data]
    # Seen as plain arrays: a memmap runs Python code at every index.
    return {path.stem: np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray) for path in paths}
