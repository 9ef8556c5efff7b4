"""The rival, semble 0.7, as a program; runs in an environment of its own that has only semble."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path


def make_model(tokenizer: str, destination: str) -> None:
    """Save a model2vec folder with the right shape and random vectors: its speed is that of a real one."""
    import numpy as np
    from model2vec import StaticModel
    from tokenizers import Tokenizer

    loaded = Tokenizer.from_file(tokenizer)
    loaded.no_truncation()
    loaded.no_padding()
    rows = np.random.default_rng(1).normal(size=(loaded.get_vocab_size(), 256)).astype(np.float32)
    StaticModel(rows, loaded).save_pretrained(destination)


def index(tree: str, model: str) -> None:
    """Index a tree and keep the index, as semble's own command line does; print what was indexed."""
    from semble import SembleIndex
    from semble.cache import save_index_to_cache

    built = SembleIndex.from_path(tree, model_path=model)
    save_index_to_cache(built, tree)
    files = sorted({chunk.file_path for chunk in built.chunks})
    size = sum((Path(tree) / name).stat().st_size for name in files)
    print(json.dumps({"files": len(files), "chunks": len(built.chunks), "bytes": size, "paths": files}))


def serve(tree: str, model: str) -> None:
    """Answer the questions that arrive on stdin, a JSON string a line, with the cost of each."""
    from semble import SembleIndex

    built = SembleIndex.from_path(tree, model_path=model)
    print(json.dumps({"chunks": len(built.chunks)}), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        results = built.search(question, top_k=10)
        cost = {"cpu_ms": (time.process_time() - cpu) * 1e3, "wall_ms": (time.perf_counter() - wall) * 1e3}
        print(json.dumps({**cost, "hits": len(results)}), flush=True)


if __name__ == "__main__":
    {"model": make_model, "index": index, "serve": serve}[sys.argv[1]](*sys.argv[2:])
