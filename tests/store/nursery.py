"""A process that brings up steppers, each ready at once, to be killed; run as a script.

Importing Arrow costs a third of a second. It is imported here once, and LanceDB's engine is not: so there is
no thread of its own yet that a fork would lose.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

from store import stepper

_IMPORTED = ("numpy", "pyarrow.compute", "pyarrow.dataset")


def main() -> None:
    """Bring up a stepper for each line, an index directory; say its number, and when it is gone."""
    for name in _IMPORTED:
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
