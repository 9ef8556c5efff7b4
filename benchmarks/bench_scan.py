"""Walk a large tree: ours against a bare walk, pathspec with re2, git, ripgrep and fd, in CPU time."""

from __future__ import annotations

import argparse
import gc
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
from corpus import make_corpus
from measure import Sample, costs, run, save, summary

from leindex_mcp.records import Fingerprint, StoredFile
from leindex_mcp.scan.file_stat_cache import FileStatCache
from leindex_mcp.scan.freshness import changes, is_unchanged
from leindex_mcp.scan.ignore_file import read_rules
from leindex_mcp.scan.ignore_rules import IgnoreRules
from leindex_mcp.scan.parallel_scanner import ParallelScanner, ScanResult, WalkManner
from leindex_mcp.scan.pattern_trie import PatternTrie
from leindex_mcp.scan.plain_rules import PlainRules
from leindex_mcp.scan.walk import Walk, trunk
from leindex_mcp.settings import Settings

_NESTED_IGNORE_FILES = 60
#: Rules as people write them, in turn; none matches a file of the tree.
_KINDS = ("/made-{}/", "made_{}.log", "*.made{}", "made{}_*", "src/made{}/**/out", "[Mm]ade{}", "*-made{}~")


def make_tree(files: int, seed: int, home: Path) -> Path:
    """Return a copy of the seeded corpus, by hard links, that keeps 60 of its nested ignore files."""
    corpus = make_corpus(files, seed, home)
    root = home / f"scan-{files}-{seed}"
    if not root.exists():
        shutil.copytree(corpus.root, root, copy_function=os.link)
        nested = sorted(path for path in root.rglob(".gitignore") if path.parent != root)
        random.Random(seed).shuffle(nested)
        for path in nested[_NESTED_IGNORE_FILES:]:
            path.unlink()
    return root


# ---------------------------------------------------------------- the walks


def bare_walk(root: Path) -> int:
    """Count the files by the cheapest loop that Python offers."""
    count = 0
    waiting = [str(root)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != ".git":  # none of the others looks into it
                        waiting.append(entry.path)
                else:
                    count += 1
    return count


def os_walk(root: Path) -> int:
    """Count the files by the standard library's walk."""
    count = 0
    for _, directories, names in os.walk(root):
        directories[:] = [name for name in directories if name != ".git"]
        count += len(names)
    return count


def filtered_walk(root: Path, *, built_in: bool = True, extra: str = "", uses_trie: bool = True) -> int:
    """Count the files that our rules keep."""
    with _root_rules(root, extra):
        rules = IgnoreRules(
            root,
            skip_large_directories=Settings().directory_filtering.skip_large_directories,
            has_built_in_rules=built_in,
            uses_trie=uses_trie,
        )
        return sum(len(listing.files) for listing in Walk(root, rules, trunk(root, rules)).listings())


def pathspec_walk(root: Path, *, backend: str = "re2", extra: str = "") -> int:
    """Count the files that pathspec keeps: one spec an ignore file, the deepest asked first, pruned."""
    from pathspec import GitIgnoreSpec

    def is_ignored(specs: tuple[tuple[int, GitIgnoreSpec], ...], relative: str) -> bool:
        for length, spec in reversed(specs):
            verdict = spec.check_file(relative[length:]).include
            if verdict is not None:
                return verdict
        return False

    count = 0
    with _root_rules(root, extra):
        waiting: list[tuple[str, tuple[tuple[int, GitIgnoreSpec], ...]]] = [("", ())]
        while waiting:
            prefix, specs = waiting.pop()
            with os.scandir(root / prefix) as entries:
                listed = list(entries)
            if any(entry.name == ".gitignore" for entry in listed):
                lines = (root / prefix / ".gitignore").read_text().splitlines()
                specs = (*specs, (len(prefix), GitIgnoreSpec.from_lines(lines, backend=backend)))
            for entry in listed:
                relative = prefix + entry.name
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != ".git" and not is_ignored(specs, f"{relative}/"):
                        waiting.append((f"{relative}/", specs))
                elif not is_ignored(specs, relative):
                    count += 1
    return count


def scan(root: Path, cache: FileStatCache | None = None, manner: WalkManner | None = None) -> ScanResult:
    """Record the files as an index run does."""
    return ParallelScanner(root, Settings(), cache=cache, manner=manner).scan()


@contextmanager
def _root_rules(root: Path, extra: str) -> Iterator[None]:
    """Add rules to the root's ignore file for the time of a walk."""
    path = root / ".gitignore"
    rules = path.read_text()
    if extra:
        path.write_text(f"{extra}\n{rules}")
    try:
        yield
    finally:
        if extra:
            path.write_text(rules)


# ---------------------------------------------------------------- an unchanged index run


def store_fingerprints(root: Path, home: Path) -> int:
    """Write what an index knows of the files, as its view has it; return the number of files."""
    records = scan(root).records
    (home / "paths").write_bytes("\0".join(record.relative for record in records).encode())
    fingerprints = [tuple(field % 2**63 for field in record.fingerprint) for record in records]
    np.save(home / "fingerprints.npy", np.array(fingerprints, np.int64))
    return len(records)


def load_fingerprints(home: Path) -> tuple[list[str], list[list[int]]]:
    """Read them as a process does that has just started."""
    return (home / "paths").read_bytes().decode().split("\0"), np.load(home / "fingerprints.npy").tolist()


def unchanged_run(root: Path, home: Path) -> bool:
    """Load, walk, filter, stat and compare, as an index run on an untouched tree does."""
    return is_unchanged(scan(root), *load_fingerprints(home))


def unchanged_run_by_file(root: Path, home: Path) -> int:
    """Compare file by file, as a run does that finds any difference; return how many differ: none."""
    stored = {
        relative: StoredFile(Fingerprint(*fingerprint), 0, 1)
        for relative, fingerprint in zip(*load_fingerprints(home), strict=True)
    }
    found = changes(scan(root), stored)
    return len(found.changed) + len(found.removed)


@contextmanager
def _without_collections() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# ---------------------------------------------------------------- measuring


def cpu_seconds(work: Callable[[], object]) -> tuple[float, object]:
    """Return what the work costs this process, collections of garbage left out on both sides."""
    gc.collect()
    with _without_collections():
        started = time.process_time()
        answer = work()
        return time.process_time() - started, answer


def by_turns(contenders: dict[str, Callable[[], object]], rounds: int) -> dict[str, Any]:
    """Run all contenders once a round, each round in the other order."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    answers: dict[str, object] = {}
    for number in range(rounds):
        turn = list(contenders.items())
        for name, work in turn if number % 2 == 0 else reversed(turn):
            spent, answers[name] = cpu_seconds(work)
            seconds[name].append(spent)
    return {
        name: {"cpu_seconds": summary(spent), "raw": spent, "answer": _brief(answers[name])}
        for name, spent in seconds.items()
    }


def _brief(answer: object) -> object:
    """Return a count as it is, and of a list its length: both sides must come to the same."""
    return len(answer) if isinstance(answer, list) else answer


def extra_rules(count: int) -> str:
    """Return that many root rules that match nothing."""
    return "\n".join(_KINDS[number % len(_KINDS)].format(number) for number in range(count))


def look_ups(root: Path, rounds: int) -> dict[str, Any]:
    """Return microseconds a file: rule verdicts by the number of rules, and the status of files."""
    from pathspec import GitIgnoreSpec

    relatives = [record.relative for record in scan(root).records[::10]]
    names = [relative.rpartition("/")[2] for relative in relatives]
    found: dict[str, Any] = {}
    for count in (10, 100, 1000):
        lines = extra_rules(count).splitlines()
        rules = read_rules("\n".join(lines).encode(), "rules")
        trie, plain = PatternTrie(rules).start(), PlainRules(rules).start()
        specs = {backend: GitIgnoreSpec.from_lines(lines, backend=backend) for backend in ("simple", "re2")}
        globs = [line.strip("/") for line in lines]
        some = range(0, len(names), 1 + count // 10)  # the slow ones need no more than a sample
        contenders: dict[str, Callable[[], object]] = {
            "trie": lambda some=some, trie=trie: [trie.file_rule(names[at]) for at in some],  # type: ignore[misc]
            "plain loop": lambda some=some, plain=plain: [plain.file_rule(names[at]) for at in some],  # type: ignore[misc]
            "fnmatch loop": lambda some=some, globs=globs: [  # type: ignore[misc]
                any(fnmatchcase(names[at], glob) for glob in globs) for at in some
            ],
        }
        for backend, spec in specs.items():
            contenders[f"pathspec {backend}"] = lambda some=some, spec=spec: [  # type: ignore[misc]
                spec.match_file(relatives[at]) for at in some
            ]
        found[f"{count} rules"] = _microseconds(by_turns(contenders, rounds), len(some))
    paths = [str(root / relative) for relative in relatives]
    cache = FileStatCache(max_size=len(paths))
    cache.warm(paths)
    flooded = FileStatCache(max_size=len(paths) // 2)
    status: dict[str, Callable[[], object]] = {
        "os.lstat": lambda: [os.lstat(path) for path in paths],
        "cache hit": lambda: [cache.get(path) for path in paths],
        "cache miss": lambda: [flooded.get(path) for path in paths],
    }
    found["status"] = _microseconds(by_turns(status, rounds), len(paths))
    found["cache bytes an entry"] = cache.get_stats()["memory_bytes"] // len(paths)
    return found


def _microseconds(measured: dict[str, Any], look_ups: int) -> dict[str, float]:
    return {
        name: round(result["cpu_seconds"]["median"] / look_ups * 1e6, 2) for name, result in measured.items()
    }


def programs(root: Path) -> dict[str, list[str]]:
    """Return the commands of other programs that list the same files, those that are installed."""
    found = {
        "git ls-files": ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"],
        "git status": ["git", "-C", str(root), "status", "--porcelain", "--untracked-files=no"],
        "rg --files": ["rg", "--files", "--hidden", "-j1", str(root)],
        "fd": [shutil.which("fd") or "fdfind", "--hidden", "-j1", "--type", "f", ".", str(root)],
    }
    return {name: command for name, command in found.items() if shutil.which(command[0])}


def track_all(root: Path) -> None:
    """Let git track every file, so that its status has to look at each."""
    if not (root / ".git" / "index").exists():
        command = ["git", "-C", str(root), "-c", "core.looseCompression=0", "add", "."]
        subprocess.run(command, check=True)


def walks_with_more_rules(root: Path) -> dict[str, Callable[[], object]]:
    """Return the walks with rules added to the root's ignore file, and a bare one beside them."""
    walks: dict[str, Callable[[], object]] = {"bare scandir walk, again": lambda: bare_walk(root)}
    for count in (0, 10, 100, 1000, 10_000):
        rules = extra_rules(count)
        walks[f"ours, {count} rules more"] = lambda rules=rules: filtered_walk(root, extra=rules)  # type: ignore[misc]
        if count <= 1000:  # of 10,000, re2 says `failed to compile Set`
            walks[f"pathspec re2, {count} rules more"] = lambda rules=rules: pathspec_walk(root, extra=rules)  # type: ignore[misc]
    return walks


def main() -> None:
    """Measure, print the ratios, and save them with the raw figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--directory", type=Path, default=Path(tempfile.gettempdir()) / "leindex-benchmarks")
    arguments = parser.parse_args()
    root = make_tree(arguments.files, arguments.seed, arguments.directory)
    track_all(root)
    stored = store_fingerprints(root, arguments.directory)
    cache = FileStatCache(max_size=arguments.files * 2)
    scan(root, cache)

    walks: dict[str, Callable[[], object]] = {
        "bare scandir walk": lambda: bare_walk(root),
        "os.walk": lambda: os_walk(root),
        "ours, git's rules": lambda: filtered_walk(root, built_in=False),
        "ours, all rules": lambda: filtered_walk(root),
        "ours, plain loop": lambda: filtered_walk(root, built_in=False, uses_trie=False),
        "pathspec re2": lambda: pathspec_walk(root),
        "scan with records": lambda: len(scan(root).records),
        "scan by path": lambda: len(scan(root, manner=WalkManner(by_descriptor=False)).records),
        "scan, 4 walkers": lambda: len(scan(root, manner=WalkManner(slow_listing_seconds=0)).records),
        "scan, warm stat cache": lambda: len(scan(root, cache).records),
        "unchanged run": lambda: unchanged_run(root, arguments.directory),
        "unchanged run, by file": lambda: unchanged_run_by_file(root, arguments.directory),
    }
    measured = by_turns(walks, arguments.rounds)
    if not measured["unchanged run"]["answer"]:
        raise SystemExit("the tree changed under the measurement")
    measured |= by_turns(walks_with_more_rules(root), arguments.rounds)
    others: dict[str, list[Sample]] = {name: [] for name in programs(root)}
    for _ in range(arguments.rounds):
        for name, command in programs(root).items():
            others[name].append(run(command))

    bare = measured["bare scandir walk"]["cpu_seconds"]["median"]
    ratios = {name: round(result["cpu_seconds"]["median"] / bare, 2) for name, result in measured.items()}
    ratios |= {
        name: round(summary([s.cpu_seconds for s in some])["median"] / bare, 2)
        for name, some in others.items()
    }
    for name, value in sorted(ratios.items(), key=lambda item: item[1]):
        print(f"{value:8.2f} x  {name}")
    save(
        "scan",
        {
            "files": arguments.files,
            "directories": sum(1 for _ in os.walk(root)),
            "kept": stored,
            "nested_ignore_files": _NESTED_IGNORE_FILES,
            "seed": arguments.seed,
            "ratio_to_bare_walk": ratios,
            "walks": measured,
            "programs": {name: costs(samples) for name, samples in others.items()},
            "cache": dict(cache.get_stats()),
            "microseconds": look_ups(root, arguments.rounds),
        },
    )


if __name__ == "__main__":
    main()
