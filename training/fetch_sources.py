"""Download the listed packages with each registry's own client; what is there already is not fetched again.

`python -m training.fetch_sources [REGISTRY…]`. Repositories of git.txt are not fetched: clone them as
ARCHIVES/git/owner+name/repo. Nothing that is downloaded runs: wheels and tarballs are read, never installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from training.decontaminate import Blocklist
from training.places import ARCHIVES, listed

_PATIENCE_SECONDS = 200
_APT_SOURCES = """\
deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main
deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian trixie main
"""
#: pip asks a source archive's build backend for its metadata; this one reads it out and builds nothing
_BACKEND = """
import pathlib


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    text = pathlib.Path("PKG-INFO").read_text(errors="replace")
    lines = [line for line in text.splitlines() if line.startswith(("Name: ", "Version: "))]
    fields = dict(line.split(": ", 1) for line in lines)
    folder = f"{fields['Name'].replace('-', '_')}-{fields['Version']}.dist-info"
    pathlib.Path(metadata_directory, folder).mkdir()
    pathlib.Path(metadata_directory, folder, "METADATA").write_text(text)
    return folder
"""


def fetch_pypi(name: str, folder: Path) -> None:
    """Download one wheel without its dependencies."""
    _run([*_PIP, "--only-binary=:all:", name], folder)


def fetch_pypi_source(name: str, folder: Path) -> None:
    """Download one source archive built with maturin (Rust)."""
    with tempfile.TemporaryDirectory() as stub:
        Path(stub, "maturin.py").write_text(_BACKEND)
        command = [*_PIP, "--no-binary=:all:", "--no-build-isolation", name]
        _run(command, folder, environment={"PYTHONPATH": stub})


def fetch_npm(name: str, folder: Path) -> None:
    """Download one tarball."""
    _run(["npm", "pack", "--silent", name], folder)


def fetch_debian(name: str, folder: Path) -> None:
    """Download one source package, with lists of our own so that the machine's stay as they are."""
    apt = folder.parent / "apt"
    lists = apt / "lists" / "partial"
    if not lists.is_dir():
        lists.mkdir(parents=True)
        (apt / "sources.list").write_text(_APT_SOURCES)
        _run(["apt-get", *_apt_options(apt), "update"], folder)
    _run(["apt-get", *_apt_options(apt), "source", "--download-only", "-qq", name], folder)


def _apt_options(apt: Path) -> list[str]:
    places = {
        "Dir::Etc::SourceList": apt / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::State::Lists": apt / "lists",
        "Dir::Cache": apt / "cache",
    }
    return [word for key, place in places.items() for word in ("-o", f"{key}={place}")]


_PIP = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
_FETCHERS: dict[str, Callable[[str, Path], None]] = {
    "pypi": fetch_pypi,
    "pypi-source": fetch_pypi_source,
    "npm": fetch_npm,
    "debian": fetch_debian,
}


def _run(command: Sequence[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    subprocess.run(
        command, cwd=folder, env=os.environ | (environment or {}), check=True, timeout=_PATIENCE_SECONDS
    )


def main(registries: Sequence[str]) -> None:
    """Fetch what is listed and not blocked; a package that cannot be had is named and passed over."""
    blocklist = Blocklist.load()
    for registry in registries or _FETCHERS:
        folder = ARCHIVES / registry
        folder.mkdir(parents=True, exist_ok=True)
        for name in listed(registry):
            done = folder / f".{name.replace('/', '+')}.done"
            if done.exists() or blocklist.names_package(name):
                continue
            try:
                _FETCHERS[registry](name, folder)
                done.touch()
            except (subprocess.SubprocessError, OSError) as error:
                print(f"{registry}: {name} could not be had: {error}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
