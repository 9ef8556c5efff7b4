"""Two ordered lists laid into one: stretches of the first, and of the second between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.int64]
_Item = TypeVar("_Item", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Weave:
    """How the result is made; few long stretches, so that laying arrays costs little more than copying."""

    lengths: tuple[int, int]  #: of the two lists
    stretches: Sequence[tuple[int, int, int]]  #: which list, from, to; in order of the result

    @classmethod
    def of(cls, length: int, gone: Positions, before: Positions) -> Weave:
        """Leave items out of a list, and put others in.

        Args:
            length: Of the first list.
            gone: Items of the first list that are left out, ascending.
            before: For each item of the second list the item of the first that it stands right before,
                ascending; *length* for the end.
        """
        stretches: list[tuple[int, int, int]] = []
        start = 0
        # Stable: what is put in before an item comes before that item is left out.
        positions = np.concatenate([before, gone])
        for event in np.argsort(positions, kind="stable").tolist():
            position = int(positions[event])
            if position > start:
                stretches.append((0, start, position))
            start = position
            if event >= len(before):
                start += 1
            elif stretches and stretches[-1][0] == 1:
                stretches[-1] = (1, stretches[-1][1], event + 1)
            else:
                stretches.append((1, event, event + 1))
        if start < length:
            stretches.append((0, start, length))
        return cls((length, len(before)), stretches)

    def lay(self, first: NDArray[_Item], second: NDArray[_Item]) -> NDArray[_Item]:
        """Return the result for arrays with a row for each item of the lists."""
        both = (first, second)
        return np.concatenate([first[:0], *(both[which][start:end] for which, start, end in self.stretches)])

    def offsets(self, first: Positions, second: Positions) -> Positions:
        """Return where the runs of each item begin, for lists whose items are runs of others."""
        return np.concatenate([[0], np.cumsum(self.lay(np.diff(first), np.diff(second)))]).astype(np.int64)

    def runs(self, first: Positions, second: Positions) -> Weave:
        """Return the weave of what the items hold: item i of a list holds `offsets[i]:offsets[i + 1]`."""
        both = (first.tolist(), second.tolist())
        stretches = [(which, both[which][start], both[which][end]) for which, start, end in self.stretches]
        return Weave((both[0][-1], both[1][-1]), stretches)

    def places(self) -> tuple[Positions, Positions]:
        """Return for each item of both lists its position in the result, -1 for what is left out."""
        places = np.full(self.lengths[0], -1), np.full(self.lengths[1], -1)
        laid = 0
        for which, start, end in self.stretches:
            places[which][start:end] = np.arange(laid, laid + end - start)
            laid += end - start
        return places
