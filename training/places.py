"""Where the training steps keep their data."""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "sources"  #: one list of package names a registry
DATA = Path(
    os.environ.get("TRAINING_DATA", HERE / "data")
)  #: git-ignored; everything below can be made again
ARCHIVES = DATA / "archives"  #: ARCHIVES/<registry>/<file as the registry gave it>
LICENCES = DATA / "licences.json"
PAIRS = DATA / "pairs"  #: one JSON-lines file a package
PREPARED = DATA / "prepared"  #: the arrays that training reads
RUNS = DATA / "runs"  #: one folder a trained table
REGISTRIES = ("pypi", "pypi-source", "npm", "debian", "git")


def listed(registry: str) -> list[str]:
    """Return the package names of *registry*, without comments and blank lines, sorted."""
    lines = (SOURCES / f"{registry}.txt").read_text().splitlines()
    return sorted({line.strip() for line in lines if line.strip() and not line.startswith("#")})
