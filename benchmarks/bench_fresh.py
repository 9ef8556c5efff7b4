"""What freshness costs: a look at a tree, the answer of a new process, and the next one after an edit."""

from __future__ import annotations

import argparse
import gc
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench_scan import bare_walk, scan
from corpus import make_corpus, questions
from measure import costs, interleaved, percentile, ratio, run, save, summary
from resident import Resident
from rival import Rival, add_arguments, find_rival

from leindex_mcp import LeIndex

_SETTLE_SECONDS = 2.1  # the coarsest clock of a file system


def looks(root: Path, rounds: int) -> dict[str, Any]:
    """Compare a look by proof with a scan and with a bare walk, in milliseconds of CPU time, by turns."""
    seen = scan(root)
    assert seen.proof is not None
    proof, known = seen.proof, [(record.relative, record.fingerprint) for record in seen.records]
    if proof.changed(known) != []:
        raise SystemExit("the tree changed under the measurement")
    contenders: dict[str, Callable[[], object]] = {
        "bare scandir walk": lambda: bare_walk(root),
        "scan": lambda: scan(root),
        "look": lambda: proof.changed(known),
    }
    spent: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds):
        turn = list(contenders.items())
        for name, work in turn if number % 2 else reversed(turn):
            spent[name].append(_cpu_ms(work))
    return {
        "files": len(known),
        "directories": len(proof.walked),
        "cpu_ms": {
            name: {"p50": round(percentile(values, 0.5), 2), "p99": round(percentile(values, 0.99), 2)}
            for name, values in spent.items()
        },
        "raw": spent,
    }


def _cpu_ms(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1e3


def searches(root: Path, home: Path, asked: list[str]) -> dict[str, Any]:
    """Tell what of a search is the look before it, in milliseconds of CPU time."""
    project = LeIndex(root, home=home)
    for question in asked[:10]:
        project.search(question)
    gc.collect()
    whole = [_cpu_ms(lambda question=question: project.search(question)) for question in asked]  # type: ignore[misc]
    alone = [_cpu_ms(project.freshen) for _ in asked]
    return {
        name: {"p50": round(percentile(values, 0.5), 2), "p99": round(percentile(values, 0.99), 2)}
        for name, values in (("search", whole), ("look alone", alone))
    }


def after_an_edit(ours: Resident, theirs: Resident, tree: Path, rounds: int) -> dict[str, Any]:
    """Edit one file, then ask both: the rival brings its index up to date first, as its server does."""
    dice = random.Random(rounds)
    files = sorted(tree.rglob("*.py"))
    spent: dict[str, list[float]] = {"ours": [], "theirs": []}
    for number in range(rounds + 1):
        edited = dice.choice(files)
        edited.write_text(f"{edited.read_text(errors='replace')}\n\ndef added_{number}():\n    return 1\n")
        time.sleep(_SETTLE_SECONDS)
        ours_ms = ours.search(f"added_{number}")["cpu_ms"]
        theirs_ms = theirs.update()["cpu_ms"] + theirs.search(f"added_{number}")["cpu_ms"]
        if number:  # the first one imports
            spent["ours"].append(ours_ms)
            spent["theirs"].append(theirs_ms)
    medians = {side: summary(values) for side, values in spent.items()}
    return {
        "cpu_ms": medians,
        "ratio": round(medians["ours"]["median"] / medians["theirs"]["median"], 4),
        "raw": spent,
    }


def of_a_new_process(tree: Path, rival: Rival, env: dict[str, str], rounds: int) -> dict[str, Any]:
    """Ask both command lines by turns, from their start to the answer, with an index on disk."""
    asked = questions(tree, 1, rounds)[0]
    samples = interleaved(
        {
            "ours": lambda: run([sys.executable, "-m", "leindex_mcp", "search", asked, str(tree)], env=env),
            "theirs": lambda: run([*rival.command("ask", str(tree)), asked], env=env),
        },
        rounds,
    )
    return {
        **{side: costs(each) for side, each in samples.items()},
        "ratio": ratio(samples["ours"], samples["theirs"]),
    }


def main() -> None:
    """Measure both, on copies: the changes are real."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 2_000, 10_000])
    parser.add_argument("--files", type=int, default=10_000, help="of the tree that is edited")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--edits", type=int, default=5)
    add_arguments(parser)
    arguments = parser.parse_args()
    rival = find_rival(arguments)
    result: dict[str, Any] = {"seed": arguments.seed, "looks": {}, "search": {}}
    with tempfile.TemporaryDirectory(prefix="leindex-bench-") as scratch, ExitStack() as stack:
        home = Path(scratch) / "home"
        for size in arguments.sizes:
            root = Path(make_corpus(size, arguments.seed).root)
            result["looks"][size] = figures = looks(root, arguments.rounds)
            print(f"{size:7} files: {figures['cpu_ms']}")
            if size <= 10_000:
                LeIndex(root, home=home).index()
                result["search"][size] = searches(root, home, questions(root, 60, arguments.seed))
                print(f"{'':14} {result['search'][size]}")
        tree = Path(scratch) / "tree"
        shutil.copytree(make_corpus(arguments.files, arguments.seed).root, tree, symlinks=True)
        env = {"LEINDEX_HOME": f"{scratch}/ours", "SEMBLE_CACHE_LOCATION": f"{scratch}/theirs"}
        run([sys.executable, "-m", "leindex_mcp", "index", str(tree)], env=env)
        subject = [sys.executable, str(Path(__file__).with_name("subject.py")), str(tree)]
        ours = stack.enter_context(Resident(subject, env))
        theirs = stack.enter_context(Resident(rival.command("serve", str(tree)), env))
        result["edited_files"] = arguments.files
        result["new_process"] = new = of_a_new_process(tree, rival, env, arguments.edits)
        print(f"a new process: {new['ours']['cpu_seconds']['median']} s = {new['ratio']['cpu_seconds']}")
        result["after_an_edit"] = edit = after_an_edit(ours, theirs, tree, arguments.edits)
        print(f"after an edit of {arguments.files} files: {edit['cpu_ms']} = {edit['ratio']}")
    save("fresh", result)


if __name__ == "__main__":
    main()
