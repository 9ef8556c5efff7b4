"""Write docs/performance.md from the newest result of each benchmark, so that no figure is typed by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from measure import REPOSITORY, RESULTS

PAGE = REPOSITORY / "docs" / "performance.md"
HEAD = """# Performance

All figures: two shared CPU cores, no GPU, other work going on (the load average stands beside each table).
CPU seconds and ratios hold under load; wall seconds are upper bounds.
Each table names its file in `benchmarks/results/`, with machine, versions, corpus and raw samples.
[benchmarks/README.md](../benchmarks/README.md) says how they were measured.
This page is written by `benchmarks/report.py`.
"""
_EXPECTED = {
    1000: "below 10 s",
    10_000: "below 60 s",
    100_000: "below 300 s",
}  # seconds a first index may take

Result = dict[str, Any]


def newest() -> dict[str, Result]:
    """Return the newest result of each name; each knows its file."""
    found: dict[str, Result] = {}
    for path in sorted(RESULTS.glob("*.json")):
        result = {**json.loads(path.read_text()), "file": path.name}
        if "name" not in result:  # the record of the durability campaigns, which has a page of its own
            continue
        if result["name"] not in found or result["date"] > found[result["name"]]["date"]:
            found[result["name"]] = result
    return found


def table(head: Iterable[object], lines: Iterable[Iterable[object]]) -> str:
    """Return a table of Markdown."""
    rows = [list(map(_shown, line)) for line in [head, *lines]]
    rows.insert(1, ["---"] * len(rows[0]))
    return "".join(
        f"| {' | '.join(row)} |\n".replace("| --- ", "|---").replace("---| ", "---|") for row in rows
    )


def _shown(value: object) -> str:
    """Return a figure with three digits that count."""
    if value is None:
        return "–"
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def source(result: Result) -> str:
    """Return the line that says where a table comes from."""
    return f"\n`{result['file']}`, load average {result['machine']['load_average'][0]:.1f}.\n"


def indexing(results: dict[str, Result]) -> str:
    """Compare first index, unchanged tree and three changes with semble, for each size."""
    text = ""
    for files, result in _sized(results, "index"):
        lines = [
            [
                name.replace("_", " "),
                scene["ours"]["cpu_seconds"]["median"],
                scene["ours"]["wall_seconds"]["median"],
                scene["ours"]["peak_mb"]["median"],
                scene["theirs"]["cpu_seconds"]["median"],
                scene["ratio"]["cpu_seconds"],
                scene["ratio"]["peak_bytes"],
            ]
            for name, scene in result["scenes"].items()
        ]
        head = ["", "CPU s", "wall s", "peak MB", "semble CPU s", "ratio of CPU", "ratio of peak"]
        text += f"\n{files:,} files, {result['corpus']['size_bytes'] / 1e6:.0f} MB:\n\n{table(head, lines)}"
        if files in _EXPECTED:
            text += f"\nThe guide expects a first index {_EXPECTED[files]}.\n"
        if "live_changes" in result:
            text += (
                "\nThree changes under a server that stays open: "
                f"{result['live_changes']['cpu_ms']['ours']['median']:.0f} ms of CPU, "
                f"{result['live_changes']['ratio']:.2f} of semble's.\n"
            )
        covered = result["coverage"]["share_of_theirs_covered"]
        text += f"\n{covered:.2%} of the files that semble indexes are in ours.\n{source(result)}"
    return text


def first_answer(results: dict[str, Result]) -> str:
    """Show what the first answer about a tree without an index costs, by who gives it."""
    text = ""
    for files, result in _sized(results, "first-answer"):
        theirs = result["contenders"]["semble"]["cpu_seconds"]["median"]
        lines = [
            [name, cpu, found["wall_seconds"]["median"], cpu / theirs]
            for name, found in result["contenders"].items()
            for cpu in [found["cpu_seconds"]["median"]]
        ]
        text += f"\n{files:,} files, {result['corpus']['size_bytes'] / 1e6:.0f} MB; the server's line: "
        text += f"`{result['first_line']}`\n\n"
        text += table(["", "CPU s", "wall s", "ratio of CPU"], lines) + source(result)
    return text


def guide_sizes(results: dict[str, Result]) -> str:
    """Show a first index and the searches after it beside what the guide expects."""
    lines = []
    files_named = ""
    for files, result in _sized(results, "guide-index"):
        found = result["result"]
        lines.append(
            [
                files,
                found["chunks"],
                found["index"]["cpu_seconds"]["median"],
                found["index"]["wall_seconds"]["median"],
                _EXPECTED.get(files, ""),
                found["index"]["peak_mb"]["median"],
                *(
                    found["search_ms"][kind][share]
                    for kind in ("cpu_seconds", "wall_seconds")
                    for share in ("p50", "p99")
                ),
            ]
        )
        files_named += source(result)
    head = ["files", "chunks", "index, CPU s", "wall s", "guide, wall", "peak MB"]
    head += ["search p50, CPU ms", "p99", "p50, wall ms", "p99"]
    intro = "\n`leindex index`, then 200 searches in one process; the guide: p50 50 ms, p99 below 200 ms:\n\n"
    return intro + table(head, lines) + files_named if lines else ""


def start(results: dict[str, Result]) -> str:
    """Compare the time to the reply to `initialize` with that of a server that does nothing."""
    if "start" not in results:
        return ""
    result = results["start"]
    lines = [
        [name, result[key]["cpu_seconds"]["median"], result[key]["wall_seconds"]["median"]]
        for name, key in (("ours", "ours"), ("a bare server with one tool", "bare"))
    ]
    intro = "\nFrom the start of the process to the reply to `initialize`:\n\n"
    return intro + table(["", "CPU s", "wall s"], lines) + source(result)


def answers(results: dict[str, Result]) -> str:
    """Show how good the answers are, and what the weights are worth on repositories that they never saw."""
    found = [results[name] for name in sorted(results) if name.startswith("quality-")]
    lines = [
        [
            f"{result['set']}, {result['mode']}",
            sum(len(scores) for scores in result["ndcg_of_each"].values()),
            *(result[field] for field in ("ndcg", "stem_free", "hit1", "tokens_to_first")),
        ]
        for result in found
    ]
    head = ["set, mode", "questions", "NDCG@10", "stem-free", "first hit right", "tokens up to it"]
    text = "\n" + table(head, lines) + "".join(map(source, found)) if found else ""
    return text + _refitted(results["refit"]) if "refit" in results else text


def _refitted(result: Result) -> str:
    lines = [
        [name, part["tuned"], part["leave_one_repository_out"], part["learned_from_other_sets"]]
        for name, part in result["sets"].items()
    ]
    head = ["set", "weights as they are", "learned without the repository", "learned from the other set"]
    return f"\nNDCG@10 in mode hybrid:\n\n{table(head, lines)}{source(result)}"


_LATENCIES = {
    "cpu_ms": "CPU ms",
    "answer_ms": "CPU ms without the look at the tree and parsing",
    "look_ms": "of it the look at the tree",
    "parse_ms": "of it parsing the first three hits",
    "wall_ms": "wall ms",
}


def search(results: dict[str, Result]) -> str:
    """Show the latency of a search, and semble's."""
    text = ""
    for threads in ("", "-1-thread"):
        for _, result in _sized(results, "search", threads):
            sides = {"ours": result["ours"], "semble": result["theirs"]}
            sides |= {f"ours, {name}": figures for name, figures in result.get("filtered", {}).items()}
            lines = [
                [f"{side}: {_LATENCIES[kind]}", figures[kind]["p50"], figures[kind]["p99"]]
                for side, figures in sides.items()
                for kind in _LATENCIES
                if kind in figures and figures[kind]["p99"]
            ]
            blas = ", one BLAS thread" if threads else ""
            text += f"\n{result['chunks']['ours']:,} chunks, hits verified and quoted{blas}:\n\n"
            text += table(["", "p50", "p99"], lines) + source(result)
    return text and f"\nThe guide expects p50 below 50 ms and p99 below 200 ms.\n{text}"


def freshness(results: dict[str, Result]) -> str:
    """Show what a look at the tree costs, and the first answers of a process and after an edit."""
    if "fresh" not in results:
        return ""
    result = results["fresh"]
    looks = [
        [int(files), found["directories"], *(part["p50"] for part in found["cpu_ms"].values())]
        for files, found in result["looks"].items()
    ]
    head = ["files", "directories", "bare walk, CPU ms", "scan", "look"]
    new, edit = result["new_process"], result["after_an_edit"]
    answers = [
        [name, ours, theirs, ratio]
        for name, ours, theirs, ratio in (
            (
                "`leindex search`, a new process",
                new["ours"]["cpu_seconds"]["median"] * 1e3,
                new["theirs"]["cpu_seconds"]["median"] * 1e3,
                new["ratio"]["cpu_seconds"],
            ),
            (
                "the next answer of an open process after one edit",
                edit["cpu_ms"]["ours"]["median"],
                edit["cpu_ms"]["theirs"]["median"],
                edit["ratio"],
            ),
        )
    ]
    text = f"\nA look at an unchanged tree, which comes before a search:\n\n{table(head, looks)}"
    text += f"\nWith an index of {result['edited_files']:,} files on disk:\n\n"
    return text + table(["", "CPU ms", "semble", "ratio"], answers) + source(result)


def scanning(results: dict[str, Result]) -> str:
    """Show the walk as multiples of a bare one."""
    if "scan" not in results:
        return ""
    result = results["scan"]
    lines = [
        [name, ratio, (result["walks"].get(name) or result["programs"][name])["cpu_seconds"]["median"]]
        for name, ratio in result["ratio_to_bare_walk"].items()
    ]
    intro = f"\n{result['kept']:,} files kept of a tree of {result['files']:,}, in CPU time:\n\n"
    return f"{intro}{table(['', 'times a bare walk', 'CPU s'], lines)}{source(result)}"


def ignore_rules(results: dict[str, Result]) -> str:
    """Show the cost of a path under more and more rules."""
    return _of(
        results,
        "guide-ignore-rules",
        "Microseconds of CPU a path, asked one by one (a walk asks by directory and is cheaper):",
        lambda found: table(
            ["rules", "trie", "fnmatch loop", "pathspec"],
            [[int(rules), *part["cpu_microseconds_a_path"].values()] for rules, part in found.items()],
        ),
    )


def caches(results: dict[str, Result]) -> str:
    """Show hit rate, size and speed of the stat cache, and what a run costs without the caches."""

    def facts(found: Result) -> str:
        microseconds = found["cpu_microseconds_a_lookup"]
        return table(
            ["", "guide", "here"],
            [
                ["hit rate of a second pass", "above 90 %", f"{found['second_pass_hit_rate']:.1%}"],
                *(
                    [f"bytes an entry, {int(entries):,} entries", "200", size]
                    for entries, size in found["bytes_an_entry"].items()
                ),
                *([f"{name}, microseconds", "", part["median"]] for name, part in microseconds.items()),
            ],
        )

    text = _of(results, "guide-caches", "`FileStatCache`:", facts)
    return text + _of(
        results, "guide-unchanged", "A run over an unchanged tree, in one process:", _cost_table
    )


def workers(results: dict[str, Result]) -> str:
    """Show what each setting does to a first index."""
    return _of(results, "guide-workers", "A first index, all else at its default:", _cost_table)


def before(results: dict[str, Result]) -> str:
    """Compare with the sequential walk, pattern loop and one-by-one MiniLM of the guide's 'before'."""
    text = ""
    for files, result in _sized(results, "before"):
        lines = [
            [name, result[key]["cpu_seconds"]["median"], result[key]["wall_seconds"]["median"]]
            for name, key in (("ours", "ours"), ("before", "before"))
        ]
        text += f"\n{files:,} files; {result['ratio']['cpu_seconds']:.3f} of the CPU of 'before':\n\n"
        text += table(["", "CPU s", "wall s"], lines) + source(result)
    return text


def transformers(results: dict[str, Result]) -> str:
    """Show what length-sorted batches and 16 bits are worth, and what a GPU does where one was measured."""
    if "transformer" not in results:
        return ""
    result = results["transformer"]
    found = result["cpu"]
    lines: list[list[object]] = [
        [f"{name}, {kind}", found[name][kind]["chunks_per_cpu_second"]["median"]]
        for name in ("mixed lengths", "as indexing cuts")
        for kind in ("sorted", "unsorted")
    ]
    text = "\nall-MiniLM-L6-v2 or the model that the file names, one thread:\n\n"
    if "long" in found:
        lines += [
            [f"long, {kind}", part["chunks_per_cpu_second"]["median"]] for kind, part in found["long"].items()
        ]
    text += table(["", "texts a CPU s"], lines)
    ratios = found["sorted_over_unsorted"]
    text += (
        "\n" + ", ".join(f"{name}: sorting is worth {ratio} times" for name, ratio in ratios.items()) + ".\n"
    )
    if "long" in found:
        products = found["products"]["bfloat16"] / found["products"]["float32"]
        text += (
            f"bfloat16 is {found['bfloat16_over_float32']} times as fast as float32, its matrix products "
            f"alone {products:.1f} times; least cosine with float32 {found['cosine']['min']:.5f}.\n"
        )
    return text + _gpu(result) + source(result)


def _gpu(result: Result) -> str:
    found = result["gpu"]
    if found is None:
        text = (
            "\nNot measured for want of a GPU: chunks a second by kind of number and batch, the share of the "
        )
        return text + "card's matrix products, running out of its memory, a whole index.\n"
    lines = [[name, rate["median"]] for name, rate in found["rates"].items()]
    share, memory = found["share_of_float16_ceiling"], found["out_of_memory"]
    text = f"\n{found['card']}:\n\n{table(['', 'chunks a second'], lines)}"
    text += f"\n{share:.1%} of the float16 products of the card. "
    text += f"Out of memory: {'; '.join(memory['fallbacks'])}.\n"
    if index := result.get("index"):
        text += f"A whole index of {index['files']:,} files: {index['wall_seconds']:,.0f} s.\n"
    return text


def _cost_table(found: Result) -> str:
    lines = [
        [f"`{name}`", cost["cpu_seconds"]["median"], cost["wall_seconds"]["median"]]
        for name, cost in found.items()
    ]
    return table(["", "CPU s", "wall s"], lines)


def _of(results: dict[str, Result], prefix: str, intro: str, render: Callable[[Result], str]) -> str:
    """Return intro, table and source of each result whose name begins so."""
    return "".join(
        f"\n{intro}\n\n{render(result['result'])}\n{files:,} files; {source(result).lstrip()}"
        for files, result in _sized(results, prefix)
    )


def _sized(results: dict[str, Result], prefix: str, suffix: str = "") -> list[tuple[int, Result]]:
    """Return the results called `<prefix>-<files><suffix>`, the smallest first."""
    names = [(re.fullmatch(rf"{prefix}-(\d+){suffix}", name), result) for name, result in results.items()]
    return sorted(((int(match[1]), result) for match, result in names if match), key=lambda pair: pair[0])


SECTIONS: dict[str, Callable[[dict[str, Result]], str]] = {
    "Indexing": lambda results: guide_sizes(results) + indexing(results),
    "First answer": first_answer,
    "Freshness": freshness,
    "Search": search,
    "Answers": answers,
    "Start": start,
    "Scanning": scanning,
    "Ignore rules": ignore_rules,
    "Caches": caches,
    "Workers and batches": workers,
    "Against the guide's before": before,
    "Transformers": transformers,
}


def render() -> str:
    """Return the whole page."""
    results = newest()
    parts = [
        f"\n## {name}\n{section(results) or chr(10) + 'Not measured.' + chr(10)}"
        for name, section in SECTIONS.items()
    ]
    return HEAD + "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(render(), encoding="utf-8")
    print(f"-> {PAGE.relative_to(REPOSITORY)}")
