"""The process that holds a transformer: frames in, vectors out, for the server that started it.

Contract. The first frame says which model, and where; the answer says where it runs. Each later one holds
texts, and is answered with their vectors or with a sentence. A question goes before documents, also between
two batches of one frame. The process ends with the pipe, and after ten minutes without a frame.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections import deque
from pathlib import Path
from typing import Any, BinaryIO

from leindex_mcp.embed.device import Wish
from leindex_mcp.embed.frames import Frame, read_frame, write_frame
from leindex_mcp.embed.transformer_encoder import TransformerEncoder
from leindex_mcp.errors import EncoderError

_NICENESS = 5  # the assistant and its programs go first


class _Inbox:
    """Frames that wait: questions before documents, each kind in its order."""

    def __init__(self, pipe: BinaryIO) -> None:
        self._pipe = pipe
        self._questions: deque[Frame] = deque()
        self._documents: deque[Frame] = deque()
        self._arrived = threading.Condition()

    def receive(self) -> None:
        """Take in frames until the pipe ends, and end the process with it, whatever it is doing."""
        while (frame := read_frame(self._pipe)) is not None:
            with self._arrived:
                is_question = frame.header.get("prompt") == "question"
                (self._questions if is_question else self._documents).append(frame)
                self._arrived.notify()
        os._exit(0)

    def next(self, seconds: float) -> Frame | None:
        """Return the next frame, or None when none comes in that time."""
        with self._arrived:
            self._arrived.wait_for(lambda: self._questions or self._documents, seconds)
            waiting = self._questions or self._documents
            return waiting.popleft() if waiting else None

    def next_question(self) -> Frame | None:
        """Return a question that waits, or None."""
        with self._arrived:
            return self._questions.popleft() if self._questions else None


def main() -> None:
    """Serve frames on stdin and stdout until the pipe ends or nothing comes for long."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that started this one
    pipe_in, pipe_out = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not land among the frames
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR)
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    begin = read_frame(pipe_in)
    if begin is None:
        return
    inbox = _Inbox(pipe_in)
    threading.Thread(target=inbox.receive, daemon=True).start()
    try:
        encoder = TransformerEncoder(Path(begin.header["folder"]), Wish(**begin.header["wish"]))
    except EncoderError as error:
        write_frame(pipe_out, Frame({"id": begin.header["id"], "error": str(error)}))
        return
    write_frame(pipe_out, Frame({"id": begin.header["id"], **_state(encoder)}))
    _serve(encoder, inbox, pipe_out, idle_seconds=begin.header["idle_seconds"])


def _serve(encoder: TransformerEncoder, inbox: _Inbox, pipe: BinaryIO, idle_seconds: float) -> None:
    """Answer frames in turn until none comes for *idle_seconds*."""

    def answer_questions() -> None:
        while (question := inbox.next_question()) is not None:
            write_frame(pipe, _answer(encoder, question))

    while (frame := inbox.next(idle_seconds)) is not None:
        write_frame(pipe, _answer(encoder, frame, answer_questions))


def _answer(encoder: TransformerEncoder, frame: Frame, between: Any = lambda: None) -> Frame:  # noqa: ANN401
    """Return the vectors of one frame's texts, or what kept them from being made."""
    header = frame.header
    try:
        rows = encoder.encode(
            header["texts"], header["prompt"], max_texts=header["batch_size"], between=between
        )
    except EncoderError as error:
        return Frame({"id": header["id"], "error": str(error)})
    return Frame({"id": header["id"], "rows": len(rows), **_state(encoder)}, rows.tobytes())


def _state(encoder: TransformerEncoder) -> dict[str, Any]:
    """Return what the server tells about the encoder."""
    place = encoder.placement
    return {
        "dim": encoder.dim,
        "device": place.device,
        "reason": place.reason,
        "dtype": place.dtype,
        "fallbacks": encoder.fallbacks,
    }


if __name__ == "__main__":
    main()
