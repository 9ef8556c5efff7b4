"""Multiply a matrix of bytes by a vector in every way there is, by turns; compare CPU time and error."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from contextlib import suppress

import numpy as np
from measure import save, summary
from numpy.typing import NDArray

from leindex_mcp.search.dense import Vectors

Products = NDArray[np.float32]
_BLOCK_ROWS = 2048  # 2 MB as float32, which stays in the cache


def by_blocks(vectors: Vectors, vector: Products) -> Products:
    """Convert block after block, and multiply without BLAS."""
    found = np.empty(len(vectors.rows), np.float32)
    buffer = np.empty((_BLOCK_ROWS, len(vector)), np.float32)
    for start in range(0, len(found), _BLOCK_ROWS):
        part = vectors.rows[start : start + _BLOCK_ROWS]
        np.copyto(buffer[: len(part)], part)
        np.vecdot(buffer[: len(part)], vector, out=found[start : start + _BLOCK_ROWS])
    return found * vectors.scales


def by_blas(vectors: Vectors, vector: Products) -> Products:
    """Convert all and let BLAS multiply, in the threads that it likes."""
    return (vectors.rows.astype(np.float32) @ vector) * vectors.scales


def contenders() -> dict[str, Callable[[Vectors, Products], Products]]:
    """Return each way that is installed here."""
    found = {"ours": Vectors.dot, "blocks": by_blocks, "blas": by_blas}
    with suppress(ImportError):
        import numkong

        def by_numkong(vectors: Vectors, vector: Products) -> Products:
            """Take one byte of each number only: two would take twice as long."""
            largest = np.abs(vector).max()
            digits = np.rint(vector * (127 / largest)).astype(np.int8)[None]
            sums = np.asarray(numkong.cdist(vectors.rows, digits, metric="dot"))[:, 0]
            return (sums * (largest / 127) * vectors.scales).astype(np.float32)

        found["numkong, one byte"] = by_numkong
    return found


def main() -> None:
    """Roll the rows, then multiply once a round."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--dim", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    dice = np.random.default_rng(1)
    drawn = dice.normal(size=(arguments.rows + 1, arguments.dim)).astype(np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    vectors, vector = Vectors.of(drawn[1:].astype(np.float16)), drawn[0]
    exact = vectors.rows.astype(np.float64) @ vector.astype(np.float64) * vectors.scales
    times: dict[str, list[float]] = {name: [] for name in contenders()}
    errors = {}
    for _ in range(arguments.rounds):
        for name, multiply in contenders().items():
            before = time.process_time()
            products = multiply(vectors, vector)
            times[name].append((time.process_time() - before) * 1e3)
            errors[name] = float(np.abs(products - exact).max())
    result = {
        "rows": arguments.rows,
        "dim": arguments.dim,
        "cpu_ms": {name: summary(values) for name, values in times.items()},
        "largest_error": errors,
        "raw": times,
    }
    print(json.dumps({name: value for name, value in result.items() if name != "raw"}, indent=1))
    save("products", result)


if __name__ == "__main__":
    main()
