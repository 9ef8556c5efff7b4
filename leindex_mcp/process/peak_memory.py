"""The most memory that this process has taken."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    import resource


def peak_memory_bytes() -> int:
    """Return the largest resident set of this process so far; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
