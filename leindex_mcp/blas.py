"""The threads of numpy's matrix products: one, for ours are many and small, and idle BLAS threads spin."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module

_PREFIXES = ("scipy_openblas", "openblas")  # numpy's own wheels, and builds against a system's OpenBLAS
_SUFFIXES = ("64_", "")
_LINKED = "numpy._core._multiarray_umath"  # a handle on it finds the symbols of what it links


@contextmanager
def one_thread() -> Iterator[None]:
    """Let BLAS use one thread until the block ends; blocks of several threads may overlap.

    On two busy cores two BLAS threads took 14 times the CPU for the products of indexing and 5 times for those of
    a search. Entering costs 3 µs.
    A BLAS that cannot be told is left as it is.
    """
    _limit.enter()
    try:
        yield
    finally:
        _limit.leave()


class _Limit:
    """A limit of the whole process: the first block sets it, the last one restores what was before."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0
        self._before = 1

    def enter(self) -> None:
        with self._lock:
            if self._blocks == 0:
                self._before = _openblas("get")()
                _openblas("set")(1)
            self._blocks += 1

    def leave(self) -> None:
        with self._lock:
            self._blocks -= 1
            if self._blocks == 0:
                _openblas("set")(self._before)


@cache
def _openblas(verb: str) -> Callable[..., int]:
    """Return `openblas_<verb>_num_threads` of the library that numpy links, or something harmless."""
    library = ctypes.CDLL(import_module(_LINKED).__file__)
    for name in [f"{prefix}_{verb}_num_threads{suffix}" for prefix in _PREFIXES for suffix in _SUFFIXES]:
        if hasattr(library, name):
            function: Callable[..., int] = getattr(library, name)
            return function
    return lambda *_: 1


_limit = _Limit()
