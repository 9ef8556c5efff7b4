"""Whether the files that `HEAD` names are as they were written: LanceDB itself has no checksums."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from leindex_mcp.errors import IndexDamagedError
from leindex_mcp.store.disk import digest, reading_errors
from leindex_mcp.store.snapshot import DataFile

_REMEMBERED = 10_000  # files; an index that is swept has a few hundred


class Verifier:
    """Compares files with what `HEAD` says of them; reads each once as long as it stays untouched."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._verified: dict[DataFile, tuple[int, int, int]] = {}

    def require_sizes(self, data: Iterable[DataFile]) -> None:
        """Raise `IndexDamagedError` for a file that is missing or of another size; about 2 µs a file."""
        for file in data:
            self._status(file)

    def require_content(self, data: Iterable[DataFile]) -> None:
        """Raise `IndexDamagedError` for a file with a byte that is not as it was written."""
        for file in data:
            mark = _mark(self._status(file))
            if self._verified.get(file) != mark:
                self._require_digest(file)
                if len(self._verified) >= _REMEMBERED:  # a server that runs for months
                    self._verified.clear()
                self._verified[file] = mark

    def are_untouched(self, data: Iterable[DataFile]) -> bool:
        """Return whether nobody wrote to these files since they were found right; a file may be gone.

        No content is read: about 2 µs a file.
        """
        directory = os.fspath(self._directory)
        for file in data:
            try:
                mark = _mark(os.stat(f"{directory}/{file.path}"))  # noqa: PTH116  # a Path costs three times that
            except FileNotFoundError:
                continue  # whoever has mapped it keeps it
            except OSError:
                return False
            if self._verified.get(file) != mark:
                return False
        return True

    def problems(self, data: Iterable[DataFile]) -> Iterator[str]:
        """Yield what is wrong with each file, reading all of them."""
        for file in data:
            try:
                self._status(file)
                self._require_digest(file)
            except IndexDamagedError as damage:
                yield damage.problem

    def _status(self, file: DataFile) -> os.stat_result:
        with reading_errors(self._directory, file.path):
            status = (self._directory / file.path).stat()
        if status.st_size != file.size_bytes:
            found = f"{status.st_size} bytes instead of {file.size_bytes}"
            raise IndexDamagedError(self._directory, f"{file.path}: {found}")
        return status

    def _require_digest(self, file: DataFile) -> None:
        with reading_errors(self._directory, file.path):
            found = digest(self._directory / file.path)
        if found != file.digest:
            raise IndexDamagedError(self._directory, f"{file.path}: content differs from its digest")


def _mark(status: os.stat_result) -> tuple[int, int, int]:
    """Return what tells whether a file was written to; its change time cannot be set back."""
    return status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def describe(directory: Path, paths: Iterable[Path]) -> tuple[DataFile, ...]:
    """Return the entries that `HEAD` is to hold for these files."""
    return tuple(
        DataFile(path.relative_to(directory).as_posix(), path.stat().st_size, digest(path)) for path in paths
    )
