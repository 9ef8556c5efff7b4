"""The encoder whose model lives in the worker process, and whose vectors are kept in the cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.embed import model_folder
from leindex_mcp.embed.batching import encode_in_batches
from leindex_mcp.embed.device import Wish
from leindex_mcp.embed.vector_cache import VectorCache, key_of
from leindex_mcp.embed.worker_process import WorkerProcess
from leindex_mcp.errors import EncoderError, StoreError
from leindex_mcp.records import Chunk
from leindex_mcp.words import WordCounts

if TYPE_CHECKING:
    from leindex_mcp.records import Matrix

QUESTION_SECONDS = 2.0  # an answer waits no longer for its question's vector


class WorkerEncoder:
    """Encodes with a transformer; needs no torch in this process.

    Args:
        folder: The model's.
        wish: What the settings ask for.
        cache: Of vectors that were made before; without one, chunks cannot be encoded.
    """

    def __init__(self, folder: Path, wish: Wish, cache: VectorCache | None = None) -> None:
        self.fingerprint = model_folder.fingerprint(folder, wish.truncate_dim)
        self.worker = WorkerProcess(folder, wish.as_dict())
        self._cache = cache
        self._folder = folder
        self._wish = wish
        self._dim: int | None = None
        self._others: dict[str, WorkerProcess] = {}

    @property
    def dim(self) -> int:
        """The length of a vector; the first time it is asked for, the model may be loaded for it."""
        if self._dim is None and self._cache is not None:
            with suppress(StoreError):  # the model knows it too
                self._dim = self._cache.dim(self.fingerprint)
        if self._dim is None:
            self.worker.start()
            self._dim = int(self.worker.state["dim"])
        return self._dim

    @property
    def cache(self) -> VectorCache:
        """The vectors that were made before."""
        if self._cache is None:
            raise RuntimeError("chunks are encoded with a cache only")
        return self._cache

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return float32 (n, dim), rows of norm 1.

        Raises:
            EncoderError: The model cannot be used.
        """
        return self.worker.encode(texts, "document")

    def encode_question(self, text: str, idf: Callable[[str], float] | None = None) -> Matrix:
        """Return float32 (dim,) of norm 1.

        Raises:
            EncoderBusyError: It takes too long for an answer, be it that the model is loading.
            EncoderError: The model cannot be used.
        """
        del idf
        row: Matrix = self.worker.encode([text], "question", timeout_seconds=QUESTION_SECONDS)[0]
        return row

    def encode_chunks(self, chunks: Sequence[Chunk], counts: WordCounts) -> Matrix:
        """Return float32 (n, dim): rows of norm 1, and zeros for each chunk that has no vector yet.

        It never waits for the model: `fill` makes the vectors that are missing, or says why the cache of
        those that were made cannot be used.
        """
        del counts
        keys = [key_of(chunk.text) for chunk in chunks]
        known: Mapping[bytes, NDArray[np.float16]] = {}
        with suppress(StoreError):
            known = self.cache.get(self.fingerprint, keys)
        rows = np.zeros((len(chunks), self.dim), np.float32)
        for row, key in enumerate(keys):
            if key in known:
                rows[row] = known[key]
        return rows

    def missing(self, texts: Sequence[str]) -> list[str]:
        """Return those of the texts that have no vector yet, each once."""
        by_key = {key_of(text): text for text in texts}
        known = self.cache.get(self.fingerprint, list(by_key))
        return [text for key, text in by_key.items() if key not in known]

    def fill(self, texts: Sequence[str]) -> None:
        """Make the vectors of these texts and keep them.

        Raises:
            EncoderError: The model cannot be used, or gives vectors of another length than before.
            StoreError: The cache cannot be written.
        """
        rows = self.encode(texts).astype(np.float16)
        known = self.cache.dim(self.fingerprint)
        if known not in {None, rows.shape[1]}:
            raise EncoderError(
                f"the model in {self._folder} gave vectors of {rows.shape[1]} numbers and {known} before: "
                "fetch or copy it again"
            )
        self.cache.add(self.fingerprint, dict(zip(map(key_of, texts), rows, strict=True)))

    async def encode_batch(
        self,
        texts: Sequence[str],
        batch_size: int = 32,
        device: str = "auto",
        *,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Matrix:
        """Return what `encode` does, without making the event loop wait.

        Args:
            texts: In any order of lengths; like goes with like.
            batch_size: Texts a model call, each as long as the model takes; more where they are shorter.
            device: As in the settings; `auto` is what they say.
            on_progress: Called with texts done and texts in all.
        """
        worker = self._on(device)
        return await encode_in_batches(
            lambda some: worker.encode(some, "document", batch_size=batch_size),
            texts,
            batch_size=batch_size,
            on_progress=on_progress,
        )

    def close(self) -> None:
        """End the workers; the next question starts another."""
        for worker in (self.worker, *self._others.values()):
            worker.close()

    def _on(self, device: str) -> WorkerProcess:
        """Return the worker whose model is on that device; another than the settings name has its own."""
        if device in {"auto", self._wish.device}:
            return self.worker
        wish = replace(self._wish, device=device, enable_gpu=device != "cpu")
        return self._others.setdefault(device, WorkerProcess(self._folder, wish.as_dict()))
