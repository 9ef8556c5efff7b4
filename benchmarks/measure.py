"""Fair measurements: whole processes, by turns, in CPU time, with the machine written down."""

from __future__ import annotations

import datetime as dt
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).resolve().parent / "results"
REPOSITORY = RESULTS.parent.parent
_RECORDED_PACKAGES = (
    "leindex-mcp",
    "lancedb",
    "pyarrow",
    "numpy",
    "simsimd",
    "mcp",
    "torch",
    "sentence-transformers",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """What one run of one program cost."""

    wall_seconds: float
    cpu_seconds: float  #: user and system time of the process and the children it waited for
    peak_bytes: int  #: largest resident set of any one process of the run; helpers are not added up
    output: str = ""  #: what it printed


def run(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> Sample:
    """Run a program to its end and return what it cost.

    A child's peak counts from the fork, so it is at least this process's own size: keep imports here small.

    Raises:
        RuntimeError: The program failed; the message ends with what it wrote to stderr.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        started = time.perf_counter()
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=_environment(env)
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if child.returncode:
            raise RuntimeError(
                f"{' '.join(command)} exited {child.returncode}: {err.read().decode()[-2000:]}"
            )
        peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
        return Sample(wall, usage.ru_utime + usage.ru_stime, peak, out.read().decode())


def interleaved(contenders: Mapping[str, Callable[[], Sample]], rounds: int) -> dict[str, list[Sample]]:
    """Measure every contender once a round, so that a slow minute of the machine hits all of them."""
    samples: dict[str, list[Sample]] = {name: [] for name in contenders}
    for number in range(rounds):
        turn = list(contenders.items())
        for name, measure in turn if number % 2 == 0 else reversed(turn):
            samples[name].append(measure())
    return samples


def summary(values: Sequence[float]) -> dict[str, float]:
    """Return median, least, largest and number of the values."""
    return {
        "median": statistics.median(values),
        "min": min(values),
        "max": max(values),
        "n": len(values),
    }


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which *share* (0..1) of the values lie, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def costs(samples: Sequence[Sample]) -> dict[str, Any]:
    """Return the medians of some runs of one program, and the raw figures."""
    return {
        "cpu_seconds": summary([sample.cpu_seconds for sample in samples]),
        "wall_seconds": summary([sample.wall_seconds for sample in samples]),
        "peak_mb": summary([sample.peak_bytes / 1e6 for sample in samples]),
        "raw": [
            {name: value for name, value in asdict(sample).items() if name != "output"} for sample in samples
        ],
    }


def ratio(ours: Sequence[Sample], theirs: Sequence[Sample]) -> dict[str, float]:
    """Return our median cost over theirs; below 1 we are cheaper."""
    return {
        field: round(
            statistics.median(getattr(sample, field) for sample in ours)
            / statistics.median(getattr(sample, field) for sample in theirs),
            4,
        )
        for field in ("cpu_seconds", "wall_seconds", "peak_bytes")
    }


def machine() -> dict[str, Any]:
    """Describe where and with what this was measured."""
    versions = {}
    for name in _RECORDED_PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "load_average": os.getloadavg(),
        "python": platform.python_version(),
        "packages": versions,
    }


def save(name: str, result: Mapping[str, Any]) -> Path:
    """Write a result as `<date>-<host>-<sha12>-<name>.json` and return its path."""
    sha = _git("rev-parse", "--short=12", "HEAD")
    payload = {
        "name": name,
        "commit": sha,
        "clean": _git("status", "--porcelain", "--", "leindex_mcp") == "",
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        **result,
    }
    RESULTS.mkdir(exist_ok=True)
    host = f"{platform.system().lower()}-{platform.machine()}-{os.cpu_count()}core"
    path = RESULTS / f"{payload['date'][:10]}-{host}-{sha}-{name}.json"
    path.write_text(json.dumps(payload, indent=1) + "\n")
    print(f"-> {path.relative_to(REPOSITORY)}")
    return path


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    """Return the environment of a measured program: ours, without what would steer the product.

    An installed package has its bytecode, so a checkout may write its own.
    """
    steering = ("LEINDEX_", "PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    return {**inherited, **(extra or {})}


def _processor() -> str:
    """Name the processor as the system knows it."""
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _git(*arguments: str) -> str:
    """Ask git about this repository."""
    return subprocess.run(
        ["git", "-C", str(REPOSITORY), *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()
