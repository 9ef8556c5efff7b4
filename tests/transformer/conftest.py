"""A transformer's folder, and a worker without torch that serves it."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path

import pytest

from leindex_mcp.embed import encoder, worker_process

MODEL_VARIABLE = "LEINDEX_PERFORMANCE__EMBEDDINGS__MODEL"


def write_model(folder: Path) -> Path:
    """Write what a transformer's folder has at least: whole in form, without use."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"model_type": "bert"}')
    (folder / "tokenizer.json").write_text("{}")
    head = json.dumps({"weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head + bytes(8))
    return folder


class FakeWorker:
    """The directory that a fake worker looks into."""

    def __init__(self, room: Path) -> None:
        self.room = room
        self.gate = room / "gate"

    def embedded(self) -> list[str]:
        """Return the first line of each document that was embedded, in order."""
        path = self.room / "embedded"
        return path.read_text(errors="replace").splitlines() if path.exists() else []

    def fail(self, how: str) -> None:
        """Let something go wrong from now on; an empty word is the end of it."""
        (self.room / "faults").write_text(how)


@pytest.fixture
def model_folder(tmp_path) -> Path:
    """A folder that looks like a transformer."""
    return write_model(tmp_path / "model")


@pytest.fixture
def worker(tmp_path, model_folder, monkeypatch) -> FakeWorker:
    """A worker without torch, and settings that name its model."""
    room = tmp_path / "room"
    room.mkdir()
    script = str(Path(__file__).with_name("fake_worker.py"))
    monkeypatch.setattr(worker_process, "COMMAND", (sys.executable, script))
    monkeypatch.setattr(encoder, "find_spec", lambda name: name)  # torch need not be there
    monkeypatch.setenv("FAKE_WORKER", str(room))
    monkeypatch.setenv(MODEL_VARIABLE, str(model_folder))
    return FakeWorker(room)
