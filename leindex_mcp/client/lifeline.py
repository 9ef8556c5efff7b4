"""The client's life: a server that has lost its client ends, whatever it is doing.

Contract. The index on disk is whole at every moment, so a process may end at any. What says that the client
is gone: stdin ends, or the parent process dies. The second is needed when somebody else holds stdin open.
Linux could send a signal then (`PR_SET_PDEATHSIG`), but at the death of the thread that started us, not of
the process; asking who the parent is works on every POSIX system. On Windows stdin alone decides.
"""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

_GRACE_SECONDS = 0.5  # after the end of stdin, for answers that are being written
_LOOK_SECONDS = 0.5
_LAUNCHERS = {"uv", "uvx"}  # run one command and wait for it, so their parent is the client


def end_with_client() -> None:
    """End the process at a signal, and soon after its parent, or the parent of its launcher, has died."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda received, _frame: os._exit(128 + received))
    threading.Thread(target=_watch, args=[_parents()], name="lifeline", daemon=True).start()


def end_soon() -> None:
    """End the process in a moment if it has not ended by itself: a thread may be long in native code."""
    timer = threading.Timer(_GRACE_SECONDS, end)
    timer.daemon = True
    timer.start()


def end() -> None:
    """End the process now: the interpreter would wait for threads, and free what the system frees."""
    os._exit(0)


def _watch(line: list[int]) -> None:
    never = threading.Event()
    while _stands(line):
        never.wait(_LOOK_SECONDS)
    end()


def _parents() -> list[int]:
    """Return the process ids from our parent up to the first that is no launcher."""
    line = [os.getppid()]
    with suppress(OSError):  # no /proc, or none that we may read: the parent alone, then
        while _status(line[-1])[0] in _LAUNCHERS:
            line.append(_status(line[-1])[1])
    return line


def _stands(line: list[int]) -> bool:
    """Return whether every parent of that line is still what it was; a process without one gets another."""
    if os.getppid() != line[0]:
        return False
    try:
        return all(_status(child)[1] == parent for child, parent in pairwise(line))
    except (FileNotFoundError, ProcessLookupError):
        return False
    except OSError:  # out of descriptors, perhaps: that says nothing of the client
        return True


def _status(process: int) -> tuple[str, int]:
    """Return the name and the parent of a process."""
    text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace")
    name, _, rest = text.partition("(")[2].rpartition(")")
    return name, int(rest.split()[1])
