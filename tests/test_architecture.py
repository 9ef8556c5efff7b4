"""Hold the shape of the package: sizes, names, docstrings, and what start-up may import."""

from __future__ import annotations

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import leindex_mcp

PACKAGE = Path(leindex_mcp.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
FILE_LINES = 300
BODY_LINES = 40
FORBIDDEN_WORDS = {"utils", "util", "helpers", "helper", "manager", "common", "base", "misc"}
HEAVY = {
    *("lancedb", "pyarrow", "numpy", "torch", "transformers", "sentence_transformers", "pandas"),
    *("tree_sitter", "semble_grammars", "re2", "simsimd"),
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def relative(path: Path) -> str:
    """Name a module in a test id."""
    return path.relative_to(PACKAGE).as_posix()


def body_lines(function: Function) -> int:
    """Count the lines of a function body, its docstring apart."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    return 0 if not body else (function.end_lineno or 0) - body[0].lineno + 1


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_fits_on_a_few_screens_and_says_what_it_is(path: Path):
    """One page, one idea: the fences of the style guide."""
    source = path.read_text()
    tree = ast.parse(source)

    docstring = ast.get_docstring(tree)
    functions = [node for node in ast.walk(tree) if isinstance(node, Function)]
    too_long = {node.name: body_lines(node) for node in functions if body_lines(node) > BODY_LINES}

    assert len(source.splitlines()) <= FILE_LINES
    assert docstring, "the first line says which noun this module is"
    assert not too_long


@pytest.mark.parametrize("path", MODULES, ids=relative)
def test_a_module_is_named_after_a_noun_of_the_problem(path: Path):
    """A drawer for leftovers grows without end, so none may be opened."""
    words = {word for part in path.relative_to(PACKAGE).with_suffix("").parts for word in part.split("_")}

    assert not words & FORBIDDEN_WORDS


@pytest.mark.parametrize("path", [path for path in MODULES if path.name == "__init__.py"], ids=relative)
def test_every_promised_name_exists_and_is_documented(path: Path):
    """`__all__` is the list of what we promise; a promise without a docstring says nothing."""
    dotted = ".".join(["leindex_mcp", *path.relative_to(PACKAGE).parent.parts])
    module = importlib.import_module(dotted)

    promised = {name: getattr(module, name) for name in getattr(module, "__all__", ())}
    objects = {
        name: value for name, value in promised.items() if inspect.isroutine(value) or isinstance(value, type)
    }

    assert [name for name, value in objects.items() if not inspect.getdoc(value)] == []


def test_public_names_are_the_ones_the_guide_imports():
    """The package offers exactly what design and guide name."""
    expected = {
        "FileStatCache",
        "IndexReport",
        "LeIndex",
        "LeIndexError",
        "ParallelScanner",
        "PatternTrie",
        "SearchAnswer",
        "SearchHit",
        "Settings",
    }

    assert expected <= set(leindex_mcp.__all__)


@pytest.mark.parametrize(
    "statement",
    [
        "import leindex_mcp",
        "import leindex_mcp.cli",
        "import leindex_mcp.config.loading",
        "from leindex_mcp.server import make_server; make_server()",
    ],
)
def test_nothing_heavy_is_imported_before_the_first_tool_call(statement):
    """`initialize` is answered before anything that takes more than a moment to import is asked for."""
    loaded = modules_after(statement)

    assert loaded & HEAVY == set()


def modules_after(statement):
    """Run *statement* in a new interpreter and return the top-level modules it left loaded."""
    code = f"import sys\n{statement}\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())
