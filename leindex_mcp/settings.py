"""Every setting with its default, unit and range; the tree is the one the configuration files have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

Workers = Annotated[int, Field(ge=1, le=256)]

# Marks on a field: `widens` says that a higher value lets more be read or downloaded, so that only a person
# may set it; `reindexes` says that the stored index follows the value only after the next run of `index`.
WIDENS: Final[JsonDict] = {"widens": True}
REINDEXES: Final[JsonDict] = {"reindexes": True}
WIDENS_AND_REINDEXES: Final[JsonDict] = {"widens": True, "reindexes": True}


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

    max_workers: Annotated[Workers, Field(description="threads that walk, once listings prove slow")] = 4
    timeout_seconds: Annotated[float, Field(gt=0, le=86_400, description="seconds one walk may take")] = 300


class ParallelProcessorSettings(_Section):
    """How files become chunks."""

    max_workers: Annotated[Workers, Field(description="threads that read, cut and embed")] = 4
    batch_size: Annotated[int, Field(ge=1, le=10_000)] | Literal["auto"] = Field(
        default=100, description="files a batch and a commit; auto goes by file size"
    )


class EmbeddingsSettings(_Section):
    """Which model embeds, and where."""

    model: Annotated[
        str,
        Field(
            min_length=1,
            description="`default`, a directory, or a hub id",
            json_schema_extra=WIDENS_AND_REINDEXES,
        ),
    ] = "default"
    batch_size: Annotated[int, Field(ge=1, le=4096, description="texts a model call")] = 32
    enable_gpu: bool = True
    device: Annotated[
        str,
        Field(
            pattern=r"^(auto|cpu|cuda(:\d{1,3})?|mps|rocm|xpu)$",
            description="auto, cpu, cuda, cuda:0 to cuda:999, mps, rocm or xpu",
        ),
    ] = "auto"
    fp16: bool = True
    truncate_dim: Annotated[
        int | None,
        Field(ge=8, le=65_536, description="numbers of a vector that are kept", json_schema_extra=REINDEXES),
    ] = None
    allow_download: Annotated[bool, Field(json_schema_extra=WIDENS)] = False


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

    skip_large_directories: Annotated[
        tuple[str, ...],
        Field(description="names or globs of directories", json_schema_extra=WIDENS_AND_REINDEXES),
    ] = ("node_modules", ".git", "venv", ".venv", "__pycache__")


class FileFilteringSettings(_Section):
    """Files that are never read."""

    max_file_size: Annotated[
        int, Field(ge=1, le=1_000_000_000, description="bytes", json_schema_extra=WIDENS_AND_REINDEXES)
    ] = 1_000_000


class Settings(_Section):
    """All settings."""

    performance: PerformanceSettings = PerformanceSettings()
    directory_filtering: DirectoryFilteringSettings = DirectoryFilteringSettings()
    file_filtering: FileFilteringSettings = FileFilteringSettings()
    allowed_roots: Annotated[
        tuple[str, ...],
        Field(description="directories; when any is given, a root must lie in one", json_schema_extra=WIDENS),
    ] = ()


def _leaves(section: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _leaves(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


KEYS: Final[Mapping[str, FieldInfo]] = dict(_leaves(Settings))  #: dotted key to its field, in order

PROFILES: Final[Mapping[str, Mapping[str, object]]] = {
    "small": {
        "performance.file_stat_cache.max_size": 5_000,
        "performance.parallel_scanner.max_workers": 2,
        "performance.parallel_processor.max_workers": 2,
        "performance.embeddings.batch_size": 16,
    },
    "medium": {
        "performance.file_stat_cache.max_size": 10_000,
        "performance.parallel_scanner.max_workers": 4,
        "performance.parallel_processor.max_workers": 4,
        "performance.embeddings.batch_size": 32,
    },
    "large": {
        "performance.file_stat_cache.max_size": 50_000,
        "performance.parallel_scanner.max_workers": 8,
        "performance.parallel_processor.max_workers": 8,
        "performance.embeddings.batch_size": 64,
        "performance.embeddings.enable_gpu": True,
    },
    "huge": {
        "performance.file_stat_cache.max_size": 100_000,
        "performance.file_stat_cache.ttl_seconds": 600.0,
        "performance.parallel_scanner.max_workers": 16,
        "performance.parallel_scanner.timeout_seconds": 600.0,
        "performance.parallel_processor.max_workers": 16,
        "performance.parallel_processor.batch_size": 200,
        "performance.embeddings.batch_size": 128,
        "performance.embeddings.enable_gpu": True,
        "performance.embeddings.fp16": True,
    },
}


def profile_for(files: int) -> str:
    """Return the profile that `auto` stands for in a root of that many files."""
    limits = {"small": 10_000, "medium": 50_000, "large": 100_000}
    return next((name for name, limit in limits.items() if files < limit), "huge")


def value_of(settings: Settings, key: str) -> Any:  # noqa: ANN401  # a setting of any type
    """Return the value that stands under a dotted key of `KEYS`."""
    value: Any = settings
    for name in key.split("."):
        value = getattr(value, name)
    return value


def is_marked(key: str, mark: str) -> bool:
    """Tell whether the field of that key carries the mark `widens` or `reindexes`."""
    extra = KEYS[key].json_schema_extra
    return isinstance(extra, dict) and bool(extra.get(mark))
