"""The names that files define: found by name, and listed by file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.records import DefinitionKind, FileColumns
from leindex_mcp.search import runs
from leindex_mcp.search.outline import Outline
from leindex_mcp.search.strings import Strings, spelling_hash

KINDS = tuple(DefinitionKind)


@dataclass(frozen=True, slots=True)
class DefinedNames:
    """Distinct names in order of their hash; definitions in order of file and line.

    Names are told apart by a 64-bit hash of their exact spelling.
    """

    hashes: NDArray[np.uint64]  #: (n,) ascending
    texts: Strings  #: (n,)
    offsets: NDArray[np.int64]  #: (n + 1,) name i is defined by `by_name[offsets[i]:offsets[i + 1]]`
    by_name: NDArray[np.int32]  #: (d,) definitions, ascending within a name
    holder_offsets: NDArray[np.int64]  #: (n + 1,) files that define name i: `holders[holder_offsets[i]:…]`
    holders: NDArray[np.int32]  #: distinct files of each name, ascending
    file_offsets: NDArray[np.int64]  #: (files + 1,) the definitions of file f
    file: NDArray[np.int32]  #: (d,)
    name: NDArray[np.int32]  #: (d,)
    kind: NDArray[np.uint8]  #: (d,) position in `DefinitionKind`
    line: NDArray[np.int32]  #: (d,) 1-based

    @classmethod
    def of(cls, files: FileColumns) -> DefinedNames:
        """Invert the definitions of all files."""
        distinct: dict[str, int] = {}
        met = [distinct.setdefault(text, len(distinct)) for text in files.definition_names]
        texts = list(distinct)
        hashes = np.array([spelling_hash(text) for text in texts], np.uint64)
        order = np.argsort(hashes)
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        return cls.inverted(
            hashes=hashes[order],
            texts=Strings.of(texts[i] for i in order.tolist()),
            file_offsets=files.definition_offsets.astype(np.int64),
            name=rank[met] if met else rank,
            kind=files.definition_kinds.astype(np.uint8),
            line=files.definition_lines.astype(np.int32),
        )

    @classmethod
    def inverted(
        cls,
        *,
        hashes: NDArray[np.uint64],
        texts: Strings,
        file_offsets: NDArray[np.int64],
        name: NDArray[np.int32],
        kind: NDArray[np.uint8],
        line: NDArray[np.int32],
    ) -> DefinedNames:
        """Derive which definitions and which files each name has."""
        # One sort of (name, definition) as one number: a stable sort by name, several times as fast.
        keys = (name.astype(np.int64) << 32) | np.arange(len(name))
        keys.sort()
        by_name = (keys & 0xFFFF_FFFF).astype(np.int32)
        counts = np.diff(file_offsets)
        file = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
        # Names in `by_name` order are ascending, and so are the files within a name: repeats are neighbours.
        pair_name, pair_file = name[by_name], file[by_name]
        is_new = runs.is_new(pair_name) | runs.is_new(pair_file)
        return cls(
            hashes=hashes,
            texts=texts,
            offsets=_offsets(pair_name, len(hashes)),
            by_name=by_name,
            holder_offsets=_offsets(pair_name[is_new], len(hashes)),
            holders=pair_file[is_new],
            file_offsets=file_offsets,
            file=file,
            name=name,
            kind=kind,
            line=line,
        )

    def defining(self, name: str) -> NDArray[np.int32]:
        """Return the definitions of exactly this name, in order of file and line."""
        place = int(np.searchsorted(self.hashes, np.uint64(spelling_hash(name))))
        if place == len(self.hashes) or int(self.hashes[place]) != spelling_hash(name):
            return self.by_name[:0]
        return self.by_name[self.offsets[place] : self.offsets[place + 1]]

    def outline(self, file: int) -> Outline:
        """Return the definitions of a file as it was indexed."""
        first, last = int(self.file_offsets[file]), int(self.file_offsets[file + 1])
        return Outline(self.line[first:last].tolist(), lambda i: self.texts[int(self.name[first + i])])


def _offsets(names: NDArray[np.int32], n_names: int) -> NDArray[np.int64]:
    """Return where the run of each name begins in an ascending array, and the end."""
    return np.concatenate([[0], np.cumsum(np.bincount(names, minlength=n_names))]).astype(np.int64)
