"""How changed files are cut into batches, each of which is one commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from leindex_mcp.records import FileRecord

_BATCH_BYTES = 8_000_000  # bounds the memory of a batch whatever `batch_size` says


def batches_of(
    records: Sequence[FileRecord], batch_size: int | Literal["auto"]
) -> Iterator[Sequence[FileRecord]]:
    """Yield *records* in order, at most *batch_size* of them and 8 MB of source at a time."""
    limit = adaptive_batch_size(records) if batch_size == "auto" else batch_size
    batch: list[FileRecord] = []
    size_bytes = 0
    for record in records:
        if batch and (len(batch) >= limit or size_bytes + record.fingerprint.size_bytes > _BATCH_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(record)
        size_bytes += record.fingerprint.size_bytes
    if batch:
        yield batch


def adaptive_batch_size(records: Sequence[FileRecord]) -> int:
    """Return the files a batch for files of this mean size: the guide's `get_batch_size`."""
    mean_bytes = sum(record.fingerprint.size_bytes for record in records) / max(len(records), 1)
    if mean_bytes < 10 * 1024:
        return 128
    return 64 if mean_bytes < 100 * 1024 else 32
