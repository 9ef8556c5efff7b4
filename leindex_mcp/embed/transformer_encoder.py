"""A transformer in this process: it goes on with less when its device fails, and says what happened.

Contract. Whatever path was taken, the rows are those of the texts, in their order, of norm 1. A batch that
failed is encoded again, with less at once or elsewhere; nothing that was encoded before is lost. There are
three ways back, each taken when it applies: half the batch, float32 in place of halves, the CPU in place of
the GPU. Beyond the last of them there is an error.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.embed.batching import plan_batches
from leindex_mcp.embed.device import Hardware, Placement, Wish, first_line, on_cpu, place, probe
from leindex_mcp.embed.sentence_model import Model, Prompt, load_model, planned_tokens
from leindex_mcp.errors import EncoderError

if TYPE_CHECKING:
    from leindex_mcp.records import Matrix

_NO_LIMIT = 1 << 20
# What a device raises, and a tokenizer that goes with other weights.
_FAULTS = (RuntimeError, MemoryError, AssertionError, LookupError, ValueError, TypeError)
_NOTHING = np.empty(0, np.float32)


class TransformerEncoder:
    """Encodes texts with the model in a folder.

    Args:
        folder: Of a sentence-transformers model with safetensors weights.
        wish: Device, kind of numbers and batch size, as the settings ask for them.
        load: Makes the model; a test puts a faulty device there.
        hardware: In place of what torch sees.

    Raises:
        EncoderError: The model cannot be loaded, not even on the CPU.
    """

    def __init__(
        self,
        folder: Path,
        wish: Wish,
        *,
        load: Callable[[Path, Placement], Model] | None = None,
        hardware: Hardware | None = None,
    ) -> None:
        self.fallbacks: list[str] = []  #: what was not done as asked for, a sentence each
        self._folder = folder
        self._wish = wish
        self._load = load or load_model
        self._hardware = hardware or probe()
        self.placement = place(wish, self._hardware)
        self._model = self._loaded()
        self._ceiling = 0  # tokens of a call, whatever is measured
        self._max_tokens = 0  # tokens of the next call
        self._begin_limits()
        self.dim: int | None = None
        self.dim = self.encode([""]).shape[1]

    def encode(
        self,
        texts: Sequence[str],
        prompt: Prompt = "document",
        *,
        max_texts: int | None = None,
        between: Callable[[], None] = lambda: None,
    ) -> Matrix:
        """Return float32 (n, dim), rows of norm 1.

        Args:
            texts: In any order of lengths; like goes with like.
            prompt: What the model is told that they are.
            max_texts: A call, each as long as the model takes; what the settings say holds besides.
            between: Called after each batch.

        Raises:
            EncoderError: The model gives no usable vectors, not even on the CPU.
        """
        rows: list[NDArray[np.float32]] = [_NOTHING] * len(texts)
        todo = deque(self._plan(texts, range(len(texts)), max_texts))
        while todo:
            batch = todo.popleft()
            found = self._attempt([texts[position] for position in batch], prompt)
            if found is None:
                rest = [position for each in (batch, *todo) for position in each.tolist()]
                todo = deque(self._plan(texts, rest, max_texts))
                continue
            for position, row in zip(batch.tolist(), found, strict=True):
                rows[position] = row
            between()
        return np.stack(rows) if rows else np.zeros((0, self.dim or 0), np.float32)

    def _plan(
        self, texts: Sequence[str], positions: Sequence[int], max_texts: int | None
    ) -> list[NDArray[np.int64]]:
        """Cut the texts at these positions into batches that fit what a call may hold now."""
        max_tokens = min(self._max_tokens, (max_texts or _NO_LIMIT) * self._model.max_tokens)
        lengths = [self._tokens(texts[position]) for position in positions]
        where = np.asarray(positions, np.int64)
        return [where[batch] for batch in plan_batches(lengths, max_tokens=max_tokens)]

    def _tokens(self, text: str) -> int:
        return planned_tokens(text, self._model.max_tokens)

    def _attempt(self, texts: list[str], prompt: Prompt) -> Matrix | None:
        """Return the rows of one batch, or None when it is to be planned again, with what is left."""
        try:
            rows = self._model.forward(texts, prompt)[:, : self._wish.truncate_dim]
        except _FAULTS as error:
            self._retreat(texts, error)
            return None
        if rows.shape != (len(texts), self.dim or rows.shape[1]):
            raise EncoderError(
                f"the model in {self._folder} gave vectors of shape {rows.shape} "
                f"where ({len(texts)}, {self.dim}) was due: fetch or copy it again"
            )
        if not np.isfinite(rows).all():
            self._retreat_from_no_number()
            return None
        if (most := self._model.most_tokens()) is not None:
            self._max_tokens = min(self._ceiling, max(most, self._model.max_tokens))
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        unit: Matrix = (rows / np.maximum(norms, 1e-12)).astype(np.float32)
        return unit

    def _begin_limits(self) -> None:
        """Choose how many tokens a call may hold where the model is now, before anything was measured."""
        self._max_tokens = self.placement.max_texts * self._model.max_tokens
        is_on_cpu = self.placement.device == "cpu"
        self._ceiling = self._max_tokens if is_on_cpu else self._wish.batch_size * self._model.max_tokens

    # ------------------------------------------------------------ ways back

    def _retreat(self, texts: Sequence[str], error: Exception) -> None:
        """Go on with less at once, or on the CPU.

        Raises:
            EncoderError: That is where it failed.
        """
        device = self.placement.device
        if _is_out_of_memory(error) and len(texts) > 1:
            half = len(texts) // 2
            self.fallbacks.append(
                f"out of memory on {device} with {len(texts)} texts: {half} at once from here on"
            )
            self._ceiling = self._max_tokens = half * max(map(self._tokens, texts))
            self._model.release()
        elif device != "cpu":
            what = "out of memory with one text" if _is_out_of_memory(error) else first_line(error)
            self._move_to_cpu(f"{device} failed: {what}")
        else:
            raise EncoderError(f"the model in {self._folder} fails on the CPU too: {first_line(error)}")

    def _retreat_from_no_number(self) -> None:
        device, dtype = self.placement.device, self.placement.dtype
        if dtype != "float32":
            self._wish = replace(self._wish, fp16=False)
            self._move(
                replace(self.placement, dtype="float32"),
                f"{dtype} on {device} gave vectors with numbers that are none: float32 from here on",
            )
        elif device != "cpu":
            self._move_to_cpu(f"{device} gave vectors with numbers that are none")
        else:
            raise EncoderError(
                f"the model in {self._folder} gives vectors with numbers that are none: choose another model"
            )

    def _move_to_cpu(self, reason: str) -> None:
        self._move(self._instead_of_gpu(reason), f"{reason}: on the CPU from here on")

    def _instead_of_gpu(self, reason: str) -> Placement:
        """Return where the vectors are those that the GPU made: bfloat16 is coarser than float16."""
        return on_cpu(replace(self._wish, fp16=False), self._hardware, reason)

    def _move(self, placement: Placement, sentence: str) -> None:
        """Load the model again elsewhere: what a failed device holds can often not be read."""
        self.fallbacks.append(sentence)
        self._model.release()
        del self._model
        self.placement = placement
        self._model = self._loaded()
        self._begin_limits()

    def _loaded(self) -> Model:
        """Load the model where it is placed, else on the CPU."""
        try:
            return self._load(self._folder, self.placement)
        except EncoderError:
            raise
        except Exception as error:  # whatever torch, transformers and a model's files can come up with
            if self.placement.device == "cpu":
                raise EncoderError(
                    f"the model in {self._folder} cannot be loaded: {first_line(error)}"
                ) from error
            reason = f"{self.placement.device} failed: {first_line(error)}"
            self.fallbacks.append(f"{reason}: on the CPU from here on")
            self.placement = self._instead_of_gpu(reason)
            return self._loaded()


def _is_out_of_memory(error: Exception) -> bool:
    """Tell whether memory ran out; MPS and the CPU say so in words only."""
    said = str(error).lower()
    return (
        type(error).__name__ in {"OutOfMemoryError", "MemoryError"}
        or "out of memory" in said
        or "can't allocate memory" in said
    )
