"""The rival, semble 0.7, as a program; runs in an environment of its own that has only semble."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from semble import SembleIndex


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
    """Index a tree and print what was indexed."""
    built = _up_to_date(tree, model)
    files = sorted({chunk.file_path for chunk in built.chunks})
    size = sum((Path(tree) / name).stat().st_size for name in files)
    print(json.dumps({"files": len(files), "chunks": len(built.chunks), "bytes": size, "paths": files}))


def serve(tree: str, model: str) -> None:
    """Answer the lines on stdin: a JSON object is a search, `null` asks to bring the index up to date."""
    built = _up_to_date(tree, model)
    print(json.dumps({"chunks": len(built.chunks)}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        if request is None:
            built = _up_to_date(tree, model)
            outcome = {"files": built.stats.indexed_files}
        else:
            outcome = {"hits": len(built.search(request["query"], top_k=10))}
        cost = {"cpu_ms": (time.process_time() - cpu) * 1e3, "wall_ms": (time.perf_counter() - wall) * 1e3}
        cost["answer_ms"] = cost["cpu_ms"]
        print(json.dumps({**cost, **outcome}), flush=True)


def ask(tree: str, model: str, question: str) -> None:
    """Answer one question, and say how many hits there are."""
    print(json.dumps({"hits": len(_up_to_date(tree, model).search(question, top_k=10))}))


def _up_to_date(tree: str, model: str) -> SembleIndex:
    """Index what changed since the kept index, and keep the new one, as semble's own server does."""
    from semble import SembleIndex
    from semble.cache import save_index_to_cache

    built = SembleIndex.from_path(tree, model_path=model)
    save_index_to_cache(built, tree)
    return built


if __name__ == "__main__":
    {"model": make_model, "index": index, "serve": serve, "ask": ask}[sys.argv[1]](*sys.argv[2:])
