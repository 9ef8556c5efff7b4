"""The guide's figures: indexing, searching, ignore rules, caches, workers and batches."""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from corpus import make_corpus, questions
from measure import Sample, costs, interleaved, percentile, run, save, summary
from pathspec import GitIgnoreSpec

from leindex_mcp import FileStatCache, LeIndex, ParallelScanner, PatternTrie, Settings

_RULE_COUNTS = (10, 100, 1000)
_QUESTIONS = 200
_WARM_UP = 10  # questions that nobody counts: imports, page faults, first parse
_PATHS = 5_000  # that the rules are asked about
_ENTRIES = (10_000, 100_000)  # of the cache, as the guide sizes it
_WORKERS = (1, 2, 4, 8)
_BATCHES = ("10", "100", "1000", "auto")  # one file a commit takes minutes


def timed(work: Callable[[], object]) -> Sample:
    """Return what a call cost in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Sample(time.perf_counter() - wall, time.process_time() - cpu, 0)


def index_and_search(tree: Path, rounds: int) -> dict[str, Any]:
    """Index from nothing with the guide's command, then ask what the guide asks: how long a search takes."""
    with tempfile.TemporaryDirectory(prefix="leindex-bench-") as home:
        samples = []
        for _ in range(rounds):
            shutil.rmtree(home)
            samples.append(
                run(
                    [sys.executable, "-m", "leindex_mcp", "index", str(tree), "--json"],
                    env={"LEINDEX_HOME": home},
                )
            )
        report = json.loads(samples[-1].output)
        project = LeIndex(tree, home=Path(home))
        asked = questions(tree, _QUESTIONS + _WARM_UP, seed=1)
        answers = [timed(lambda text=text: project.search(text)) for text in asked][_WARM_UP:]
    return {
        "index": costs(samples),
        "files": report["files"],
        "chunks": report["chunks"],
        "seconds": report["seconds"],
        "search_ms": {
            kind: {
                name: percentile([getattr(answer, kind) * 1e3 for answer in answers], share)
                for name, share in (("p50", 0.5), ("p99", 0.99))
            }
            for kind in ("cpu_seconds", "wall_seconds")
        },
    }


def ignore_rules(tree: Path, rounds: int) -> dict[str, Any]:
    """Ask the trie, a loop of fnmatch and pathspec about the same paths, under more and more rules."""
    paths = [record.relative for record in ParallelScanner(tree, Settings()).scan().records][:_PATHS]
    result = {}
    for count in _RULE_COUNTS:
        lines = [rule for number in range(count // 5 + 1) for rule in _five_rules(number)][:count]
        with tempfile.NamedTemporaryFile("w", suffix=".gitignore") as file:
            file.write("\n".join(lines))
            file.flush()
            trie = PatternTrie.from_files(file.name)
        spec = GitIgnoreSpec.from_lines(lines)
        samples = interleaved(
            {
                "trie": lambda trie=trie: timed(lambda: [trie.rule_for(path) for path in paths]),
                "fnmatch loop": lambda lines=lines: timed(lambda: [_fnmatch(path, lines) for path in paths]),
                "pathspec": lambda spec=spec: timed(lambda: [spec.match_file(path) for path in paths]),
            },
            rounds,
        )
        medians = {
            name: statistics.median(run.cpu_seconds for run in runs) / len(paths) * 1e6
            for name, runs in samples.items()
        }
        result[str(count)] = {"cpu_microseconds_a_path": medians, "paths": len(paths)}
    return result


def _five_rules(number: int) -> list[str]:
    """Return a name, a suffix, a path, a directory and a glob, as ignore files mix them."""
    return [
        f"name{number}.txt",
        f"*.ext{number}",
        f"/some/path{number}",
        f"folder{number}/",
        f"**/gen{number}/*.out",
    ]


def _fnmatch(path: str, patterns: list[str]) -> bool:
    """Try every pattern on the path and on its name: the guide's 'naive' matching."""
    name = path.rpartition("/")[2]
    return any(
        fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(name, pattern) for pattern in patterns
    )


def caches(tree: Path, rounds: int) -> dict[str, Any]:
    """Measure the hit rate of a second pass, the size of an entry, and a hit against asking the system."""
    settings = Settings.model_validate({"performance": {"file_stat_cache": {"max_size": 1_000_000}}})
    scan = ParallelScanner(tree, settings)
    cache = FileStatCache(max_size=1_000_000)
    ParallelScanner(tree, settings, cache=cache).scan()
    before = cache.get_stats()
    ParallelScanner(tree, settings, cache=cache).scan()
    after = cache.get_stats()
    lookups = after["hits"] + after["misses"] - before["hits"] - before["misses"]
    paths = [str(tree / record.relative) for record in scan.scan().records]
    samples = interleaved(
        {
            "cache.get, all hits": lambda: timed(lambda: [cache.get(path) for path in paths]),
            "os.stat": lambda: timed(lambda: [os.stat(path) for path in paths]),
        },
        rounds,
    )
    microseconds = {
        name: summary([run.cpu_seconds / len(paths) * 1e6 for run in runs]) for name, runs in samples.items()
    }
    return {
        "second_pass_hit_rate": (after["hits"] - before["hits"]) / lookups,
        "cpu_microseconds_a_lookup": microseconds,
        "bytes_an_entry": {str(entries): _bytes_an_entry(entries) for entries in _ENTRIES},
    }


def _bytes_an_entry(entries: int) -> float:
    """Return what an entry takes up, of this many files of one directory."""
    with tempfile.TemporaryDirectory() as directory:
        cache = FileStatCache(max_size=entries)
        for number in range(entries):
            path = Path(directory) / f"file_{number:06}.py"
            path.touch()
            cache.get(path)
        return cache.get_stats()["memory_bytes"] / entries


def workers_and_batches(tree: Path, rounds: int) -> dict[str, Any]:
    """Index the tree from nothing under one setting after the other, whole processes by turns."""
    prefix = "LEINDEX_PERFORMANCE__"
    contenders: dict[str, Mapping[str, str]] = {
        **{
            f"parallel_processor.max_workers={n}": {f"{prefix}PARALLEL_PROCESSOR__MAX_WORKERS": str(n)}
            for n in _WORKERS
        },
        **{
            f"parallel_processor.batch_size={n}": {f"{prefix}PARALLEL_PROCESSOR__BATCH_SIZE": n}
            for n in _BATCHES
        },
        "file_stat_cache.enabled=false": {f"{prefix}FILE_STAT_CACHE__ENABLED": "false"},
        "pattern_trie.enabled=false": {f"{prefix}PATTERN_TRIE__ENABLED": "false"},
        "pattern_trie.cache_size=0": {f"{prefix}PATTERN_TRIE__CACHE_SIZE": "0"},
    }
    samples = interleaved(
        {name: lambda env=env: _index(tree, env) for name, env in contenders.items()}, rounds
    )
    return {name: costs(runs) for name, runs in samples.items()}


def _index(tree: Path, env: Mapping[str, str]) -> Sample:
    with tempfile.TemporaryDirectory(prefix="leindex-bench-") as home:
        return run(
            [sys.executable, "-m", "leindex_mcp", "index", str(tree)], env={"LEINDEX_HOME": home, **env}
        )


def unchanged(tree: Path, rounds: int) -> dict[str, Any]:
    """Run `index` again in one process, with and without the caches."""
    off = {"file_stat_cache": {"enabled": False}, "pattern_trie": {"cache_size": 0}}
    with tempfile.TemporaryDirectory(prefix="leindex-bench-") as home:
        projects = {
            name: LeIndex(tree, settings=Settings.model_validate({"performance": part}), home=Path(home))
            for name, part in {"caches": {}, "no caches": off}.items()
        }
        for project in projects.values():
            project.index()
        samples = interleaved(
            {name: lambda project=project: timed(project.index) for name, project in projects.items()}, rounds
        )
        return {name: costs(runs) for name, runs in samples.items()}


MEASURES = {
    "index": index_and_search,
    "ignore-rules": ignore_rules,
    "caches": caches,
    "unchanged": unchanged,
    "workers": workers_and_batches,
}


def main() -> None:
    """Measure what was named, or everything, on one tree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measures", nargs="*", choices=[[], *MEASURES], default=list(MEASURES))
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    corpus = make_corpus(arguments.files, arguments.seed)
    for name in arguments.measures:
        result = MEASURES[name](Path(corpus.root), arguments.rounds)
        print(json.dumps({name: result}, indent=1)[:3000])
        described = {key: value for key, value in asdict(corpus).items() if key != "root"}
        save(f"guide-{name}-{arguments.files}", {"result": result, "corpus": described})


if __name__ == "__main__":
    main()
