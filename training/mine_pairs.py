"""Mine every accepted package: one JSON-lines file of pairs each.

`python -m training.mine_pairs [PART PARTS]` skips what is mined already; parts may run side by side.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import PurePosixPath

from leindex_mcp.extract.languages import language_of
from training import licences
from training.archives import Package, packages
from training.comments import STYLES
from training.decontaminate import Blocklist
from training.licences import Verdict
from training.pairs import Pair, mine
from training.places import PAIRS
from training.stated_purpose import readme, test_names

_MAX_SOURCE_BYTES = 30_000_000  # of one package: no single project should set the tone
_MAX_PAIRS = 60_000
_BUNDLED = re.compile(
    r"(^|/)(node_modules|vendor(ed)?|_?vendor|third[_-]?party|3rdparty|thirdparty|contrib|bundled|deps|"
    r"external|extern(al)?s?|submodules|subprojects|debian|testdata|fixtures?|generated|gen|build|_build)(/|$)",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"(^|/)(tests?|__tests__|specs?)(/|$)|_test\.\w+$|\.(test|spec)\.\w+$|(^|/)test_", re.IGNORECASE
)
LEFT_OUT = re.compile(
    r"(^|/)(tests?|__tests__|specs?|testing|testdata|fixtures?|docs?|node_modules|vendor(ed)?|_?vendor|third[_-]?party|"
    r"3rdparty|thirdparty|contrib|bundled|deps|external|extern(al)?s?|submodules|subprojects|debian|locale|migrations|generated|gen|build|_build)(/|$)|"
    r"[._-](min|bundle|umd|iife|prod|pb2?|pb\.go|pb|g)\.|_test\.go$|zz_generated|(^|/)(test_|conftest)|\.d\.ts$",
    re.IGNORECASE,
)


def sources(package: Package, verdict: Verdict, blocklist: Blocklist) -> Iterator[tuple[str, str, str]]:
    """Yield (path, language, text) of the files of *package* that may be mined and are written by hand.

    Tests and Markdown are among them; test data and bundled works are not.
    """
    taken = 0
    for path, data in package.files():
        language = language_of(path)
        if language is None or not is_minable(path, language) or blocklist.names_path(path):
            continue
        if taken > _MAX_SOURCE_BYTES or not _is_written_by_hand(data):
            continue
        text = data.decode("utf-8", "replace").replace("\r\n", "\n")
        if verdict.allows(path, text):
            taken += len(data)
            yield path, language, text


def is_minable(path: str, language: str) -> bool:
    """Tell sources, tests and Markdown from bundled works, data and what tools wrote."""
    if language == "markdown" or (language in STYLES and _TEST.search(path)):
        return not _BUNDLED.search(path)
    return language in STYLES and not LEFT_OUT.search(path)


def _is_written_by_hand(data: bytes) -> bool:
    """Tell minified and tiny files from sources by the length of their lines."""
    return len(data) >= 150 and b"\0" not in data[:2000] and len(data) / (data.count(b"\n") + 1) < 150


def pairs_of(package: Package, verdict: Verdict, blocklist: Blocklist) -> Iterator[tuple[str, str, Pair]]:
    """Yield (path, language, pair) of one package."""
    for path, language, text in sources(package, verdict, blocklist):
        for pair in _pairs_of_file(path, language, text):
            yield path, language, pair


def _pairs_of_file(path: str, language: str, text: str) -> Iterator[Pair]:
    if language == "markdown":
        return readme(text)
    return test_names(text, language) if _TEST.search(path) else mine(text, language)


def write(package: Package, verdict: Verdict, blocklist: Blocklist) -> Counter[str]:
    """Mine one package into its file, which appears only when it is whole; return pairs by kind."""
    kinds: Counter[str] = Counter()
    target = PAIRS / f"{package.key}.jsonl"
    part = target.with_suffix(".part")
    with part.open("w") as out:
        for path, language, pair in pairs_of(package, verdict, blocklist):
            kinds[pair.kind] += 1
            row = [
                package.key,
                language,
                str(PurePosixPath(path)),
                pair.kind,
                pair.symbol,
                pair.question,
                pair.code,
            ]
            out.write(json.dumps(row) + "\n")
            if kinds.total() >= _MAX_PAIRS:
                break
    part.rename(target)
    return kinds


def main(part: int = 0, parts: int = 1) -> None:
    """Mine each package of this part that is accepted and not yet mined."""
    PAIRS.mkdir(parents=True, exist_ok=True)
    verdicts, blocklist = licences.load(), Blocklist.load()
    for number, package in enumerate(packages()):
        verdict = verdicts.get(package.key)
        done = (PAIRS / f"{package.key}.jsonl").exists()
        if number % parts != part or done or verdict is None or not verdict.accepted:
            continue
        started = time.perf_counter()
        kinds = write(package, verdict, blocklist)
        print(f"{package.key}\t{dict(kinds)}\t{time.perf_counter() - started:.1f}s", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
