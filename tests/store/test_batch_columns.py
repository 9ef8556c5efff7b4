"""What a run keeps of its batches is what a reader gets from the tables: neither may drift from the other."""

from __future__ import annotations

from collections import deque
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from store.batches import batch, start

from leindex_mcp.store.batch_columns import batch_columns, joined_columns


@pytest.mark.parametrize("batches", [1, 3])
def test_the_columns_of_batches_are_those_that_a_snapshot_reads(store, batches):
    """A first run publishes its view from them and reads no table."""
    names = [f"src/{number * 7 % 13}.py" for number in range(13)]
    parts = [batch(dict.fromkeys(names[first::batches], 5)) for first in range(batches)]
    with store.writer() as writer:
        start(writer)
        for part in parts:
            writer.commit(part)

    files, chunks = joined_columns(deque(map(batch_columns, parts)))

    snapshot = store.pin()
    require_equal(files, snapshot.files)
    require_equal(chunks, snapshot.chunks)


def require_equal(found: object, expected: object) -> None:
    """Compare two values field by field, arrays with their types."""
    if is_dataclass(found):
        for field in fields(found):
            require_equal(getattr(found, field.name), getattr(expected, field.name))
    elif isinstance(found, np.ndarray):
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)
    else:
        assert found == expected
