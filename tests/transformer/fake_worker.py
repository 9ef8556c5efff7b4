"""A worker without torch: the real frames, vectors drawn from the text, and the faults that are asked for.

It is started in place of `leindex_mcp.worker`. `FAKE_WORKER` names a directory: each embedded document is a
line in `embedded`; while `gate` exists documents wait; `faults` holds one word for what goes wrong.
"""

from __future__ import annotations

import os
import re
import threading
import time
import zlib
from pathlib import Path

import numpy as np

from leindex_mcp.embed.frames import Frame, read_frame, write_frame

ROOM = Path(os.environ["FAKE_WORKER"])
DIM = 64


def vector(text: str) -> np.ndarray:
    """Return a vector of norm 1: the sum of one drawn for each word, so that like texts are near."""
    words = re.findall(r"[a-z0-9]+", text.lower()) or [""]
    total = np.sum(
        [np.random.default_rng(zlib.crc32(word.encode())).normal(size=DIM) for word in words], axis=0
    )
    return (total / np.linalg.norm(total)).astype(np.float32)


def fault() -> str:
    """Return what is to go wrong now."""
    path = ROOM / "faults"
    return path.read_text().strip() if path.exists() else ""


def answer(frame: Frame) -> Frame:
    """Return the vectors of one frame, or what the fault makes of them."""
    texts, number = frame.header["texts"], frame.header["id"]
    if fault() == "die" and texts:
        os.kill(os.getpid(), 9)
    if fault() == "error":
        return Frame({"id": number, "error": "the model gives vectors with numbers that are none"})
    dim = DIM * 2 if fault() == "wrong dimension" else DIM
    rows = np.array([np.resize(vector(text), dim) for text in texts], np.float32).reshape(len(texts), dim)
    if frame.header["prompt"] == "document":
        with (ROOM / "embedded").open("a", encoding="utf-8", errors="replace") as log:
            log.writelines(f"{text.splitlines()[0] if text else ''}\n" for text in texts)
    return Frame({"id": number, "rows": len(rows), **state(dim)}, rows.tobytes())


def state(dim: int = DIM) -> dict[str, object]:
    """Return what a worker tells of itself."""
    device = "cuda" if fault() == "is on a GPU" else "cpu"
    place = {"device": device, "reason": "a fake one", "dtype": "float32"}
    return {"dim": dim, **place, "fallbacks": ["half at once"] if fault() == "fallback" else []}


def main() -> None:
    """Answer frames; questions at once, documents when the gate is open."""
    pipe_in, pipe_out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    begin = read_frame(pipe_in)
    if begin is None or fault() == "cannot load":
        if begin is not None:
            write_frame(pipe_out, Frame({"id": begin.header["id"], "error": "the model cannot be loaded"}))
        return
    while fault() == "slow to load":
        time.sleep(0.01)
    write_frame(pipe_out, Frame({"id": begin.header["id"], **state()}))
    writing = threading.Lock()

    def later(frame: Frame) -> None:
        while (ROOM / "gate").exists():
            time.sleep(0.01)
        reply = answer(frame)
        with writing:
            write_frame(pipe_out, reply)
        if fault() == "leave":
            os._exit(0)

    while (frame := read_frame(pipe_in)) is not None:
        if frame.header["prompt"] == "question":
            reply = answer(frame)
            with writing:
                write_frame(pipe_out, reply)
        else:
            threading.Thread(target=later, args=(frame,), daemon=True).start()
    os._exit(0)


if __name__ == "__main__":
    main()
