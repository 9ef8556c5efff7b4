"""How far something is, on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leindex_mcp.turn import Progress


@contextmanager
def progress_bar() -> Iterator[Progress | None]:
    """Show a bar on stderr while something runs, if somebody is looking."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda done, total, doing: bar.update(task, completed=done, total=total, description=doing)
