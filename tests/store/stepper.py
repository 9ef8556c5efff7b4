"""A process that takes an index from step to step until it is killed; run as a script.

Step n of the life of a project touches a few of its files, and now and then adds or removes one, so what an
index must hold after it is a function of n alone. The process says `writing` before its first write, and n
once step n is to be seen.
"""

from __future__ import annotations

import sys
from itertools import count
from pathlib import Path

import numpy as np
from store.batches import Model, batch, contents, start

from leindex_mcp.store import Store, Writer

FILES = 20
REBUILD_EVERY = 11
FINISH_EVERY = 4


def project(step: int) -> Model:
    """Return the generation of every file after *step*: the last step that touched it."""
    files = {f"src/{number}.py": max(0, last_touch(number, step)) for number in range(FILES)}
    if step % 3 == 0:
        files["comes and goes"] = step
    return files


def last_touch(number: int, step: int) -> int:
    """Return the newest step up to *step* that touched this file: each step touches every fifth file."""
    return step - (step - number) % 5


def step_of(files: Model) -> int:
    """Return the step whose project this is; fails for what is no project at all."""
    step = max(files.values())
    # Nothing but the file that comes and goes may have been touched by the newest step.
    assert project(step) == files, f"no step leaves {files}"
    return step


def advance(writer: Writer, step: int, *, rebuild: bool) -> None:
    """Bring the index to *step*, in two commits if it is rebuilt."""
    stored = start(writer, rebuild=rebuild)
    goal = project(step)
    changed = {relative: at for relative, at in goal.items() if stored.get(relative) != at}
    beside = writer.head is not None and (rebuild or writer.head.building is not None)
    if beside:
        half = dict(list(changed.items())[: len(changed) // 2])
        writer.commit(batch(half))
    writer.commit(batch(changed, removed=stored.keys() - goal.keys()))
    if beside or step % FINISH_EVERY == 0:
        writer.finish()
        writer.publish_view({"numbers": np.arange(step)})


def say(what: object) -> None:
    """Tell the process that started this one, at once."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def go_on(directory: Path, until: int) -> None:
    """Go on from where the index is."""
    ticks = count(step=601)
    told: list[str] = []

    def at(point: str) -> None:
        if not told and point.startswith(("chunks.", "files.")):
            told.append(point)
            say("writing")

    store = Store(directory, at=at, clock=lambda: float(next(ticks)))
    seen = step_of(contents(store.pin())) if store.exists() else 0
    for step in range(seen + 1, until):
        with store.writer(wait_seconds=60) as writer:
            advance(writer, step, rebuild=step % REBUILD_EVERY == 0)
        say(step)


if __name__ == "__main__":
    go_on(Path(sys.argv[1]), int(sys.argv[2]))
