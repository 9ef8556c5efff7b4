"""A process that brings up steppers, each ready within a third of a second, to be killed; run as a script.

Importing LanceDB costs more than a second. Here all that it imports, but nothing of it, is imported once:
then there is no thread of its own yet that a fork would lose, and each child has only the rest to import.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

from store import stepper

_IMPORTED_BY_LANCEDB = "lance_namespace numpy pyarrow.compute pyarrow.dataset pydantic tqdm urllib3".split()


def main() -> None:
    """Bring up a stepper for each line, an index directory; say its number, and when it is gone."""
    for name in _IMPORTED_BY_LANCEDB:
        import_module(name)
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()  # noqa: TID251  # before anything of LanceDB is imported
        if child == 0:
            stepper.go_on(Path(line.rstrip("\n")), 10**9)
            os._exit(0)
        stepper.say(f"child {child}")
        os.waitpid(child, 0)
        stepper.say("gone")


if __name__ == "__main__":
    main()
