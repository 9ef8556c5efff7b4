"""What a process can run out of, told from the error that it got: a user can mend that, we cannot."""

from __future__ import annotations

import errno
import os

from leindex_mcp.errors import LeIndexError

REMEDIES = {
    errno.EMFILE: "raise the limit of open files (ulimit -n)",
    errno.ENFILE: "close other programs",
    errno.ENOMEM: "close other programs, or raise the limit of memory (ulimit -v)",
    errno.EAGAIN: "close other programs, or raise the limit of threads (ulimit -u)",
}
# The loader of native libraries, and the starter of threads, keep the number to themselves.
_SAID = {
    "failed to map segment": errno.ENOMEM,
    "cannot allocate memory": errno.ENOMEM,
    "too many open files": errno.EMFILE,
    "can't start new thread": errno.EAGAIN,
}


def sentence_of(error: BaseException | None) -> str | None:
    """Return what a user can do about an error, ours or a shortage; None for any other."""
    if isinstance(error, LeIndexError):
        return str(error)
    number = errno_of(error)
    return f"{os.strerror(number)}: {REMEDIES[number]}" if number in REMEDIES else None


def errno_of(error: BaseException | None) -> int | None:
    """Return the system's number for the error, also where it comes as text, or within a group."""
    if isinstance(error, MemoryError):
        return errno.ENOMEM
    if isinstance(error, OSError):
        return error.errno
    if isinstance(error, ImportError | RuntimeError):
        said = str(error).lower()
        return next((number for words, number in _SAID.items() if words in said), None)
    if isinstance(error, BaseExceptionGroup):
        return next(filter(None, map(errno_of, error.exceptions)), None)
    return None
