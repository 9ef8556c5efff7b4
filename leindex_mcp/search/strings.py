"""A list of strings as one buffer and its offsets: mapped from a file it costs nothing to open."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import xxhash
from numpy.typing import NDArray

_ENCODING = "utf-8"
_ERRORS = "surrogatepass"  # every Python string has a form, undecodable file names included


@dataclass(frozen=True, slots=True)
class Strings:
    """An immutable sequence of strings; item i is `buffer[offsets[i]:offsets[i + 1]]`."""

    buffer: NDArray[np.uint8]
    offsets: NDArray[np.int64]  #: (n + 1,)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Strings:
        """Copy the texts into one buffer."""
        encoded = [text.encode(_ENCODING, _ERRORS) for text in texts]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(item) for item in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, index: int) -> str:
        if index < 0:
            index += len(self)
        start, end = self.offsets[index], self.offsets[index + 1]
        return self.buffer[start:end].tobytes().decode(_ENCODING, _ERRORS)

    def __iter__(self) -> Iterator[str]:
        whole, offsets = self.buffer.tobytes(), self.offsets.tolist()
        for start, end in pairwise(offsets):
            yield whole[start:end].decode(_ENCODING, _ERRORS)

    def copied(self) -> Strings:
        """Return the same strings in memory of their own, for the file they are mapped from may go."""
        return Strings(self.buffer.copy(), self.offsets.copy())

    def position(self, text: str) -> int | None:
        """Return where the text stands among strings that ascend, None if it is not among them. O(log n)."""
        place = bisect_left(self, text)
        return place if place < len(self) and self[place] == text else None

    def ending_with(self, tail: str, *, separator: str) -> NDArray[np.int64]:
        """Return the items that are *tail*, or end with it right after the separator. O(bytes)."""
        encoded, whole = tail.encode(_ENCODING, _ERRORS), self.buffer.tobytes()
        starts = np.array([match.start() for match in re.finditer(re.escape(encoded), whole)], np.int64)
        items = np.searchsorted(self.offsets, starts, side="right") - 1
        at_end = starts + len(encoded) == self.offsets[items + 1]
        before = self.buffer[starts - 1]
        at_start = (starts == self.offsets[items]) | (before == ord(separator))
        found: NDArray[np.int64] = items[at_end & at_start]
        return found


def spelling_hash(text: str) -> int:
    """Return 64 bits that tell the exact spelling from every other."""
    return xxhash.xxh3_64_intdigest(text.encode(_ENCODING, _ERRORS))


def spelling_hashes(texts: Sequence[str]) -> NDArray[np.uint64]:
    """Return the hash of each text; repeats are hashed once."""
    known = {text: spelling_hash(text) for text in set(texts)}
    return np.array([known[text] for text in texts], np.uint64)
