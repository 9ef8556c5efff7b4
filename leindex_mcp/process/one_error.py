"""The one error of ours that stopped a task group, in place of the group."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import anyio

from leindex_mcp.errors import LeIndexError


@contextmanager
def one_error() -> Iterator[None]:
    """Raise the error of ours that stopped the stages, instead of the group that anyio made of it.

    A stage that fails closes its streams, so its neighbours fail with `BrokenResourceError`: echoes.
    A group with any other error in it is a bug of ours and passes as it is.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        causes = [error for error in _leaves(group) if not isinstance(error, anyio.BrokenResourceError)]
        if causes and all(isinstance(error, LeIndexError) for error in causes):
            raise causes[0] from group
        raise


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    """Yield the errors of a group and of the groups in it."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
