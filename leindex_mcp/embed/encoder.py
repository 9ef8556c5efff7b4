"""What an encoder is, and how the one that the settings name is had."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from leindex_mcp.embed.static_encoder import StaticEncoder
from leindex_mcp.embed.trained_table import TrainedTable
from leindex_mcp.embed.word_table import UntrainedTable
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
        """

    def encode_chunks(self, chunks: Sequence[Chunk], counts: WordCounts) -> Matrix:
        """Return float32 (n, dim), rows of norm 1, for the chunks of whole files.

        The vectors of a file depend on that file alone.

        Args:
            counts: The words of the chunks' texts, in the same order.
        """

    async def encode_batch(self, texts: Sequence[str], batch_size: int = 32, device: str = "auto") -> Matrix:
        """Return what `encode` does, in worker threads, *batch_size* texts a call."""


def load_encoder(settings: EmbeddingsSettings) -> Encoder:
    """Return the encoder that the settings name.

    `default` is the table in the package, or `untrained` while there is none: drawn signs. Anything else is
    the directory of a table.

    Raises:
        EncoderError: There is no such model, or it is damaged.
    """
    if settings.model == "default" and SHIPPED_TABLE.is_dir():
        return StaticEncoder(TrainedTable.load(SHIPPED_TABLE))
    if settings.model in {"default", "untrained"}:
        return StaticEncoder(UntrainedTable())
    directory = Path(settings.model).expanduser()
    if directory.is_dir():
        return StaticEncoder(TrainedTable.load(directory))
    raise EncoderError(
        f"there is no model {settings.model!r}: set performance.embeddings.model to `default`, `untrained` "
        "or the directory of a word table"
    )
