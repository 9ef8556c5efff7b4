"""LanceDB's engine is loaded alone, and gets along with the package that it belongs to."""

from __future__ import annotations

import subprocess
import sys

import pytest

from leindex_mcp.store import engine
from leindex_mcp.store.engine import _engine

_PROGRAM = """
import sys
from pathlib import Path
import pyarrow as pa
from leindex_mcp.store.engine import Database

rows = pa.table({"number": [1, 2, 3]})
database = Database(Path(sys.argv[1]))
database.create_table("rows", rows.schema)
table = database.open_table("rows")
table.add(rows)
table.delete("number = 2")
assert "lancedb" not in sys.modules
if sys.argv[2] == "package":
    import lancedb
    assert lancedb.connect(sys.argv[1]).open_table("rows").count_rows() == 2
table.checkout(2)
table.restore()
assert table.read(2).read_all().column("number").to_pylist() == [1, 2, 3]
"""


@pytest.mark.parametrize("beside", ["nothing", pytest.param("package", marks=pytest.mark.slow)])
def test_the_engine_needs_no_package_and_bears_it_beside(tmp_path, beside):
    """The package costs a CPU second; a program that has its own use for it may still import it."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(tmp_path), beside], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_an_engine_that_is_loaded_is_not_loaded_twice(monkeypatch):
    """Nor can it be; where it is missing, the name of what to install is said."""
    loaded = _engine()
    assert _engine.__wrapped__() is loaded

    monkeypatch.delitem(sys.modules, "lancedb._lancedb")
    monkeypatch.setattr(engine, "find_spec", lambda _name: None)
    with pytest.raises(ImportError, match="lancedb"):
        _engine.__wrapped__()
