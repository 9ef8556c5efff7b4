"""BLAS runs on one thread inside a block and on what it had before outside."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from leindex_mcp.blas import one_thread

threadpoolctl = pytest.importorskip("threadpoolctl", reason="the oracle: it reads the setting of any BLAS")


def blas_threads():
    """Say how many threads each loaded BLAS may use."""
    return {
        library["num_threads"] for library in threadpoolctl.threadpool_info() if library["user_api"] == "blas"
    }


@pytest.fixture(autouse=True)
def two_threads():
    """Start from two threads, whatever the machine has."""
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        if blas_threads() != {2}:
            pytest.skip("this BLAS cannot be told how many threads to use")
        yield


def test_a_block_has_one_thread_and_gives_the_others_back():
    """Two idle BLAS threads on two busy cores cost 14 times the CPU of the product itself."""
    with one_thread():
        inside = blas_threads()

    assert inside == {1}
    assert blas_threads() == {2}


def test_blocks_that_overlap_keep_one_thread_until_the_last_one_ends():
    """The limit is the process's: a block that ends must not take it from one that still runs."""
    first_entered, first_may_leave = threading.Event(), threading.Event()

    def hold() -> None:
        with one_thread():
            first_entered.set()
            first_may_leave.wait(5)

    first = threading.Thread(target=hold)
    first.start()
    assert first_entered.wait(5)
    with one_thread():
        first_may_leave.set()
        first.join(5)
        after_first = blas_threads()

    assert after_first == {1}
    assert blas_threads() == {2}


def test_an_error_in_a_block_gives_the_threads_back():
    """A failed product must not slow the rest of the user's process."""
    with pytest.raises(ValueError, match="mismatch"), one_thread():
        np.ones((2, 3)) @ np.ones((2, 3))

    assert blas_threads() == {2}
