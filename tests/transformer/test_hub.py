"""Fetching a model: a hub of our own on this machine, and hubs that are not there."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from leindex_mcp.embed import hub, model_folder
from leindex_mcp.errors import EncoderError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(BaseHTTPRequestHandler):
    """The answers of a hub that has one model, `one/two`, with a pickle and code beside its weights."""

    folder: Path

    def do_HEAD(self):
        """Answer without the content."""
        self.answer(with_content=False)

    def do_GET(self):
        """Answer with the content."""
        self.answer(with_content=True)

    def answer(self, *, with_content):
        """Send what the path names."""
        path = self.path.partition("?")[0]
        content, headers = b"{}", {}
        names = sorted(file.name for file in self.folder.iterdir())
        if path.startswith("/api/models/one/two/tree"):
            files = [{"type": "file", "path": name, "oid": "0", "size": self.size(name)} for name in names]
            content = json.dumps(files).encode()
        elif path.startswith("/api/models/one/two"):
            siblings = [{"rfilename": name} for name in names]
            content = json.dumps({"id": "one/two", "sha": COMMIT, "siblings": siblings, "tags": []}).encode()
        elif path.startswith(f"/one/two/resolve/{COMMIT}/"):
            content = (self.folder / path.rpartition("/")[2]).read_bytes()
            headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": COMMIT}
        else:
            self.send_response(404)
            self.send_header("X-Error-Code", "RepoNotFound")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        self.send_response(200)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_content:
            self.wfile.write(content)

    def size(self, name):
        """Return the size of a file."""
        return (self.folder / name).stat().st_size

    def log_message(self, *_args):
        """Say nothing."""


@pytest.fixture
def endpoint(model_folder):
    """The address of a hub."""
    (model_folder / "pytorch_model.bin").write_bytes(b"a pickle")
    (model_folder / "modeling.py").write_text("raise SystemExit")
    Hub.folder = model_folder
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.transformers
def test_a_model_is_fetched_without_code_and_pickles_and_found_afterwards(endpoint, monkeypatch, tmp_path):
    """In a process of its own, as the command line does it: huggingface_hub reads its settings at import."""
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    command = [sys.executable, "-m", "leindex_mcp", "model", "fetch", "one/two"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    folder = model_folder.find("one/two")
    assert done.returncode == 0, done.stderr
    assert str(folder) in done.stdout
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    ]


@pytest.mark.transformers
def test_a_model_that_the_hub_does_not_have_is_one_sentence(endpoint, monkeypatch, tmp_path):
    """A typo in the name."""
    monkeypatch.setenv("HF_ENDPOINT", endpoint)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    command = [sys.executable, "-m", "leindex_mcp", "model", "fetch", "one/three"]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "the hub has no model one/three" in done.stderr


def test_a_hub_that_refuses_is_said_at_once():
    """Nobody listens at that port."""
    with pytest.raises(EncoderError, match=r"cannot be reached .*refused.*copy the model's folder"):
        hub.fetch("one/two", {"HF_ENDPOINT": "http://127.0.0.1:9"})


@pytest.mark.timeout(2)
def test_a_hub_that_says_nothing_is_given_up_within_two_seconds():
    """Left to itself, the hub's library tries for 70 seconds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"

        with pytest.raises(EncoderError, match="cannot be reached"):
            hub.fetch("one/two", {"HF_ENDPOINT": endpoint})


def test_what_is_no_hub_id_is_not_asked_for():
    """A path, or a name without its organisation."""
    with pytest.raises(EncoderError, match="pass ORGANISATION/NAME"):
        hub.fetch("all-MiniLM-L6-v2")
