"""Every setting with its default, unit and range; the tree is the one the configuration files have."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Workers = Annotated[int, Field(ge=1, le=256)]


class _Section(BaseModel):
    """A frozen group of settings that knows no other keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FileStatCacheSettings(_Section):
    """What is remembered of files between passes of one process."""

    enabled: bool = True
    max_size: Annotated[int, Field(ge=1, le=10_000_000, description="entries")] = 10_000
    ttl_seconds: Annotated[float, Field(ge=0, le=86_400, description="seconds an entry is believed")] = 300


class ParallelScannerSettings(_Section):
    """How the tree is walked."""

    max_workers: Annotated[Workers, Field(description="concurrent directory scans; 1 walks in one loop")] = 4
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400, description="seconds one walk may take")] = 300


class ParallelProcessorSettings(_Section):
    """How files become chunks."""

    max_workers: Annotated[Workers, Field(description="threads that read, cut and embed")] = 4
    batch_size: Annotated[int, Field(ge=1, le=10_000)] | Literal["auto"] = Field(
        default=100, description="files a batch and a commit; auto goes by file size"
    )


class EmbeddingsSettings(_Section):
    """Which model embeds, and where."""

    model: Annotated[str, Field(min_length=1, description="built-in name, directory, or hub id")] = "default"
    batch_size: Annotated[int, Field(ge=1, le=4096, description="texts a model call")] = 32
    enable_gpu: bool = True
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:\d+)?|mps|rocm|xpu)$")] = "auto"
    fp16: bool = True
    allow_download: bool = False


class PatternTrieSettings(_Section):
    """How ignore rules are matched."""

    enabled: bool = True
    cache_size: Annotated[int, Field(ge=0, le=10_000_000, description="remembered verdicts")] = 1000


class PerformanceSettings(_Section):
    """Speed against memory."""

    profile: Literal["small", "medium", "large", "huge", "auto"] | None = None
    file_stat_cache: FileStatCacheSettings = FileStatCacheSettings()
    parallel_scanner: ParallelScannerSettings = ParallelScannerSettings()
    parallel_processor: ParallelProcessorSettings = ParallelProcessorSettings()
    embeddings: EmbeddingsSettings = EmbeddingsSettings()
    pattern_trie: PatternTrieSettings = PatternTrieSettings()


class DirectoryFilteringSettings(_Section):
    """Directories that are never entered."""

    skip_large_directories: tuple[str, ...] = ("node_modules", ".git", "venv", ".venv", "__pycache__")


class FileFilteringSettings(_Section):
    """Files that are never read."""

    max_file_size: Annotated[int, Field(ge=1, le=1_000_000_000, description="bytes")] = 1_000_000


class Settings(_Section):
    """All settings."""

    performance: PerformanceSettings = PerformanceSettings()
    directory_filtering: DirectoryFilteringSettings = DirectoryFilteringSettings()
    file_filtering: FileFilteringSettings = FileFilteringSettings()
    allowed_roots: tuple[str, ...] = ()
