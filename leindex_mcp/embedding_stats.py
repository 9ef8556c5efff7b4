"""How far the transformer is that the settings name, as statistics and reports tell it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmbeddingStats:
    """How far the transformer is that the settings name."""

    model: str  #: as the settings name it
    is_answering: bool  #: its vectors answer, not those of the built-in model
    chunks: int  #: in the index
    chunks_done: int = 0  #: of them, those that have its vector
    chunks_per_second: float | None = None  #: embedded, by the newest fill
    seconds_left: float | None = None  #: at that speed
    device: str = ""  #: where it ran last; empty before it did
    device_reason: str = ""
    fallbacks: tuple[str, ...] = ()  #: what was not done as asked for, a sentence each
    cache_hit_rate: float | None = None  #: 0..1, vectors that were there when they were asked for
    problem: str = ""  #: why it cannot be used, and what to do
