"""A program that stays open with one index and answers a line at a time, as a server does."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any, Self


class Resident:
    """A running `subject.py` or `rival_semble.py`; its first line says how many chunks it has."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **env},
        )
        self.chunks: int = self._read()["chunks"]

    def search(self, question: str, **filters: object) -> dict[str, float]:
        """Put one question; return `cpu_ms`, `answer_ms` (without what is told apart), `wall_ms`, `hits`."""
        return self._ask({"query": question, **filters})

    def update(self) -> dict[str, float]:
        """Bring the index up to date; return `cpu_ms`, `wall_ms` and `files`, those in it now."""
        return self._ask(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def _ask(self, request: dict[str, object] | None) -> dict[str, float]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args} ended")
        answer: dict[str, Any] = json.loads(line)
        return answer
