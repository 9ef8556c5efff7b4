"""Turn pairs into the arrays that training reads: capped, without repeats, decontaminated, split into words.

`python -m training.prepare [TREE…]`: a TREE is a folder of scored repositories, whose lines must not occur.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from leindex_mcp.embed.static_encoder import path_text
from leindex_mcp.words import count, split
from training import licences
from training.decontaminate import Blocklist, Contents
from training.places import PAIRS, PREPARED

_MAX_TOLD = 6_000  # pairs with a sentence, of one package
_MAX_NAMED = 2_000  # pairs with only a name, of one package
_CODE_CHARS = 1_000  # what a chunk of the product holds
_QUESTION_WORDS = 64
_LONGEST_WORD = 24  # characters; longer runs of letters are data
_BATCH = 4_000
KINDS = ("doc", "inline", "module", "name", "test", "readme", "commit")


class Row(NamedTuple):
    """One mined pair as the file of its package has it."""

    package: str
    language: str
    path: str
    kind: str
    symbol: str
    question: str
    code: str


@dataclass(slots=True)
class Filter:
    """Passes each pair of an accepted package once, up to a cap, and none that scored trees hold."""

    accepted: frozenset[str]  #: keys of packages whose licence is on the list
    blocklist: Blocklist
    contents: Contents
    seen: set[bytes] = field(default_factory=set)
    kept: Counter[tuple[str, bool]] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)

    def passes(self, row: Row) -> bool:
        """Tell whether *row* may be learned from; the reasons of refusals are counted in `dropped`."""
        is_name = row.kind == "name"
        if self.kept[row.package, is_name] >= (_MAX_NAMED if is_name else _MAX_TOLD):
            self.dropped["cap"] += 1
            return False
        digests = _digests(row)
        reason = self._reason(row, digests)
        if reason:
            self.dropped[reason] += 1
            return False
        self.seen.update(digests)
        self.kept[row.package, is_name] += 1
        return True

    def _reason(self, row: Row, digests: list[bytes]) -> str:
        if row.package not in self.accepted:
            return "licence"
        name = row.package.partition("-")[2].removeprefix("source-").replace("+", "/")
        if self.blocklist.names_package(name) or self.blocklist.names_path(row.path):
            return "blocklist"
        if not self.seen.isdisjoint(digests):
            return "repeat"
        return "contamination" if self.contents.shares_lines(row.code) else ""


def _digests(row: Row) -> list[bytes]:
    """Return what makes a pair a repeat: the same question for the same beginning, or the same code."""
    squeezed = re.sub(r"\W+", "", row.code[:800])
    keys = [f"{row.question or row.symbol}|{squeezed[:160]}"]
    if row.kind != "inline":  # the statements under two comments may well be equal
        keys.append(squeezed[:400])
    return [hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=9).digest() for key in keys]


class Words:
    """Numbers for words, in the order in which they were met."""

    def __init__(self) -> None:
        self.ids: dict[str, int] = {}

    def number(self, words: Iterable[str]) -> list[int]:
        """Return the number of each word; -1 for one too long to be a word."""
        ids = self.ids
        return [ids.setdefault(word, len(ids)) if len(word) <= _LONGEST_WORD else -1 for word in words]


class Ragged:
    """Lists of numbers of different lengths, laid end to end."""

    def __init__(self) -> None:
        self.values = array("i")
        self.ends = array("q", [0])

    def append(self, values: Iterable[int]) -> None:
        """Add one list; words without a number fall out."""
        self.values.extend(value for value in values if value >= 0)
        self.ends.append(len(self.values))


@dataclass(slots=True)
class Prepared:
    """The arrays under construction."""

    words: Words = field(default_factory=Words)
    question: Ragged = field(default_factory=Ragged)
    symbol: Ragged = field(default_factory=Ragged)
    path: Ragged = field(default_factory=Ragged)  #: as the encoder adds it: last parts, stem three times
    code: Ragged = field(default_factory=Ragged)  #: distinct words
    counts: array[int] = field(default_factory=lambda: array("B"))  #: of each entry of `code`
    facts: array[int] = field(default_factory=lambda: array("i"))  #: package, language, kind, file
    numbers: dict[str, dict[str, int]] = field(default_factory=dict)

    def add(self, rows: list[Row]) -> None:
        """Split and number the words of a batch."""
        tally = count([row.code[:_CODE_CHARS] for row in rows])
        numbers = np.array(self.words.number(tally.vocabulary), np.int32)
        for place, row in enumerate(rows):
            entries = slice(tally.offsets[place], tally.offsets[place + 1])
            ids = numbers[tally.ids[entries]]
            known = ids >= 0
            self.code.values.extend(ids[known].tolist())
            self.code.ends.append(len(self.code.values))
            self.counts.extend(np.minimum(tally.counts[entries][known], 255).tolist())
            self.question.append(self.words.number(split(row.question)[:_QUESTION_WORDS]))
            self.symbol.append(self.words.number(split(row.symbol)))
            self.path.append(self.words.number(split(path_text(row.path))))
            file = f"{row.package}/{row.path}"
            self.facts.extend([self._number("package", row.package), self._number("language", row.language)])
            self.facts.extend([KINDS.index(row.kind), self._number("file", file)])

    def _number(self, what: str, value: str) -> int:
        known = self.numbers.setdefault(what, {})
        return known.setdefault(value, len(known))

    def save(self, folder: Path) -> None:
        """Write one file of arrays and one of names."""
        folder.mkdir(parents=True, exist_ok=True)
        arrays = {"counts": np.frombuffer(self.counts, np.uint8)}
        arrays["facts"] = np.frombuffer(self.facts, np.int32).reshape(-1, 4)
        for name in ("question", "symbol", "path", "code"):
            ragged: Ragged = getattr(self, name)
            arrays[name] = np.frombuffer(ragged.values, np.int32)
            arrays[f"{name}_ends"] = np.frombuffer(ragged.ends, np.int64)
        np.savez(folder / "pairs.npz", **arrays)
        names = {what: list(known) for what, known in self.numbers.items() if what != "file"}
        (folder / "names.json").write_text(json.dumps(names | {"words": list(self.words.ids)}))


def rows_of(folder: Path) -> Iterator[Row]:
    """Yield every mined pair, file by file, in a fixed order."""
    for path in sorted(folder.glob("*.jsonl")):
        with path.open() as lines:
            yield from (Row(*json.loads(line)) for line in lines)


def main(trees: list[str]) -> None:
    """Filter and number all pairs, and tell what was kept and what was not."""
    accepted = frozenset(key for key, verdict in licences.load().items() if verdict.accepted)
    chosen = Filter(accepted, Blocklist.load(), Contents.of_trees(map(Path, trees)))
    prepared, digest, batch = Prepared(), hashlib.sha256(), []
    tally: Counter[tuple[str, str]] = Counter()
    for row in rows_of(PAIRS):
        if chosen.passes(row):
            batch.append(row)
            tally["kind", row.kind] += 1
            tally["language", row.language] += 1
            digest.update(json.dumps(row).encode())
        if len(batch) == _BATCH:
            prepared.add(batch)
            batch = []
    prepared.add(batch)
    prepared.save(PREPARED)
    counts = {f"{what} {name}": number for (what, name), number in sorted(tally.items())}
    report = {
        "pairs": len(prepared.facts) // 4,
        "digest": digest.hexdigest(),
        "dropped": chosen.dropped,
        "kept": counts,
    }
    (PREPARED / "report.json").write_text(json.dumps(report, indent=1))
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main(sys.argv[1:])
