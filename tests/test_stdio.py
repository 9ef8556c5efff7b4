"""The server as a client starts it: a process, a pipe, and nothing but JSON-RPC on it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(90)  # every test starts processes, and a busy machine takes its time

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 0,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "t", "version": "1"},
    },
}


class Wire:
    """One server process, a line of JSON at a time."""

    def __init__(self, root: Path) -> None:
        command = [sys.executable, "-m", "leindex_mcp", "--root", str(root)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def send(self, line: str | dict) -> None:
        """Write a line, without waiting."""
        text = line if isinstance(line, str) else json.dumps(line)
        self.process.stdin.write(text.encode() + b"\n")
        self.process.stdin.flush()

    def receive(self) -> dict:
        """Read the next message; anything else than JSON fails the test."""
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        """Kill the server and close the pipes."""
        self.process.kill()
        self.process.communicate()

    def ask(self, line: str | dict) -> dict:
        """Write a line and read the next message."""
        self.send(line)
        return self.receive()


@pytest.fixture
def wire(make_tree) -> Iterator[Wire]:
    """A server on a small project, its handshake done."""
    wire = Wire(make_tree({"walk.py": "def walk_tree(root):\n    return root\n"}))
    assert wire.ask(INITIALIZE)["result"]["serverInfo"]["name"] == "leindex"
    wire.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
    yield wire
    wire.close()


def search(query_json: str, number: int) -> str:
    """Return a call of `search` whose query is given as JSON, so that it may be odd."""
    return (
        f'{{"jsonrpc":"2.0","id":{number},"method":"tools/call",'
        f'"params":{{"name":"search","arguments":{{"query":{query_json}}}}}}}'
    )


@pytest.mark.parametrize(
    "query", ['"walk tree"', '"walk \\ud800 tree"', '"walk\\u0000tree"', '"walk \\udfff\\ud83d\\ude00 tree"']
)
def test_every_readable_request_is_answered(wire, query):
    """Half a surrogate pair in an argument used to leave the client waiting for ever."""
    reply = wire.ask(search(query, 1))

    assert reply["id"] == 1
    assert "walk.py:1-2" in reply["result"]["content"][0]["text"]


def test_a_garbled_line_does_not_stop_the_server(wire):
    """The next request is answered as if nothing had been."""
    for line in ("garbage", "", "[]", "null", '{"jsonrpc":"2.0"', "\ufeff{}"):
        wire.send(line)

    tools = wire.ask({"jsonrpc": "2.0", "id": 9, "method": "tools/list"})["result"]["tools"]
    assert len(tools) == 4


def test_the_end_of_stdin_ends_the_server(wire):
    """Clients go away without a word."""
    rest, _ = wire.process.communicate(timeout=10)

    assert (wire.process.returncode, rest) == (0, b"")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_at_once(wire, number):
    """Also while stdin is open; the exit status names the signal, as shells do."""
    wire.process.send_signal(number)

    assert wire.process.wait(timeout=10) == 128 + number


def test_two_servers_share_one_index(make_tree):
    """Clients start two copies; the second one finds what the first one indexed."""
    root = make_tree({"walk.py": "def walk_tree(root):\n    return root\n"})
    wires = [Wire(root), Wire(root)]
    for wire in wires:
        wire.send(INITIALIZE)
    for wire in wires:
        wire.receive()
        wire.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        wire.send(search('"walk tree"', 1))

    answers = [wire.receive()["result"]["content"][0]["text"] for wire in wires]

    for wire in wires:
        wire.close()
    assert answers[0] == answers[1]
    assert len(list(Path(os.environ["LEINDEX_HOME"]).iterdir())) == 1
