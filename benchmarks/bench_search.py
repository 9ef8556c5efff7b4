"""Ask both indexes the same questions by turns, in process, and compare CPU time per answer."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections import Counter
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from corpus import make_corpus, questions
from measure import percentile, run, save
from resident import Resident
from rival import add_arguments, find_rival

_WARM_UP = 10  # questions that nobody counts: imports, page faults, first parse


def compare(
    ours: Resident, theirs: Resident, asked: list[str], tried: dict[str, dict[str, object]]
) -> dict[str, Any]:
    """Put every question to both, the order changing from one to the next, then under filters to ours."""
    samples: dict[str, list[dict[str, float]]] = {"ours": [], "theirs": []}
    sides = [("ours", ours), ("theirs", theirs)]
    for number, question in enumerate(asked):
        for name, side in sides if number % 2 else reversed(sides):
            cost = side.search(question)
            if number >= _WARM_UP:
                samples[name].append(cost)
    filtered: dict[str, list[dict[str, float]]] = {name: [] for name in tried}
    for question in asked[_WARM_UP:]:
        for name, chosen in tried.items():
            filtered[name].append(ours.search(question, **chosen))
    figures = {name: _figures(costs) for name, costs in samples.items()}
    return {
        **figures,
        "filtered": {name: _figures(costs) for name, costs in filtered.items()},
        "chunks": {"ours": ours.chunks, "theirs": theirs.chunks},
        **{
            f"ratio_{share}_{field.removesuffix('_ms')}": round(
                figures["ours"][field][share] / figures["theirs"][field][share], 4
            )
            for share in ("p50", "p99")
            for field in ("cpu_ms", "answer_ms")
        },
        "threads": os.environ.get("OPENBLAS_NUM_THREADS", "default"),
        "raw": samples,
    }


def _figures(costs: list[dict[str, float]]) -> dict[str, Any]:
    """Return p50 and p99 of every time that is known, in milliseconds, and the mean number of hits."""
    return {
        field: {name: round(percentile([cost[field] for cost in costs], share), 3) for name, share in _SHARES}
        for field in costs[0]
        if field.endswith("_ms")
    } | {"mean_hits": sum(cost["hits"] for cost in costs) / len(costs)}


def filters(tree: Path) -> dict[str, dict[str, object]]:
    """Return the filters that are tried: globs, a language, and the largest directory at the top."""
    sizes = Counter(path.relative_to(tree).parts[0] for path in tree.rglob("*.py"))
    return {
        "include": {"include": ["*.py"]},
        "exclude": {"exclude": ["**/tests/**", "*.md"]},
        "language": {"language": "python"},
        "subtree": {"subtree": sizes.most_common(1)[0][0]},
    }


_SHARES = (("p50", 0.5), ("p99", 0.99))


def main() -> None:
    """Build both indexes, then ask."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2500, help="2500 files are about 20,000 of our chunks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--tree", type=Path, help="search this directory instead")
    add_arguments(parser)
    arguments = parser.parse_args()
    rival = find_rival(arguments)
    corpus = None if arguments.tree else make_corpus(arguments.files, arguments.seed)
    tree = str(arguments.tree or corpus.root)
    asked = questions(Path(tree), arguments.questions + _WARM_UP, arguments.seed)
    with tempfile.TemporaryDirectory(prefix="leindex-bench-") as scratch, ExitStack() as stack:
        env = {"LEINDEX_HOME": f"{scratch}/ours", "SEMBLE_CACHE_LOCATION": f"{scratch}/theirs"}
        run([sys.executable, "-m", "leindex_mcp", "index", tree], env=env)
        subject = [sys.executable, str(Path(__file__).with_name("subject.py")), tree]
        ours = stack.enter_context(Resident(subject, env))
        theirs = stack.enter_context(Resident(rival.command("serve", tree), env))
        result = compare(ours, theirs, asked, filters(Path(tree)))
    result["corpus"] = asdict(corpus) if corpus else {"name": arguments.tree.name}
    result["corpus"].pop("root", None)
    print(json.dumps({key: value for key, value in result.items() if key not in {"raw", "corpus"}}, indent=1))
    threads = "" if result["threads"] == "default" else f"-{result['threads']}-thread"
    save(f"search-{arguments.tree.name if arguments.tree else arguments.files}{threads}", result)


if __name__ == "__main__":
    main()
