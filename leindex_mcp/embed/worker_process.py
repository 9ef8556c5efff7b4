"""The worker of one server: started when first needed, once more when it dies, and asked over pipes.

Contract. Any number of threads may ask; one process serves them. A worker that ends by itself after a long
idle time is no death. After a second death within ten minutes nobody starts it again until these have passed:
the error says so at once.
"""

from __future__ import annotations

import itertools
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from leindex_mcp.embed.frames import Frame, read_frame, write_frame
from leindex_mcp.errors import EncoderBusyError, EncoderError
from leindex_mcp.process.shown_log import show_without_handler

if TYPE_CHECKING:
    from leindex_mcp.records import Matrix

logger = logging.getLogger("leindex.embed")

IDLE_SECONDS = 600.0  # without a question or a document, the worker gives its memory back
_LONGEST_SECONDS = 900.0  # a worker that says nothing for so long hangs
_FORGIVEN_SECONDS = 600.0  # after that a death is no longer held against it
COMMAND = (sys.executable, "-P", "-m", "leindex_mcp.worker")  # -P: nothing of the project is imported
_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",  # a model is fetched by `leindex model fetch`, never by loading it
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
    "PYTORCH_ENABLE_MPS_FALLBACK": "1",
}


class _DiedError(Exception):
    """The process ended before it answered."""


class WorkerProcess:
    """Encodes in another process.

    Args:
        folder: The model's.
        wish: What `Wish` takes.
        clock: Seconds, for how long a death is remembered.
        command: In place of the worker's; a test puts a wrapper there.
    """

    def __init__(
        self,
        folder: Path,
        wish: Mapping[str, Any],
        *,
        clock: Callable[[], float] = time.monotonic,
        command: Sequence[str] | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.state: Mapping[str, Any] = {}  #: what it said last: dim, device, reason, dtype, fallbacks
        self._begin = {"folder": str(folder), "wish": dict(wish), "idle_seconds": idle_seconds}
        self._clock = clock
        self._command = command or COMMAND
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._waiting: dict[int, Future[Frame]] = {}
        self._ready: Future[Frame] | None = None
        self._numbers = itertools.count()
        self._failures: list[_Failure] = []

    def encode(
        self,
        texts: Sequence[str],
        prompt: str,
        *,
        timeout_seconds: float | None = None,
        batch_size: int | None = None,
    ) -> Matrix:
        """Return float32 (n, dim), rows of norm 1.

        Args:
            texts: In any order of lengths.
            prompt: `document` or `question`.
            timeout_seconds: How long to wait; without it, as long as it takes.
            batch_size: Texts a model call, where that is not what the settings say.

        Raises:
            EncoderBusyError: It took longer than *timeout_seconds*, be it for loading the model.
            EncoderError: The model cannot be used, or the worker died twice.
        """
        header = {"prompt": prompt, "texts": list(texts), "batch_size": batch_size}
        reply = self._ask(header, timeout_seconds)
        return np.frombuffer(reply.payload, np.float32).reshape(reply.header["rows"], reply.header["dim"])

    def start(self) -> None:
        """Load the model, if it is not, and wait for it.

        Raises:
            EncoderError: It cannot be loaded.
        """
        self._ask({"prompt": "document", "texts": [], "batch_size": None}, None)

    @property
    def pid(self) -> int | None:
        """Return the process that runs now, or None."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def close(self) -> None:
        """End the process, if one runs; the next question starts another."""
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    # ------------------------------------------------------------ asking

    def _ask(self, header: Mapping[str, Any], timeout_seconds: float | None) -> Frame:
        deadline = time.monotonic() + (timeout_seconds or _LONGEST_SECONDS)
        while True:
            ready, answer = self._send(header)
            try:
                self._result(ready, deadline)
                return self._result(answer, deadline)
            except _DiedError:
                continue  # `_send` starts another, or says why not
            except TimeoutError:
                if timeout_seconds is not None:
                    raise EncoderBusyError(is_loading=not ready.done()) from None
                self.close()
                raise EncoderError(
                    f"the embedding worker said nothing for {_LONGEST_SECONDS:g} s and was stopped"
                ) from None

    def _result(self, future: Future[Frame], deadline: float) -> Frame:
        frame = future.result(max(deadline - time.monotonic(), 0))
        if "error" in frame.header:
            raise EncoderError(frame.header["error"])
        return frame

    def _send(self, header: Mapping[str, Any]) -> tuple[Future[Frame], Future[Frame]]:
        """Write one frame to the process, which is started where none runs; return what will be answered."""
        with self._lock:
            if self._process is None or self._ready is None:
                self._start()
            assert self._ready is not None  # noqa: S101  # `_start` made it
            return self._ready, self._write(header)

    def _start(self) -> None:
        self._refuse_after_failures()
        process = subprocess.Popen(  # noqa: S603  # our own module in our own interpreter
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_ENVIRONMENT},
        )
        self._process, self._waiting = process, {}
        threading.Thread(target=self._receive, args=(process, self._waiting), daemon=True).start()
        self._ready = self._write(self._begin)

    def _write(self, header: Mapping[str, Any]) -> Future[Frame]:
        number = next(self._numbers)
        future = self._waiting[number] = Future()
        pipe = self._process.stdin if self._process else None
        if pipe is not None:
            with suppress(OSError):  # it died: `_receive` sees that and tells whoever waits
                write_frame(pipe, Frame({"id": number, **header}))  # type: ignore[arg-type]  # a pipe
        return future

    def _receive(self, process: subprocess.Popen[bytes], waiting: dict[int, Future[Frame]]) -> None:
        """Hand each answer to whoever waits for it; at the end, tell the rest that none comes."""
        pipe = process.stdout
        before: Mapping[str, Any] = {}
        while pipe is not None and (frame := read_frame(pipe)) is not None:  # type: ignore[arg-type]  # a pipe
            future = waiting.pop(frame.header["id"])
            if "error" not in frame.header:
                _tell_difference(before, frame.header)
                self.state = before = frame.header
            elif future is self._ready:
                self._failures.append(_Failure(self._clock(), frame.header["error"], is_final=True))
            future.set_result(frame)
        process.wait()
        with self._lock:  # nobody writes to it from here on
            for end in (process.stdin, process.stdout):
                with suppress(OSError):  # what was written last has no reader
                    end.close()  # type: ignore[union-attr]  # both are pipes
            if self._process is process:
                self._process = None
                if process.returncode:
                    how = f"signal {-process.returncode}" if process.returncode < 0 else "an error"
                    logger.warning("the embedding worker died of %s", how)
                    self._failures.append(_Failure(self._clock(), how, is_final=False))
            for future in waiting.values():
                future.set_exception(_DiedError())

    def _refuse_after_failures(self) -> None:
        """Raise after a second death within a while, or after a model that could not be loaded."""
        now = self._clock()
        self._failures = [one for one in self._failures if now - one.at < _FORGIVEN_SECONDS]
        for failure in self._failures:
            if failure.is_final:
                raise EncoderError(failure.what)
        if len(self._failures) > 1:
            raise EncoderError(
                f"the embedding worker died twice (of {self._failures[-1].what}), most often for want of "
                "memory: close other programs or choose a smaller model; it is tried again after ten minutes"
            )


def _tell_difference(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Log where the model runs, and what was not done as asked for: nobody reads the worker's own log."""
    for sentence in now["fallbacks"][len(before.get("fallbacks", ())) :]:
        logger.warning("%s", sentence)
    if now["device"] != before.get("device"):
        show_without_handler(logger, logging.INFO)
        logger.info("Using device: %s (%s)", now["device"], now["reason"])


class _Failure(NamedTuple):
    """A process that ended, or a model that could not be loaded."""

    at: float
    what: str
    is_final: bool  #: another process would fare no better
