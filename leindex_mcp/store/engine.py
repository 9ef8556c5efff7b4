"""LanceDB's engine, called without the Python package around it.

Importing `lancedb` takes a second of CPU and 65 MB: clients of its cloud, embedding functions, hundreds of
pydantic models. What a store needs is in one extension module, which takes a fiftieth of that; the wrapper
classes that are left out turn pandas frames and dictionaries into Arrow, and we have Arrow already.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")

_EXTENSION = "lancedb._lancedb"


class Database:
    """The tables in one directory."""

    def __init__(self, directory: Path) -> None:
        # Absolute always: a relative name that begins with `db_` is taken for a database in LanceDB's cloud.
        unused = [None] * 8
        self._connection = _wait(lambda: _engine().connect(str(directory.absolute()), *unused))

    def open_table(self, name: str) -> Table:
        """Return the table at its newest version."""
        return Table(_wait(lambda: self._connection.open_table(name)))

    def create_table(self, name: str, schema: pa.Schema) -> None:
        """Create an empty table."""
        _wait(lambda: self._connection.create_empty_table(name, "create", schema))


class Table:
    """One table, at its newest version until `checkout`."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401  # the extension has no types
        self._inner = inner

    @property
    def version(self) -> int:
        """Return the version that is open."""
        version: int = _wait(self._inner.version)
        return version

    def checkout(self, version: int) -> None:
        """Open another version; it cannot be written to."""
        _wait(lambda: self._inner.checkout(version))

    def restore(self) -> None:
        """Make a new version that equals the open one."""
        _wait(self._inner.restore)

    def delete(self, where: str) -> None:
        """Remove the rows that a filter in SQL holds for."""
        _wait(lambda: self._inner.delete(where))

    def count_rows(self) -> int:
        """Return the number of rows."""
        count: int = _wait(lambda: self._inner.count_rows(None))
        return count

    def add(self, rows: pa.Table) -> None:
        """Append rows."""
        self._add(_Scannable(rows.schema, rows.num_rows, rows.to_reader, rescannable=True))

    def add_from(self, rows: pa.RecordBatchReader) -> None:
        """Append rows that are read a piece at a time."""
        self._add(_Scannable(rows.schema, None, lambda: rows, rescannable=False))

    def read(self, batch_rows: int, columns: Sequence[str] | None = None) -> pa.RecordBatchReader:
        """Return the rows, all columns or these, at most so many at a time."""
        import pyarrow as pa

        query = self._inner.query()
        if columns is not None:
            query.select_columns(list(columns))
        stream = _wait(lambda: query.execute(max_batch_length=batch_rows, timeout=None))
        return pa.RecordBatchReader.from_batches(stream.schema, _batches(stream))

    def _add(self, rows: _Scannable) -> None:
        _wait(lambda: self._inner.add(rows, "append"))


@dataclass(frozen=True, slots=True)
class _Scannable:
    """Rows as the engine takes them; it reads these attributes."""

    schema: pa.Schema
    num_rows: int | None
    reader: Callable[[], pa.RecordBatchReader]
    rescannable: bool


def _batches(stream: AsyncIterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    while (batch := _wait(lambda: anext(stream, None))) is not None:
        yield batch


@cache
def _engine() -> Any:  # noqa: ANN401  # the extension has no types
    """Load the extension module alone, or return it where `lancedb` itself was imported before."""
    if _EXTENSION in sys.modules:
        return sys.modules[_EXTENSION]
    package = find_spec("lancedb")
    spec = PathFinder.find_spec(_EXTENSION, package.submodule_search_locations) if package else None
    if spec is None or spec.loader is None:
        raise ImportError(f"no module named {_EXTENSION}")
    # Registered: whoever imports `lancedb` afterwards must get the same module, it cannot be loaded twice.
    module = sys.modules[_EXTENSION] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Start the loop that the engine's answers come back to: it has no calls that wait."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="leindex-lancedb", daemon=True).start()
    return loop


def _wait(call: Callable[[], Awaitable[T]]) -> T:
    """Return what the call comes to; it is made inside the loop, as the engine demands."""

    async def waiting() -> T:
        return await call()

    return asyncio.run_coroutine_threadsafe(waiting(), _loop()).result()
