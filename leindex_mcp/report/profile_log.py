"""The six lines that a profiled run of `index` logs."""

from __future__ import annotations

import logging

from leindex_mcp.process.shown_log import show_without_handler
from leindex_mcp.records import IndexReport
from leindex_mcp.settings import PerformanceSettings

logger = logging.getLogger("leindex.index")


def log_profile(report: IndexReport, settings: PerformanceSettings) -> None:
    """Log the seconds of each stage at DEBUG, in the six lines of the guide."""
    show_without_handler(logger, logging.DEBUG)
    for line in profile_lines(report, settings):
        logger.debug("%s", line)


def profile_lines(report: IndexReport, settings: PerformanceSettings) -> list[str]:
    """Return the lines; stages of workers that overlap add up, so they may sum to more than the total."""
    seconds = report.seconds
    workers, batch_size = settings.parallel_processor.max_workers, settings.embeddings.batch_size
    device = "CPU" if report.device == "cpu" else f"GPU={report.device}"
    return [
        f"File scanning: {seconds.get('scan', 0):.1f}s ({report.files} files)",
        f"Pattern matching: {seconds.get('match', 0):.1f}s ({report.pattern_hit_rate:.1%} cache hits)",
        f"Content extraction: {seconds.get('extract', 0):.1f}s (parallel, {workers} workers)",
        f"Embedding generation: {seconds.get('embed', 0):.1f}s (batch={batch_size}, {device})",
        f"Index update: {seconds.get('store', 0):.1f}s",
        f"Total indexing time: {seconds['total']:.1f}s",
    ]
