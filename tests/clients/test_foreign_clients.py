"""MCP clients that nobody here wrote can use the server: the protocol is what they say it is.

`package-lock.json` pins the clients from npm; `npm ci` installs them on the first run.
Without npm they are skipped.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import anyio
import pytest
from filelock import FileLock
from mcp import Client, StdioServerParameters

HERE = Path(__file__).parent
SERVER = str(Path(sysconfig.get_path("scripts")) / "leindex-mcp")
TOOLS = ["config", "index", "search", "stats"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def project(tmp_path) -> Path:
    """A project of two files, one of which answers the question."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "login.py").write_text("def authenticate(user):\n    '''The authentication flow.'''\n")
    (root / "other.py").write_text("def unrelated():\n    pass\n")
    return root


@pytest.fixture
def modules(tmp_path_factory) -> Path:
    """The clients from npm, installed once."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed")
    with FileLock(Path(tempfile.gettempdir()) / "leindex-client-tests.lock"):
        done = HERE / "node_modules" / ".package-lock.json"
        if not done.exists() or done.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
            run([npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], HERE)
    return HERE / "node_modules"


def run(command: list[str | Path], directory: Path) -> str:
    """Run a client to its end and return what it printed."""
    done = subprocess.run(
        command,
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_the_typescript_client_lists_calls_cancels_and_gets_errors(modules, project):
    """Most clients are built on the TypeScript SDK."""
    script = HERE / "session.mjs"

    seen = json.loads(run(["node", script, SERVER, "serve", "--root", str(project)], HERE))

    assert seen["server"] == "leindex"
    assert seen["tools"] == TOOLS
    assert "2 files" in seen["index"]["text"]
    assert "login.py:1-2" in seen["search"]["text"]
    assert f"root: {project}" in seen["stats"]["text"]
    assert "performance.parallel_processor.batch_size: 100  (default)" in seen["config"]["text"]
    assert seen["error"] == {
        "text": "`search` has no argument `limits`: did you mean `limit`?",
        "isError": True,
    }
    assert [name for name in ("index", "search", "stats", "config") if seen[name]["isError"]] == []
    assert seen["progress"]
    assert seen["cancelled"] == "cancelled"
    assert "login.py:1-2" in seen["afterwards"]["text"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--method", "tools/list"], '"name": "search"'),
        (["--method", "tools/call", "--tool-name", "index"], "2 files"),
        (
            ["--method", "tools/call", "--tool-name", "search", "--tool-arg", "query=authentication flow"],
            "login.py:1-2",
        ),
        (["--method", "tools/call", "--tool-name", "stats"], "state: "),
        (["--method", "tools/call", "--tool-name", "config"], "allowed_roots: []"),
        (
            ["--method", "tools/call", "--tool-name", "search", "--tool-arg", "query=x", "limit=0"],
            '"isError": true',
        ),
    ],
    ids=["tools/list", "index", "search", "stats", "config", "error"],
)
def test_the_inspector_calls_every_tool(modules, project, arguments, expected):
    """The inspector is what people debug a server with; `--cli` prints the raw result."""
    inspector = modules / ".bin" / "mcp-inspector"

    printed = run([inspector, "--cli", SERVER, "serve", "--root", str(project), *arguments], HERE)

    assert expected in printed


def test_gemini_connects(modules, project, home):
    """A host reads its own settings file and says whether the server answered."""
    server = {"leindex": {"command": SERVER, "args": ["serve"]}}
    (project / ".gemini").mkdir()
    (project / ".gemini" / "settings.json").write_text(json.dumps({"mcpServers": server}))
    (home / ".gemini").mkdir()
    (home / ".gemini" / "trustedFolders.json").write_text(json.dumps({str(project): "TRUST_FOLDER"}))

    gemini = [modules / ".bin" / "gemini", "mcp", "list"]
    done = subprocess.run(gemini, cwd=project, capture_output=True, text=True, check=False, timeout=120)

    printed = done.stdout + done.stderr
    assert "leindex" in printed
    assert "Connected" in printed


def test_fastmcp_calls_every_tool(project):
    """Another client in Python, with its own idea of a session."""
    if importlib.util.find_spec("fastmcp") is None:
        sentence = "fastmcp is not installed: pip install -e '.[test-clients]'"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)

    script = HERE / "fastmcp_session.py"
    seen = json.loads(run([sys.executable, script, SERVER, "serve", "--root", str(project)], HERE))

    assert seen["tools"] == TOOLS
    assert "2 files" in seen["index"]
    assert "login.py:1-2" in seen["search"]
    assert "state: fresh" in seen["stats"]
    assert "allowed_roots: []" in seen["config"]
    assert (seen["is_error"], "did you mean `limit`?" in seen["error"]) == (True, True)


def test_the_command_of_the_example_starts_the_server(project):
    """`mcp.json.example` is started as a client would, with the installed package in place of uvx."""
    entry = json.loads((HERE.parent.parent / "mcp.json.example").read_text())["mcpServers"]["leindex"]
    assert [entry["command"], entry["args"][0]] == ["uvx", "leindex-mcp"]
    server = StdioServerParameters(
        command=SERVER, args=[*entry["args"][1:], "--root", str(project)], env=dict(os.environ)
    )

    async def names() -> list[str]:
        async with Client(server) as client:
            return sorted(tool.name for tool in (await client.list_tools()).tools)

    assert anyio.run(names) == TOOLS
