"""Score sixty questions of our own, and store the score that the tests hold the ranking to.

    python benchmarks/own_questions.py

They ask about this repository and about two of the packages that its tests need, pinned in `pyproject.toml`.
The questions stand in `tests/quality`, in the format of `annotated.py`.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from measure import REPOSITORY
from quality import measure, summarise

QUESTIONS = REPOSITORY / "tests" / "quality"
SCORES = QUESTIONS / "scores.json"
NAMES = json.loads((QUESTIONS / "split.json").read_text())["own"]
VERSIONS = {"hatchling": "1.33.0", "import-linter": "2.16"}
_MODULES = {"hatchling": "hatchling", "import-linter": "importlinter"}
_OWN = ("leindex_mcp", "docs", "benchmarks", "tests")
_SKIPPED = shutil.ignore_patterns(
    "__pycache__", "quality", "results", "*.pyc"
)  # the questions themselves, too


def lay_out(trees: Path) -> None:
    """Copy what is asked about, as it is installed and checked out here.

    Raises:
        RuntimeError: A package is not there in the version that the questions were written for.
    """
    for part in _OWN:
        shutil.copytree(REPOSITORY / part, trees / "leindex-mcp" / part, ignore=_SKIPPED)
    for name, module in _MODULES.items():
        spec = find_spec(module)
        if (
            spec is None
            or metadata.version(name) != VERSIONS[name]
            or spec.submodule_search_locations is None
        ):
            raise RuntimeError(f"the questions are about {name} {VERSIONS[name]}: run pip install -e .[test]")
        shutil.copytree(spec.submodule_search_locations[0], trees / name, ignore=_SKIPPED)


def score(trees: Path) -> dict[str, Any]:
    """Return NDCG@10 of all questions, by kind, by tree and question by question."""
    rows = measure(QUESTIONS, trees, NAMES, "hybrid")
    found = summarise(rows)
    of_each = {
        name: [round(row["ndcg"], 3) for row in rows if row["repo"] == name]
        for name in sorted(found["repos"])
    }
    return {
        "ndcg": round(found["ndcg"], 4),
        "kinds": {kind: round(value, 4) for kind, value in found["category"].items()},
        "trees": {name: round(value, 4) for name, value in found["repos"].items()},
        "questions": of_each,
    }


def lost(now: Mapping[str, Any], before: Mapping[str, Any]) -> list[str]:
    """Return the questions that scored more before, each with both scores."""
    lines = []
    for name in NAMES:
        asked = json.loads((QUESTIONS / "annotations" / f"{name}.json").read_text())
        scores = zip(asked, now["questions"][name], before["questions"].get(name, ()), strict=False)
        lines += [f"{name}: {item['query']} {was} -> {is_}" for item, is_, was in scores if is_ < was]
    return lines


def main() -> None:
    """Measure, tell what was lost, and store."""
    with tempfile.TemporaryDirectory(prefix="leindex-own-") as folder:
        os.environ["LEINDEX_HOME"] = f"{folder}/home"
        lay_out(Path(folder) / "trees")
        now = score(Path(folder) / "trees")
    if SCORES.exists():
        print("\n".join(lost(now, json.loads(SCORES.read_text()))))
    SCORES.write_text(json.dumps(now, indent=1) + "\n")
    print(f"NDCG@10 {now['ndcg']}, {now['kinds']} -> {SCORES.relative_to(REPOSITORY)}")


if __name__ == "__main__":
    main()
