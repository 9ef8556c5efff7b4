"""A coroutine, run to its end by code that is not asynchronous."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import anyio

T = TypeVar("T")


def run_to_end(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, also when this thread is already running an event loop."""

    async def waiting() -> T:
        return await work

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return anyio.run(waiting)
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(anyio.run, waiting).result()
