"""A transformer as sentence-transformers loads it; with device.py the only place that knows torch."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from leindex_mcp.embed.device import Placement

if TYPE_CHECKING:
    from leindex_mcp.records import Matrix

Prompt = Literal["document", "question"]

_MOST_TOKENS = 1024  # of one text; a chunk has fewer, and the memory of a call grows with them
_CHARACTERS_A_TOKEN = 3  # of source text, to plan with
_SHARE_OF_FREE_MEMORY = 0.8  # the rest is for what torch keeps beside


class Model(Protocol):
    """A loaded model."""

    max_tokens: int  #: of one text; what is longer is cut

    def forward(self, texts: Sequence[str], prompt: Prompt) -> Matrix:
        """Return float32 (n, dim), rows of any norm."""

    def most_tokens(self) -> int | None:
        """Return how many tokens a call may hold, by what the last one took; None if that is not known."""

    def release(self) -> None:
        """Give back what the device keeps for it without using it, so that the next call finds it."""


class SentenceModel:
    """A sentence-transformers model on its device."""

    def __init__(self, model: Any, placement: Placement) -> None:  # noqa: ANN401  # untyped
        self._model = model
        self._device = device = placement.device
        self._is_mixed = placement.dtype == "bfloat16"
        self.max_tokens = min(model.max_seq_length or _MOST_TOKENS, _MOST_TOKENS)
        model.max_seq_length = self.max_tokens
        self._tokens = 1  # of the last call, padding included
        self._weights_bytes = self._cuda().memory_allocated(device) if device.startswith("cuda") else 0

    def forward(self, texts: Sequence[str], prompt: Prompt) -> Matrix:
        """Return float32 (n, dim), rows of any norm."""
        encode = self._model.encode_query if prompt == "question" else self._model.encode_document
        # Half a surrogate pair is no text to a tokenizer.
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        self._tokens = len(clean) * planned_tokens(max(clean, key=len), self.max_tokens)
        with self._arithmetic():
            return np.asarray(encode(clean, batch_size=len(clean), show_progress_bar=False), np.float32)

    def most_tokens(self) -> int | None:
        """Return how many tokens fit the free memory, by what the last call took; None but on CUDA."""
        if not self._device.startswith("cuda") or self._tokens < self.max_tokens:
            return None  # of a short call most is what every call takes
        cuda = self._cuda()
        with suppress(RuntimeError):  # a device that is lost says so at the next call
            taken = cuda.max_memory_allocated(self._device) - self._weights_bytes
            # What torch keeps and does not use now is free for the next call.
            idle = cuda.memory_reserved(self._device) - cuda.memory_allocated(self._device)
            free = cuda.mem_get_info(self._device)[0] + idle
            cuda.reset_peak_memory_stats(self._device)
            return int(free * _SHARE_OF_FREE_MEMORY / max(taken / self._tokens, 1))
        return None

    def release(self) -> None:
        """Give back what torch keeps on the device without using it."""
        gc.collect()
        if (kind := self._device.partition(":")[0]) != "cpu":
            import torch  # noqa: PLC0415  # seconds to import

            with suppress(RuntimeError, AssertionError):  # of a device that is lost there is nothing to free
                getattr(torch, kind).empty_cache()

    def _arithmetic(self) -> AbstractContextManager[None]:
        """Let matrix products be those of bfloat16, where that is asked for, and all else of float32."""
        import torch  # noqa: PLC0415  # seconds to import

        mixed: AbstractContextManager[None] = torch.autocast("cpu", dtype=torch.bfloat16)
        return mixed if self._is_mixed else nullcontext()

    @staticmethod
    def _cuda() -> Any:  # noqa: ANN401  # untyped
        import torch  # noqa: PLC0415  # seconds to import

        return torch.cuda


def load_model(folder: Path, placement: Placement) -> Model:
    """Load a model from its folder alone: nothing is downloaded, and no code of the model's is run."""
    import torch  # noqa: PLC0415  # seconds to import
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415  # seconds to import

    if "OMP_NUM_THREADS" not in os.environ:
        # The guide: 50 to 75 % of the cores; more threads than free cores spin their time away.
        torch.set_num_threads(max((os.cpu_count() or 1) * 3 // 4, 1))
    model = SentenceTransformer(
        str(folder),
        device="cpu",
        local_files_only=True,
        trust_remote_code=False,
        model_kwargs={"use_safetensors": True},
    )
    if placement.dtype == "bfloat16":
        # The weights of products alone: sums and norms in bfloat16 cost accuracy, and gain nothing.
        for module in model.modules():
            if isinstance(module, torch.nn.Linear):
                module.to(torch.bfloat16)
    else:
        model = model.to(getattr(torch, placement.dtype))
    # Converted before it is moved: the device never holds it twice.
    return SentenceModel(model.to(placement.device).eval(), placement)


def planned_tokens(text: str, max_tokens: int) -> int:
    """Return about how many tokens a text is, without cutting it into them."""
    return min(len(text) // _CHARACTERS_A_TOKEN + 2, max_tokens)
