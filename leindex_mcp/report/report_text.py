"""Reports as compact text, the same for the command line and the tools."""

from __future__ import annotations

from collections.abc import Mapping

from leindex_mcp.findings import CheckReport, FileStatus, IndexStats
from leindex_mcp.records import EmbeddingStats, IndexReport
from leindex_mcp.search.safe_text import visible


def index_lines(report: IndexReport) -> str:
    """Return what a run did: one line for the result, one for what was left out."""
    seconds = report.seconds.get("total", 0.0)
    lines = [
        f"{report.root}: {report.files} files, {report.chunks} chunks indexed",
        (
            f"this run: {report.indexed} read ({report.bytes_read / 1e6:.1f} MB), "
            f"{report.unchanged} unchanged, {report.removed} removed, {seconds:.2f} s"
        ),
    ]
    return "\n".join([*lines, *_skipped_line(report.skipped), *_embedding_lines(report.embedding)])


def progress_line(done: int, total: int | None, doing: str) -> str:
    """Return how far a run is, and what to do about it."""
    return (
        f"{doing}: {done} of {'?' if total is None else total} files; it goes on: call `index` again to wait"
    )


def stats_lines(stats: IndexStats) -> str:
    """Return the state of an index, a fact a line."""
    return "\n".join(
        [
            f"root: {stats.root}",
            f"state: {stats.state}{'; ' + stats.detail if stats.detail else ''}",
            f"files: {stats.files}, chunks: {stats.chunks}, source: {stats.bytes / 1e6:.1f} MB",
            *_skipped_line(stats.skipped),
            f"encoder: {stats.encoder}, schema: {stats.schema}",
            *_embedding_lines(stats.embedding),
            f"index: {stats.index_bytes / 1e6:.1f} MB in {stats.index_directory}",
            *(f"settings problem: {problem}" for problem in stats.problems),
        ]
    )


def file_line(status: FileStatus) -> str:
    """Return whether a file is found, and if not, why; its name may hold anything."""
    return visible(_file_line(status))


def _file_line(status: FileStatus) -> str:
    if status.skipped is not None:
        rule = f" ({status.skipped.detail})" if status.skipped.detail else ""
        where = "" if status.skipped.relative == status.relative else f" {status.skipped.relative}:"
        return f"{status.relative}: left out,{where} {status.skipped.reason}{rule}"
    if status.chunks is None:
        return f"{status.relative}: not indexed yet; call `index`"
    state = "as it is on disk" if status.is_current else "but changed since; call `index`"
    return f"{status.relative}: indexed, {status.chunks} chunks, {state}"


def check_lines(report: CheckReport, remedy: str = "index it again with force") -> str:
    """Return what is wrong with an index, a line each, or that nothing is."""
    if report.problems:
        return "\n".join([f"damaged: {report.root}; {remedy}", *report.problems])
    stale = f", {report.stale} changed since" if report.stale else ""
    return f"whole: {report.files} files{stale}"


def _embedding_lines(stats: EmbeddingStats | None) -> list[str]:
    """Return how far the transformer is and how it runs, or nothing where none is wanted."""
    if stats is None:
        return []
    if stats.problem:
        instead = (
            "answers are by keyword where it is needed"
            if stats.is_answering
            else "the built-in model answers"
        )
        return [f"model problem: {stats.problem}; {instead}"]
    share = stats.chunks_done / stats.chunks if stats.chunks else 0.0
    who = "it answers" if stats.is_answering else "until all are made the built-in model answers"
    lines = [f"model: {stats.model}, vectors of {share:.0%} of the chunks; {who}"]
    if stats.chunks_per_second is not None and stats.chunks_done < stats.chunks:
        lines.append(f"speed: {stats.chunks_per_second:.0f} chunks/s, {stats.seconds_left or 0:.0f} s left")
    if stats.device:
        lines.append(f"device: {stats.device} ({stats.device_reason})")
    lines += [f"fall-back: {sentence}" for sentence in stats.fallbacks]
    if stats.cache_hit_rate is not None:
        lines.append(f"vector cache: {stats.cache_hit_rate:.0%} of what was looked up was there")
    return lines


def _skipped_line(skipped: Mapping[str, int]) -> list[str]:
    """Return the counts of what was left out by reason, most first, or nothing."""
    counts = sorted(skipped.items(), key=lambda item: (-item[1], item[0]))
    return ["skipped: " + ", ".join(f"{count} {reason}" for reason, count in counts)] if counts else []
