"""The import graph: which files of the index the import lines of each file mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.search import runs
from leindex_mcp.search.imports import Imports
from leindex_mcp.search.strings import Strings

_REACH = 2  # namesakes looked at on either side: `idna.c` and `idna.h` are as near as each other
_DOUBT = np.float32(2.0)  # importers that say nothing, added to every file: one that says much proves little


@dataclass(frozen=True, slots=True)
class ImportGraph:
    """File f imports `targets[offsets[f]:offsets[f + 1]]`; of namesakes the nearest by path is meant."""

    offsets: NDArray[np.int64]  #: (files + 1,)
    targets: NDArray[np.int32]  #: ascending within a file, never the file itself
    importers: NDArray[np.int32]  #: (files,) files that import each

    @classmethod
    def of(cls, imports: Imports, paths: Strings) -> ImportGraph:
        """Look every named stem up among the files. O(n log n) in the stems that are named."""
        n_files = len(paths)
        owner, namesakes = _namesakes(imports, n_files)
        choices = np.sum([target >= 0 for target in namesakes], axis=0)
        likeness = [_shared(paths, owner, target, choices > 1) for target in namesakes]
        nearest = np.maximum.reduce(likeness)
        pairs = [
            owner[is_meant] * n_files + target[is_meant]
            for target, shared in zip(namesakes, likeness, strict=True)
            if (is_meant := (shared == nearest) & (target >= 0)).any()
        ]
        both = np.unique(np.concatenate([np.empty(0, np.int64), *pairs]))
        source, target = np.divmod(both, max(n_files, 1))
        return cls(
            offsets=np.searchsorted(source, np.arange(n_files + 1)).astype(np.int64),
            targets=target.astype(np.int32),
            importers=np.bincount(target, minlength=n_files).astype(np.int32),
        )

    def lent(self, scores: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the mean score of the files that import each. O(files + imports of those with a score)."""
        sources = np.flatnonzero(scores)
        lengths = self.offsets[sources + 1] - self.offsets[sources]
        targets = self.targets[runs.positions(self.offsets, sources)]
        sums = np.bincount(targets, np.repeat(scores[sources], lengths), len(scores)).astype(np.float32)
        means: NDArray[np.float32] = sums / (self.importers + _DOUBT)
        return means


def _namesakes(imports: Imports, n_files: int) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """Return for each import its file, and the files of that stem that stand nearest; -1 where there is none.

    Files are in order of their path, so those that share the longest beginning with the importer stand next
    to it.
    """
    owner = np.repeat(np.arange(n_files), np.diff(imports.offsets))
    stems, stem = np.unique(imports.stems, return_inverse=True)
    named = np.searchsorted(stems, imports.named)
    is_known = named < len(stems)
    is_known[is_known] = stems[named[is_known]] == imports.named[is_known]
    owner, named = owner[is_known], named[is_known]
    holders = np.sort(stem * n_files + np.arange(n_files))  # a stem's files stand together, in order
    own = named * n_files + owner
    before, after = np.searchsorted(holders, own, side="left"), np.searchsorted(holders, own, side="right")
    first, last = np.searchsorted(holders, [named * n_files, (named + 1) * n_files])
    namesakes = []
    for step in range(_REACH):
        for place in (before - 1 - step, after + step):
            is_one = (place >= first) & (place < last)
            namesakes.append(np.where(is_one, holders[np.where(is_one, place, 0)] - named * n_files, -1))
    return owner, namesakes


def _shared(
    paths: Strings, one: NDArray[np.int64], other: NDArray[np.int64], matters: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """Return how many bytes both paths begin with in common; -1 where there is no other."""
    shared = np.where(other >= 0, 0, -1).astype(np.int32)
    starts, lengths = paths.offsets[:-1], np.diff(paths.offsets)
    open_ = np.flatnonzero((other >= 0) & matters)
    depth = 0
    while len(open_):
        open_ = open_[(lengths[one[open_]] > depth) & (lengths[other[open_]] > depth)]
        letters = paths.buffer[starts[one[open_]] + depth], paths.buffer[starts[other[open_]] + depth]
        open_ = open_[letters[0] == letters[1]]
        depth += 1
        shared[open_] = depth
    return shared
