"""Vectors by the text that they were made of, shared by all roots, worktrees, branches and clones.

Contract. A vector is found by the model's fingerprint and the digest of the exact text, so moving, renaming
or switching branches finds it again. SQLite's write-ahead log keeps the file whole whatever is killed, and
lets any number of processes read and write. Each row carries its own digest: a damaged one counts as absent.
What was used longest ago goes first when the file outgrows its limit.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import xxhash
from numpy.typing import NDArray

from leindex_mcp.errors import StoreError

logger = logging.getLogger("leindex.embed")

MAX_BYTES = 4_000_000_000  # five million vectors of 384 numbers
_SCHEMA = 1  # in the file's name: another release's file is left alone
_BUSY_SECONDS = 20.0  # how long a write waits for another process's
_KEYS_A_QUERY = 500
_DAY_SECONDS = 86_400
_DIGEST_BYTES = 8
_SHARE_KEPT = 0.9  # when room is made, some more is, so that it is not made at every write

_Result = TypeVar("_Result")

_TABLES = """
CREATE TABLE IF NOT EXISTS models (number INTEGER PRIMARY KEY, fingerprint TEXT UNIQUE, dim INTEGER);
CREATE TABLE IF NOT EXISTS vectors (
  model INTEGER, text BLOB, day INTEGER, vector BLOB, PRIMARY KEY (model, text)
);
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, note TEXT);
"""


class VectorCache:
    """The vectors in one file of *directory*.

    Args:
        directory: Made, for its owner alone, when first needed.
        max_bytes: What the file may hold.
        clock: Seconds since the epoch.
    """

    def __init__(
        self, directory: Path, *, max_bytes: int = MAX_BYTES, clock: Callable[[], float] = time.time
    ) -> None:
        self.path = directory / f"vectors-{_SCHEMA}.sqlite"
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None

    def dim(self, model: str) -> int | None:
        """Return the length of this model's vectors, or None where there is none yet."""
        row = self._first("SELECT dim FROM models WHERE fingerprint = ?", model)
        return None if row is None else int(row[0])

    def get(self, model: str, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float16]]:
        """Return the vectors that are there, by key.

        Raises:
            StoreError: The file cannot be read.
        """
        today = int(self._clock()) // _DAY_SECONDS
        return self._do(lambda connection: _found(connection, model, list(set(keys)), today))

    def add(self, model: str, vectors: Mapping[bytes, NDArray[np.float16]]) -> None:
        """Keep vectors, all of one length, by key.

        Raises:
            StoreError: The file cannot be written.
        """
        if not vectors:
            return
        today = int(self._clock()) // _DAY_SECONDS
        dim = len(next(iter(vectors.values())))

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR IGNORE INTO models (fingerprint, dim) VALUES (?, ?)", [model, dim])
            number = _number(connection, model)
            connection.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)",
                [(number, key, today, _sealed(key, vector)) for key, vector in vectors.items()],
            )
            self._make_room(connection)

        self._do(write)

    def note(self, name: str, text: str) -> None:
        """Keep a note for other processes to read."""
        self._do(
            lambda connection: connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", [name, text])
        )

    def noted(self, name: str) -> str | None:
        """Return the newest note of that name."""
        row = self._first("SELECT note FROM notes WHERE name = ?", name)
        return None if row is None else str(row[0])

    def has_room_for(self, vectors: int, dim: int) -> bool:
        """Return whether so many vectors fit at all: fewer would drive each other out."""
        row_bytes = dim * 2 + 100  # key, digest and the index's share
        return vectors * row_bytes <= self._max_bytes * _SHARE_KEPT

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    # ------------------------------------------------------------ the file

    def _first(self, query: str, argument: str) -> Any:  # noqa: ANN401  # a row of any shape, or None
        return self._do(lambda connection: connection.execute(query, [argument]).fetchone())

    def _do(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do something in one transaction; a file that proves damaged is begun anew, and it is done there."""
        with self._lock:
            try:
                try:
                    return self._once(work)
                except sqlite3.OperationalError:
                    raise
                except sqlite3.DatabaseError as error:
                    self._discard(error)
                    return self._once(work)
            except (sqlite3.DatabaseError, OSError) as error:
                raise StoreError(f"the vector cache {self.path} cannot be used: {error}") from error

    def _once(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        if self._connection is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, check_same_thread=False)
            # The log makes a killed writer harmless; after a power cut the last vectors may be missing.
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(_TABLES)
        with self._connection:
            return work(self._connection)

    def _discard(self, error: sqlite3.DatabaseError) -> None:
        """Remove a file that is no database any more: everything in it can be made again."""
        logger.warning("the vector cache %s is damaged (%s) and is begun anew", self.path, error)
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def _make_room(self, connection: sqlite3.Connection) -> None:
        """Remove what was used longest ago, when the file holds more than it may."""
        pages, free, page_bytes = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        held_bytes = (pages - free) * page_bytes
        if held_bytes <= self._max_bytes:
            return
        rows = connection.execute("SELECT count(*) FROM vectors").fetchone()[0]
        excess = int(rows * (1 - self._max_bytes * _SHARE_KEPT / held_bytes)) + 1
        connection.execute(
            "DELETE FROM vectors WHERE rowid IN (SELECT rowid FROM vectors ORDER BY day, rowid LIMIT ?)",
            [excess],
        )


def key_of(text: str) -> bytes:
    """Return what a text is found by: 16 bytes."""
    return xxhash.xxh3_128_digest(text.encode("utf-8", "surrogatepass"))


def _found(
    connection: sqlite3.Connection, model: str, keys: Sequence[bytes], today: int
) -> dict[bytes, NDArray[np.float16]]:
    """Return the vectors that are there, and note that they were used."""
    number = _number(connection, model)
    found: dict[bytes, NDArray[np.float16]] = {}
    for start in range(0, len(keys), _KEYS_A_QUERY):
        some = keys[start : start + _KEYS_A_QUERY]
        where = f"model = ? AND text IN ({','.join('?' * len(some))})"
        rows = connection.execute(f"SELECT text, day, vector FROM vectors WHERE {where}", [number, *some])  # noqa: S608
        old = []
        for key, day, blob in rows:
            if (vector := _opened(key, blob)) is not None:
                found[key] = vector
                old += [key] * (day < today)
        with suppress(sqlite3.OperationalError):  # a disk that is full, or may only be read
            connection.executemany(
                "UPDATE vectors SET day = ? WHERE model = ? AND text = ?",
                [(today, number, key) for key in old],
            )
    return found


def _number(connection: sqlite3.Connection, model: str) -> int | None:
    row = connection.execute("SELECT number FROM models WHERE fingerprint = ?", [model]).fetchone()
    return None if row is None else int(row[0])


def _sealed(key: bytes, vector: NDArray[np.float16]) -> bytes:
    content = vector.astype("<f2").tobytes()
    return content + xxhash.xxh3_64_digest(key + content)


def _opened(key: bytes, blob: bytes) -> NDArray[np.float16] | None:
    content, digest = blob[:-_DIGEST_BYTES], blob[-_DIGEST_BYTES:]
    return np.frombuffer(content, "<f2") if xxhash.xxh3_64_digest(key + content) == digest else None
