"""Small word tables for the tests of the encoder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from leindex_mcp.embed.table_file import write_table


def write_random_table(directory: Path, vocabulary: Sequence[str], *, dim: int = 128, seed: int = 0) -> None:
    """Write a table of random vectors; word i weighs i + 1 in documents, as much as any in questions."""
    draw = np.random.default_rng(seed)
    n_words = len(vocabulary)
    write_table(
        directory,
        vocabulary,
        {
            "vectors": draw.integers(-127, 128, (n_words, dim)).astype(np.int8),
            "scales": np.full(n_words, 0.01, np.float32),
            "document_weights": np.arange(1, n_words + 1).astype(np.float32),
            "question_weights": np.ones(n_words, np.float32),
        },
        {"name": "random", "version": "1", "training_data_digest": f"seed {seed}"},
    )
