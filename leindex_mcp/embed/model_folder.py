"""A transformer on the disk: where it is, whether all of it is there, and what tells it from others.

Nothing here imports torch: the server asks, the worker loads.
"""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Mapping
from pathlib import Path

import xxhash

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_WEIGHTS = "*.safetensors"
_SHARDS = "model.safetensors.index.json"
_READ_WHOLE_BYTES = 1 << 20  # configurations; of the weights, samples tell two trainings of one shape apart
_SAMPLES = 64
_SAMPLE_BYTES = 4096


def is_hub_id(model: str) -> bool:
    """Tell whether this names a model of the hub, as `organisation/name`."""
    return _HUB_ID.fullmatch(model) is not None and not Path(model).is_dir()


def is_transformer(folder: Path) -> bool:
    """Tell whether a directory looks like a transformer, whole or not."""
    return (folder / "config.json").is_file() or (folder / "modules.json").is_file()


def find(model: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the folder of a model that is on this machine: a path, or what was fetched for a hub id."""
    if not is_hub_id(model):
        folder = Path(model).expanduser()
        return folder.absolute() if folder.is_dir() else None
    repository = _hub_cache(environment) / f"models--{model.replace('/', '--')}"
    try:
        revision = (repository / "refs" / "main").read_text().strip()
    except OSError:
        return None
    folder = repository / "snapshots" / revision
    return folder if folder.is_dir() else None


def problem(folder: Path) -> str | None:
    """Return what keeps the model in a folder from being used, or None."""
    if not (folder / "config.json").is_file():
        return "config.json is missing"
    weights = sorted(folder.glob(_WEIGHTS))
    if not weights:
        return "model.safetensors is missing, and weights in other forms are not loaded"
    if (folder / _SHARDS).is_file():
        named = set(json.loads((folder / _SHARDS).read_text())["weight_map"].values())
        if gone := sorted(named - {path.name for path in weights}):
            return f"{gone[0]} is missing"
    for path in weights:
        if not _is_whole(path):
            return f"{path.name} is cut short"
    if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.txt", "tokenizer.model")):
        return "tokenizer.json is missing"
    return None


def fingerprint(folder: Path, truncate_dim: int | None) -> str:
    """Return what tells this model's vectors from those of every other; the folder's own name is no part."""
    digest = xxhash.xxh3_64()
    for path in sorted(
        path for path in folder.rglob("*") if path.suffix in {".json", ".txt", ".safetensors"}
    ):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
        digest.update(_sampled(path))
    return f"transformer-{digest.hexdigest()}" + (f"-{truncate_dim}" if truncate_dim else "")


def _hub_cache(environment: Mapping[str, str]) -> Path:
    """Return where huggingface_hub keeps what it fetched."""
    if cache := environment.get("HF_HUB_CACHE"):
        return Path(cache).expanduser()
    cache_home = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    home = environment.get("HF_HOME") or Path(cache_home) / "huggingface"
    return Path(home).expanduser() / "hub"


def _is_whole(path: Path) -> bool:
    """Tell whether a safetensors file is as long as its head says."""
    with path.open("rb") as file:
        start = file.read(8)
        if len(start) < 8:  # noqa: PLR2004  # the length of the length
            return False
        (head_bytes,) = struct.unpack("<Q", start)
        size_bytes = path.stat().st_size
        if head_bytes > size_bytes:
            return False
        try:
            head = json.loads(file.read(head_bytes))
        except ValueError:
            return False
    ends = [entry["data_offsets"][1] for name, entry in head.items() if name != "__metadata__"]
    return bool(size_bytes == 8 + head_bytes + max(ends, default=0))


def _sampled(path: Path) -> bytes:
    """Return a small file, or samples spread over a large one."""
    size_bytes = path.stat().st_size
    with path.open("rb") as file:
        if size_bytes <= _READ_WHOLE_BYTES:
            return file.read()
        samples = []
        for number in range(_SAMPLES):
            file.seek((size_bytes - _SAMPLE_BYTES) * number // (_SAMPLES - 1))
            samples.append(file.read(_SAMPLE_BYTES))
        return b"".join(samples)
