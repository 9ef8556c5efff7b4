"""One encoder as a program: for every line on stdin it encodes the same texts and says what that cost."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Encode = Callable[[Sequence[dict[str, Any]]], object]


def ours(model: str) -> Encode:
    """Split, count, and make vectors and keyword terms, as indexing does."""
    from leindex_mcp import words
    from leindex_mcp.embed.encoder import load_encoder
    from leindex_mcp.records import Chunk
    from leindex_mcp.settings import EmbeddingsSettings

    encoder = load_encoder(EmbeddingsSettings(model=model))

    def encode(texts: Sequence[dict[str, Any]]) -> object:
        chunks = [Chunk(text["relative"], 0, 1, 1, text["text"], None, None) for text in texts]
        counts = words.count([chunk.text for chunk in chunks])
        return words.keyword_terms(counts), encoder.encode_chunks(chunks, counts)

    return _in_batches(encode, 2000)


def model2vec(model: str) -> Encode:
    """Make vectors with a static WordPiece model."""
    from model2vec import StaticModel

    loaded = StaticModel.from_pretrained(model)
    return lambda texts: loaded.encode([text["text"] for text in texts], use_multiprocessing=False)


def minilm(model: str) -> Encode:
    """Make vectors with a transformer in float32."""
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(1)
    loaded = SentenceTransformer(model, device="cpu")
    return lambda texts: loaded.encode([text["text"] for text in texts], batch_size=32)


def _in_batches(encode: Encode, size: int) -> Encode:
    return lambda texts: [encode(texts[start : start + size]) for start in range(0, len(texts), size)]


def main() -> None:
    """Load texts and model, then encode on demand; neither loading nor the first call is counted."""
    kind, source, model, limit = sys.argv[1:]
    texts = json.loads(Path(source).read_text())[: int(limit) or None]
    encode = {"ours": ours, "model2vec": model2vec, "minilm": minilm}[kind](model)
    encode(texts[:32])
    print(json.dumps({"chunks": len(texts)}), flush=True)
    size = sum(len(text["text"].encode()) for text in texts)
    for _ in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        encode(texts)
        cost = {"cpu_seconds": time.process_time() - cpu, "wall_seconds": time.perf_counter() - wall}
        print(json.dumps({**cost, "bytes": size, "chunks": len(texts)}), flush=True)


if __name__ == "__main__":
    main()
