"""A pause of Python's cycle collector, where very many objects and no cycles are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collections() -> Iterator[None]:
    """Keep the collector from going through the same living objects again and again.

    It costs a third of a large scan and of reading files. Two at once are harmless: the first to end turns it
    on again.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
