"""Batches of texts: every text once, like lengths together, within the limit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.embed.batching import encode_in_batches, plan_batches
from leindex_mcp.embed.encoder import load_encoder
from leindex_mcp.settings import EmbeddingsSettings

lengths = st.lists(st.integers(0, 600), max_size=200)


@given(lengths, st.integers(1, 5000))
def test_every_text_is_in_one_batch_and_no_batch_is_over_the_limit(lengths, max_tokens):
    """A text alone may be over it: there is no smaller batch."""
    batches = plan_batches(lengths, max_tokens=max_tokens)

    assert sorted(position for batch in batches for position in batch.tolist()) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[position] for position in batch)
        assert len(batch) == 1 or len(batch) * longest <= max_tokens


@given(lengths, st.integers(1, 5000))
def test_no_batch_holds_a_text_longer_than_the_batch_before(lengths, max_tokens):
    """Sorted by length, little is padded; longest first, so that what does not fit shows at once."""
    ordered = [
        lengths[position] for batch in plan_batches(lengths, max_tokens=max_tokens) for position in batch
    ]

    assert ordered == sorted(lengths, reverse=True)


def test_sorting_spares_the_padding():
    """Long texts among short ones cost their length times the batch when they are not sorted."""
    lengths = ([256] + [8] * 31) * 16

    padded = sum(
        len(batch) * max(lengths[i] for i in batch) for batch in plan_batches(lengths, max_tokens=8192)
    )

    unsorted = 256 * len(lengths)
    assert padded < unsorted / 10


@pytest.mark.parametrize("count", [0, 1, 31, 32, 100])
async def test_encode_batch_gives_the_rows_of_encode_and_tells_how_far_it_is(count):
    """The guide's public call, in order, whatever the batch."""
    encoder = load_encoder(EmbeddingsSettings())
    texts = [f"def part_{number}(): return {number}" for number in range(count)]
    told = []

    rows = await encoder.encode_batch(
        texts=texts, batch_size=32, device="auto", on_progress=lambda *far: told.append(far)
    )

    assert np.array_equal(rows, encoder.encode(texts))
    assert told[-1] == (count, count)


async def test_a_failure_in_one_batch_ends_the_call():
    """No rows are better than some."""

    def encode(texts):
        raise MemoryError

    with pytest.raises(MemoryError):
        await encode_in_batches(encode, ["a"], batch_size=1)
