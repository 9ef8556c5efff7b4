"""Which files the import lines of each file name, as hashes of their stems."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.records import FileColumns
from leindex_mcp.search import paths
from leindex_mcp.search.strings import spelling_hashes


@dataclass(frozen=True, slots=True)
class Imports:
    """The stem of each file, and the stems that it names."""

    stems: NDArray[np.uint64]  #: (files,)
    offsets: NDArray[np.int64]  #: (files + 1,) file f names `named[offsets[f]:offsets[f + 1]]`
    named: NDArray[np.uint64]  #: without repeats within one file

    @classmethod
    def of(cls, files: FileColumns) -> Imports:
        """Hash the stems of all files."""
        stems = spelling_hashes([paths.stem(relative) for relative in files.relative])
        return cls(stems, files.import_offsets.astype(np.int64), spelling_hashes(files.import_stems))

    def importing(self) -> NDArray[np.float64]:
        """Count, for every file, the other files whose import lines name its stem."""
        known, counts = np.unique(self.named, return_counts=True)
        if not len(known):
            return np.zeros(len(self.stems))
        place = np.minimum(np.searchsorted(known, self.stems), len(known) - 1)
        found = np.where(known[place] == self.stems, counts[place], 0)
        owner = np.repeat(np.arange(len(self.stems)), np.diff(self.offsets))
        itself = owner[self.named == self.stems[owner]]
        return found - np.bincount(itself, minlength=len(self.stems)).astype(np.float64)
