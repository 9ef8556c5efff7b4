"""`config` in the shell and as a tool: the same answers, and a model may do less than a person."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from mcp import Client

from leindex_mcp.config.loading import user_config_file
from leindex_mcp.server import make_server

BATCH = "performance.embeddings.batch_size"
WORKERS = "performance.parallel_processor.max_workers"


@pytest.fixture
def root(make_tree) -> Path:
    """A project with settings of its own."""
    return make_tree(
        {
            "a.py": "a = 1\n",
            "b/c.py": "c = 3\n",
            ".leindex.yaml": "performance:\n  embeddings:\n    batch_size: 5\n",
        }
    )


def run(*arguments: object, directory: Path, expected: int = 0) -> str:
    """Run a `config` command and return what it printed."""
    command = [sys.executable, "-m", "leindex_mcp", "config", *map(str, arguments)]
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == expected, done.stderr
    return done.stdout + done.stderr


def test_a_value_set_in_the_shell_holds_in_the_next_command(root, tmp_path):
    """`set` and `unset` change the user's own file, in a project or outside one."""
    (tmp_path / "elsewhere").mkdir()
    elsewhere = tmp_path / "elsewhere"

    changed = run("set", WORKERS, "2", directory=elsewhere)
    held = run("get", WORKERS, directory=root)
    back = run("unset", WORKERS, directory=elsewhere)

    assert changed == f"{WORKERS} was 4, is now 2 (file {user_config_file()}:3)\n"
    assert held.splitlines()[0] == f"{WORKERS}: 2  (file {user_config_file()}:3)"
    assert back == f"{WORKERS} was 2, is now 4 (default)\n"


def test_a_projects_file_is_shown_with_its_line(root):
    """`config get` names the file that decides."""
    assert run("get", BATCH, root, directory=root.parent).startswith(
        f"{BATCH}: 5  (file {root}/.leindex.yaml:3"
    )


def test_validate_prints_the_problems_and_exits_with_1(root):
    """A script can check a settings file before it is committed."""
    assert run("validate", directory=root) == "no problems\n"
    (root / ".leindex.yaml").write_text("performance:\n  profil: small\n")

    printed = run("validate", directory=root, expected=1)

    assert printed.startswith(f"problem: {root}/.leindex.yaml:2:3: unknown key `performance.profil`")


def test_a_mistake_is_one_line_on_stderr(root):
    """As every error that a caller can mend."""
    printed = run("set", BATCH, "many", directory=root, expected=2)

    assert printed == f'leindex-mcp: `{BATCH}` is "many", allowed: 1 to 4096 (texts a model call)\n'


@pytest.fixture(params=["legacy", "auto"])
async def client(request, root):
    """A client of a server in the project."""
    async with Client(make_server([root]), mode=request.param) as client:
        yield client


async def ask(client, **arguments) -> str:
    """Call the tool and return its text."""
    result = await client.call_tool("config", arguments)
    return result.content[0].text


async def test_a_model_sets_a_value_for_the_session_and_takes_it_back(client, root):
    """It holds for every project of the server until that stops, and stands above all files."""
    assert await ask(client, action="set", key=BATCH, value=8) == f"{BATCH} was 5, is now 8 (session)"
    assert f"{BATCH}: 8  (session" in await ask(client)
    (root.parent / "other").mkdir()
    assert f"{BATCH}: 8  (session" in await ask(client, path=str(root.parent / "other"))
    back = await ask(client, action="unset", key=BATCH)
    assert back == f"{BATCH} was 8, is now 5 (file {root}/.leindex.yaml:3)"
    assert not user_config_file().exists()


async def test_a_session_value_changes_what_the_next_run_does(client, root):
    """It is not a note: the pipeline reads it."""
    await ask(client, action="set", key="performance.parallel_scanner.timeout_seconds", value=0.000001)

    result = await client.call_tool("index", {})

    assert result.is_error
    assert "took longer than 1e-06 s" in result.content[0].text


async def test_a_model_keeps_a_value_for_the_user(client):
    """Performance keys are harmless; the user's file is written for them."""
    await ask(client, action="set", key=WORKERS, value=2, scope="user")

    assert user_config_file().read_text() == "performance:\n  parallel_processor:\n    max_workers: 2\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"action": "set", "key": "allowed_roots", "value": ["/"]}, "`allowed_roots` decides what is read"),
        ({"action": "set", "key": BATCH, "value": 0}, f"`{BATCH}` is 0, allowed: 1 to 4096"),
        ({"action": "set", "key": BATCH}, "`set` needs a `value`"),
        ({"action": "get"}, "`get` needs a `key`"),
        ({"action": "get", "key": "batch"}, "unknown key `batch`"),
        (
            {"action": "set", "key": BATCH, "value": 8, "scope": "world"},
            "scope: Input should be 'session' or 'user'",
        ),
        ({"action": "explode"}, "action: Input should be 'show', 'get', 'set', 'unset' or 'validate'"),
    ],
)
async def test_what_cannot_be_done_is_said(client, arguments, sentence):
    """The sentence says what is allowed, or who may."""
    result = await client.call_tool("config", arguments)

    assert result.is_error
    assert sentence in result.content[0].text
