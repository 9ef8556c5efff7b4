"""Index a tree from nothing, again, and after three changes: ours against semble."""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from corpus import make_corpus
from measure import Sample, costs, interleaved, ratio, run, save, summary
from resident import Resident
from rival import Rival, add_arguments, find_rival

# A file written a moment ago may change again within one clock tick, so an honest index reads it twice.
_SETTLE_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Duel:
    """One tree, the rival, and a directory where each side keeps its indexes."""

    tree: Path
    rival: Rival
    homes: Path

    def ours(self, home: str = "kept") -> Sample:
        """Index the tree with the command a user would type."""
        command = [sys.executable, "-m", "leindex_mcp", "index", str(self.tree), "--json"]
        return run(command, env={"LEINDEX_HOME": str(self.homes / f"ours-{home}")})

    def theirs(self, home: str = "kept") -> Sample:
        """Index the tree with semble and keep the index where its own command line keeps it."""
        env = {"SEMBLE_CACHE_LOCATION": str(self.homes / f"theirs-{home}"), "TQDM_DISABLE": "1"}
        return run(self.rival.command("index", str(self.tree)), env=env)

    def residents(self) -> tuple[Resident, Resident]:
        """Open both indexes in processes that stay, as servers do."""
        subject = [sys.executable, str(Path(__file__).with_name("subject.py")), str(self.tree)]
        ours = Resident(subject, {"LEINDEX_HOME": str(self.homes / "ours-kept")})
        env = {"SEMBLE_CACHE_LOCATION": str(self.homes / "theirs-kept")}
        return ours, Resident(self.rival.command("serve", str(self.tree)), env)

    def from_nothing(self, side: str) -> Sample:
        """Index without any earlier index; the index stays for the runs that follow."""
        shutil.rmtree(self.homes / f"{side}-kept", ignore_errors=True)
        return self.ours() if side == "ours" else self.theirs()


def compare(duel: Duel, rounds: int, seed: int) -> dict[str, Any]:
    """Run the three scenes by turns and return costs, ratios and coverage."""
    first = interleaved({side: _first(duel, side) for side in ("ours", "theirs")}, rounds)
    covered = coverage(duel, first["ours"][-1], first["theirs"][-1])
    scenes = {"first": first}
    scenes["unchanged"] = interleaved({"ours": duel.ours, "theirs": duel.theirs}, rounds)
    scenes["three_changes"] = {"ours": [], "theirs": []}
    dice = random.Random(seed)
    for _ in range(rounds):
        change_three_files(duel.tree, dice)
        for side, sample in interleaved({"ours": duel.ours, "theirs": duel.theirs}, 1).items():
            scenes["three_changes"][side] += sample
    return {
        "scenes": {name: _scene(scene) for name, scene in scenes.items()},
        "live_changes": live_changes(duel, rounds, dice),
        "coverage": covered,
        "reports": {name: _report(scene["ours"][-1]) for name, scene in scenes.items()},
    }


def live_changes(duel: Duel, rounds: int, dice: random.Random) -> dict[str, Any]:
    """Change three files under two running servers, and return the CPU of bringing each up to date.

    A round that is not counted comes first: the first write of a server imports its database.
    """
    samples: dict[str, list[dict[str, float]]] = {"ours": [], "theirs": []}
    with ExitStack() as stack:
        ours, theirs = (stack.enter_context(resident) for resident in duel.residents())
        for number in range(rounds + 1):
            change_three_files(duel.tree, dice)
            costs_now = {"ours": ours.update(), "theirs": theirs.update()}
            for side, cost in costs_now.items() if number else ():
                samples[side].append(cost)
    cpu = {side: summary([cost["cpu_ms"] for cost in costs]) for side, costs in samples.items()}
    return {
        "cpu_ms": cpu,
        "ratio": round(cpu["ours"]["median"] / cpu["theirs"]["median"], 4),
        "raw": samples,
    }


def change_three_files(tree: Path, dice: random.Random) -> None:
    """Edit one Python file, rename another, delete a third."""
    files = sorted(path for path in tree.rglob("*.py") if "generated" not in path.parts)
    edited, renamed, deleted = dice.sample(files, 3)
    edited.write_text(
        edited.read_text(errors="replace") + "\n\ndef added_by_the_benchmark():\n    return 1\n"
    )
    renamed.rename(renamed.with_name(f"renamed_{renamed.name}"))
    deleted.unlink()


def coverage(duel: Duel, ours: Sample, theirs: Sample) -> dict[str, Any]:
    """Compare what each side indexed on the untouched tree."""
    listed = run([sys.executable, "-m", "leindex_mcp", "files", str(duel.tree)])
    our_paths = set(listed.output.splitlines())
    rival = json.loads(theirs.output)
    return {
        "ours": {"files": len(our_paths), "bytes": _report(ours).get("bytes_read")},
        "theirs": {"files": rival["files"], "bytes": rival["bytes"], "chunks": rival["chunks"]},
        "share_of_theirs_covered": round(len(our_paths & set(rival["paths"])) / len(rival["paths"]), 5),
        "missing": sorted(set(rival["paths"]) - our_paths)[:20],
    }


def print_table(result: dict[str, Any]) -> None:
    """Print what a reader wants first."""
    for name, scene in result["scenes"].items():
        ours, theirs = scene["ours"], scene["theirs"]
        print(
            f"{name:14} CPU {ours['cpu_seconds']['median']:7.2f} s / {theirs['cpu_seconds']['median']:7.2f} s"
            f" = {scene['ratio']['cpu_seconds']:.3f}   peak {ours['peak_mb']['median']:6.0f} MB"
            f" / {theirs['peak_mb']['median']:6.0f} MB = {scene['ratio']['peak_bytes']:.3f}"
            f"   wall {scene['ratio']['wall_seconds']:.3f}"
        )
        print(f"{'':14} {result['reports'][name]}")
    live = result["live_changes"]
    medians = {side: round(figures["median"], 1) for side, figures in live["cpu_ms"].items()}
    print(f"live changes   CPU ms {medians} = {live['ratio']:.3f}")
    print({key: value for key, value in result["coverage"].items() if key != "missing" or value})


def _first(duel: Duel, side: str) -> Callable[[], Sample]:
    """Return the first index of one side as something to measure."""
    return lambda: duel.from_nothing(side)


def _scene(samples: dict[str, list[Sample]]) -> dict[str, Any]:
    """Return costs of both sides with their ratio."""
    return {
        "ours": costs(samples["ours"]),
        "theirs": costs(samples["theirs"]),
        "ratio": ratio(samples["ours"], samples["theirs"]),
    }


def _report(sample: Sample) -> dict[str, Any]:
    """Read the report of our own command."""
    report: dict[str, Any] = json.loads(sample.output)
    return {key: value for key, value in report.items() if key not in {"skipped", "root"}}


def main() -> None:
    """Measure on a copy of the tree, for the changes are real."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tree", type=Path, help="measure on a copy of this directory instead")
    parser.add_argument("--rounds", type=int, default=3)
    add_arguments(parser)
    arguments = parser.parse_args()
    rival = find_rival(arguments)
    with tempfile.TemporaryDirectory(prefix="leindex-bench-") as scratch:
        corpus = None if arguments.tree else make_corpus(arguments.files, arguments.seed)
        tree = Path(scratch) / "tree"
        shutil.copytree(arguments.tree or corpus.root, tree, symlinks=True)
        time.sleep(_SETTLE_SECONDS)
        result = compare(Duel(tree, rival, Path(scratch)), arguments.rounds, arguments.seed)
    result["corpus"] = asdict(corpus) if corpus else {"name": arguments.tree.name}
    result["corpus"].pop("root", None)
    print_table(result)
    save(f"index-{arguments.tree.name if arguments.tree else arguments.files}", result)


if __name__ == "__main__":
    main()
