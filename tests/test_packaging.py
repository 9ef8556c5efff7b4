"""The wheel holds what a user needs, asks for no torch, and starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Build the wheel with the backend that is installed, so that no network is needed."""
    directory = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(directory), str(REPOSITORY)], check=True)
    (built,) = directory.glob("leindex_mcp-*.whl")
    return built


def test_the_wheel_holds_the_package_and_nothing_else(wheel):
    """Type information travels; tests and benchmarks do not land in site-packages."""
    names = zipfile.ZipFile(wheel).namelist()

    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}

    assert tops == {"leindex_mcp"}
    assert "leindex_mcp/py.typed" in names
    assert not [name for name in names if "__pycache__" in name]


def test_a_plain_install_asks_for_no_torch(wheel):
    """Torch is 3 GB on Linux, and clients give a server 30 to 60 seconds to start."""
    archive = zipfile.ZipFile(wheel)
    (path,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    requires = Parser().parsestr(archive.read(path).decode()).get_all("Requires-Dist", [])

    plain = {requirement.split(";")[0] for requirement in requires if "extra ==" not in requirement}

    assert plain
    assert not [name for name in plain if name.startswith(("torch", "sentence", "transformers", "pandas"))]


def test_the_installed_wheel_answers_initialize_without_torch(wheel, tmp_path):
    """The wheel alone is on the path, and torch cannot be imported even where it is installed."""
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site)]
    subprocess.run([*install, str(wheel)], check=True)
    (site / "torch.py").write_text("raise ImportError('torch is not part of a plain install')\n")

    with subprocess.Popen(
        [sys.executable, "-m", "leindex_mcp", "serve"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        server.stdin.write(json.dumps(INITIALIZE) + "\n")
        server.stdin.flush()
        reply = json.loads(server.stdout.readline())
        server.stdin.close()

    assert reply["result"]["serverInfo"]["name"].startswith("leindex")
    assert server.returncode == 0
