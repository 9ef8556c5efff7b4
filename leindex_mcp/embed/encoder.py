"""What an encoder is, and how the one that the settings name is had."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from leindex_mcp.embed import hub, model_folder
from leindex_mcp.embed.device import Wish
from leindex_mcp.embed.static_encoder import StaticEncoder
from leindex_mcp.embed.trained_table import TrainedTable
from leindex_mcp.embed.vector_cache import VectorCache
from leindex_mcp.embed.word_table import UntrainedTable
from leindex_mcp.embed.worker_encoder import WorkerEncoder
from leindex_mcp.errors import EncoderError
from leindex_mcp.records import Chunk
from leindex_mcp.settings import EmbeddingsSettings
from leindex_mcp.words import WordCounts

if TYPE_CHECKING:
    from leindex_mcp.records import Matrix

SHIPPED_TABLE = Path(__file__).parent / "model"


class Encoder(Protocol):
    """Turns text into vectors whose products tell how alike the texts are."""

    @property
    def fingerprint(self) -> str:
        """What tells vectors of one model from those of another."""

    @property
    def dim(self) -> int:
        """The length of a vector."""

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return float32 (n, dim), rows of norm 1."""

    def encode_question(self, text: str, idf: Callable[[str], float] | None = None) -> Matrix:
        """Return float32 (dim,) of norm 1.

        Args:
            idf: Tells how rare a lower-cased word is in what is searched; models that learned it do not ask.

        Raises:
            EncoderError: The model cannot be used, or not soon enough for an answer.
        """

    def encode_chunks(self, chunks: Sequence[Chunk], counts: WordCounts) -> Matrix:
        """Return float32 (n, dim), rows of norm 1, for the chunks of whole files.

        The vectors of a file depend on that file alone. A row of zeros is a chunk that has none yet.

        Args:
            counts: The words of the chunks' texts, in the same order.
        """

    async def encode_batch(
        self,
        texts: Sequence[str],
        batch_size: int = 32,
        device: str = "auto",
        *,
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Matrix:
        """Return what `encode` does, in worker threads; a cancellation is heard between batches.

        Args:
            texts: In any order of lengths.
            batch_size: Texts a call.
            device: As in the settings; `auto` is what they say.
            on_progress: Called with texts done and texts in all.
        """


def load_encoder(settings: EmbeddingsSettings, cache: VectorCache | None = None) -> Encoder:
    """Return the encoder that the settings name.

    `default` is the table in the package, or `untrained` while there is none: drawn signs. Anything else is
    the directory of a word table or of a transformer, or the hub id of a transformer that was fetched.

    Args:
        settings: Which model, and where it runs.
        cache: Where a transformer's vectors are kept.

    Raises:
        EncoderError: There is no such model, it is not whole, or what it needs is not installed.
    """
    if settings.model == "default" and SHIPPED_TABLE.is_dir():
        return StaticEncoder(TrainedTable.load(SHIPPED_TABLE))
    if settings.model in {"default", "untrained"}:
        return StaticEncoder(UntrainedTable())
    folder = model_folder.find(settings.model)
    if folder is None:
        raise EncoderError(_absent(settings.model))
    if not model_folder.is_transformer(folder):
        return StaticEncoder(TrainedTable.load(folder))
    return _transformer(settings, folder, cache)


def _transformer(settings: EmbeddingsSettings, folder: Path, cache: VectorCache | None) -> WorkerEncoder:
    missing = [name for name in ("torch", "sentence_transformers") if find_spec(name) is None]
    if missing:
        raise EncoderError(f"the model {settings.model!r} needs {' and '.join(missing)}: {hub.INSTALL}")
    if (problem := model_folder.problem(folder)) is not None:
        remedy = (
            f"leindex model fetch {settings.model}"
            if model_folder.is_hub_id(settings.model)
            else "copy it again"
        )
        raise EncoderError(f"the model in {folder} is not whole, {problem}: {remedy}")
    return WorkerEncoder(folder, wish_of(settings), cache)


def wish_of(settings: EmbeddingsSettings) -> Wish:
    """Return what the settings ask of the device."""
    return Wish(
        settings.device, settings.enable_gpu, settings.fp16, settings.batch_size, settings.truncate_dim
    )


def _absent(model: str) -> str:
    if model_folder.is_hub_id(model):
        return f"the model {model} is not on this machine: leindex model fetch {model}"
    return (
        f"there is no model {model!r}: set performance.embeddings.model to `default`, `untrained`, a hub id "
        "or the directory of a word table or a transformer"
    )
