"""The turn to write: one process has it at a time, the others hear how far it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
from anyio import to_thread

from leindex_mcp.errors import IndexBusyError
from leindex_mcp.store import Store, Writer

Progress = Callable[[int, int | None, str], None]
"""Files done, files to do if known, and what is going on; may be called from any thread."""

_BUSY_POLL_SECONDS = 0.1  # how often a waiting process looks whether the writer has finished


@asynccontextmanager
async def turn(store: Store, tell: Progress) -> AsyncIterator[Writer]:
    """Hold the writer lock; while another process has it, pass on that one's progress."""
    while True:
        try:
            writer = await to_thread.run_sync(store.writer)
            break
        except IndexBusyError:
            if other := store.progress():
                tell(other.done, other.total, f"waiting for process {other.pid}")
            await anyio.sleep(_BUSY_POLL_SECONDS)
    try:
        yield writer
    finally:
        writer.close()
