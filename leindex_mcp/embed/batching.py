"""Encoding without making the event loop wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from anyio import to_thread

if TYPE_CHECKING:
    from leindex_mcp.records import Matrix


async def encode_in_batches(
    encode: Callable[[Sequence[str]], Matrix], texts: Sequence[str], *, batch_size: int
) -> Matrix:
    """Return the rows of all texts in order; a cancellation is heard between two batches."""
    starts = range(0, max(len(texts), 1), batch_size)  # no texts are one empty batch: it knows the dimension
    return np.concatenate(
        [await to_thread.run_sync(encode, texts[start : start + batch_size]) for start in starts]
    )
