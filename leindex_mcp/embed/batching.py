"""Batches of texts: which go together, and how the event loop does not wait for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from anyio import to_thread
from numpy.typing import NDArray

if TYPE_CHECKING:
    from leindex_mcp.records import Matrix

_MOST_TEXTS = 512  # a call, however short they are
_FULL_CHARACTERS = 768  # of a text that fills what most models read, 256 tokens


def plan_batches(lengths: Sequence[int], *, max_tokens: int) -> list[NDArray[np.int64]]:
    """Return the positions of texts that go together, the longest first.

    A model pads the texts of a call to the longest of them, so texts of like length belong together: the
    number of texts times the length of the longest stays within *max_tokens*, but for one text alone.
    Longest first: what does not fit the memory shows at the beginning.

    Args:
        lengths: Tokens of each text.
        max_tokens: Of one call, padding included.
    """
    order = np.argsort(-np.asarray(lengths, np.int64), kind="stable")
    batches, start = [], 0
    while start < len(order):
        longest = max(lengths[order[start]], 1)
        size = min(max(max_tokens // longest, 1), _MOST_TEXTS)
        batches.append(order[start : start + size])
        start += size
    return batches


async def encode_in_batches(
    encode: Callable[[Sequence[str]], Matrix],
    texts: Sequence[str],
    *,
    batch_size: int,
    on_progress: Callable[[int, int], None] | None = None,
) -> Matrix:
    """Return the rows of all texts in order; a cancellation is heard between two batches.

    Args:
        encode: Returns the rows of some texts.
        texts: In any order of lengths; like goes with like.
        batch_size: Texts a batch, each as long as a model reads; more where they are shorter.
        on_progress: Called with texts done and texts in all.
    """
    lengths = [min(len(text), _FULL_CHARACTERS) + 1 for text in texts]
    batches = plan_batches(lengths, max_tokens=batch_size * (_FULL_CHARACTERS + 1))
    rows: Matrix | None = None
    done = 0
    for batch in batches or [np.zeros(0, np.int64)]:  # an empty batch knows the dimension
        found = await to_thread.run_sync(encode, [texts[position] for position in batch])
        if rows is None:
            rows = np.empty((len(texts), found.shape[1]), np.float32)
        rows[batch] = found
        done += len(batch)
        if on_progress is not None:
            on_progress(done, len(texts))
    assert rows is not None  # noqa: S101  # there is a batch at least
    return rows
