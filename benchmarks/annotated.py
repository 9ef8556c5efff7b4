"""Annotated questions, and what an answer to one is worth: NDCG@10 and the tokens until the first right hit.

A set is a directory with `repos.json` (name, language, benchmark_root), `split.json` (name of a set to names
of repositories) and `annotations/<name>.json` (query, category, relevant and secondary targets; a target is a
path, or a path with a span of lines).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

DEPTH = 10
_CHARACTERS_PER_TOKEN = 4


class Target(NamedTuple):
    """Where an answer is: a path, or some lines of it."""

    path: str
    start_line: int = 1
    end_line: int = 1 << 30

    def is_covered_by(self, path: str, start_line: int, end_line: int) -> bool:
        """Tell whether a hit shows it: one path ends with the other, and the lines overlap."""
        same = path == self.path or path.endswith("/" + self.path) or self.path.endswith("/" + path)
        return same and start_line <= self.end_line and end_line >= self.start_line


class Question(NamedTuple):
    """One annotated question."""

    text: str
    category: str
    targets: list[Target]

    def is_stem_free(self) -> bool:
        """Tell whether it shares no word of four letters with the file name of a target."""
        asked = _words(self.text)
        stems = [Path(target.path).stem for target in self.targets]
        return not any(_words(stem) & asked or stem.lower() in self.text.lower() for stem in stems)


def load(data: Path, name: str) -> list[Question]:
    """Read the questions about one repository."""
    return [
        Question(
            item["query"],
            item.get("category") or "other",
            [_target(raw) for raw in [*item.get("relevant", []), *item.get("secondary", [])]],
        )
        for item in json.loads((data / "annotations" / f"{name}.json").read_text())
    ]


def ndcg(ranks: Sequence[int | None]) -> float:
    """Return NDCG@10 of the ranks at which targets were found; a rank earns once, for all that it shows."""
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(DEPTH, len(ranks)) + 1))
    return sum(1 / math.log2(rank + 1) for rank in set(ranks) - {None}) / ideal


def score(question: Question, hits: Sequence[Any], rendered: str) -> dict[str, Any]:
    """Score one answer: `ndcg`, the rank of the first right hit, and the tokens up to it."""
    places = [(hit.path, hit.start_line, hit.end_line) for hit in hits[:DEPTH]]
    ranks = [
        next((rank for rank, place in enumerate(places, 1) if target.is_covered_by(*place)), None)
        for target in question.targets
    ]
    first = min((rank for rank in ranks if rank is not None), default=None)
    return {
        "category": question.category,
        "stem_free": question.is_stem_free(),
        "ndcg": ndcg(ranks),
        "first": first,
        "recall": sum(rank is not None for rank in ranks) / len(ranks),
        "tokens": math.ceil(len(rendered) / _CHARACTERS_PER_TOKEN),
        "tokens_to_first": _tokens_until(rendered, first),
    }


def _target(raw: str | dict[str, Any]) -> Target:
    if isinstance(raw, str):
        return Target(raw)
    span = raw.get("start_line"), raw.get("end_line")
    return Target(raw["path"]) if None in span else Target(raw["path"], *map(int, span))


def _words(text: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", text) if len(word) >= 4}


def _tokens_until(rendered: str, rank: int | None) -> int | None:
    """Count the tokens of an answer up to and including the hit at a rank; hits are parted by blank lines."""
    if rank is None:
        return None
    read = "\n\n".join(rendered.split("\n\n")[:rank])
    return math.ceil(len(read) / _CHARACTERS_PER_TOKEN)
