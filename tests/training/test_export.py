"""The table as others read it."""

import numpy as np
import pytest

from leindex_mcp.embed.static_encoder import StaticEncoder
from leindex_mcp.embed.trained_table import TrainedTable
from training.export import SHIPPED, write_model2vec

TEXTS = [
    "def parseHTTPBody2(request): return json",
    "class RetryPolicy { int max; }",
    "read frames from a socket",
]


@pytest.mark.slow
def test_model2vec_gives_the_vectors_of_our_encoder(tmp_path):
    """Splitting, pieces, weights and norm survive the conversion."""
    model2vec = pytest.importorskip("model2vec", reason="the exporter's reader is not installed")
    write_model2vec(SHIPPED, tmp_path)
    ours = StaticEncoder(TrainedTable.load(SHIPPED))

    documents = model2vec.StaticModel.from_pretrained(tmp_path / "document").encode(TEXTS)
    questions = model2vec.StaticModel.from_pretrained(tmp_path / "question").encode(TEXTS)

    assert np.sum(documents * ours.encode(TEXTS), axis=1) == pytest.approx(np.ones(3), abs=0.005)
    asked = np.array([ours.encode_question(text) for text in TEXTS])
    assert np.sum(questions * asked, axis=1) == pytest.approx(np.ones(3), abs=0.005)
