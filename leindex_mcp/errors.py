"""The errors a caller can act on; each builds a sentence that says what to do."""

from __future__ import annotations

import os
from pathlib import Path

_SHOWN_LENGTH = 300  # of what a caller sent


class LeIndexError(Exception):
    """Base of every error that leindex raises on purpose; its text is meant for the caller."""


class RootNotFoundError(LeIndexError):
    """Raised when the root is missing or is not a directory."""

    def __init__(self, root: Path | str) -> None:
        # os.path: a path that the system cannot even look up is no file, and no error
        problem = "is a file, not a directory" if os.path.isfile(root) else "does not exist"  # noqa: PTH113
        super().__init__(f"{str(root)[:_SHOWN_LENGTH]} {problem}: pass the path of a project directory")


class RootRefusedError(LeIndexError):
    """Raised when the root is too wide, or outside the allowed roots."""

    def __init__(self, root: Path | str, reason: str) -> None:
        super().__init__(f"{root} is refused as a root ({reason}): pass the path of one project")


class NoRootError(LeIndexError):
    """Raised when no root was passed and none can be told from the surroundings."""

    def __init__(self) -> None:
        super().__init__(
            "no project is known: pass `path`, or start the server with --root PATH or LEINDEX_ROOT=PATH"
        )


class RootVanishedError(LeIndexError):
    """Raised when an indexed root is suddenly gone or empty; the index is kept."""

    def __init__(self, root: Path | str, files: int) -> None:
        super().__init__(
            f"{root} is empty or gone, but {files} files of it are indexed: nothing was removed; "
            "if the files are really gone, index again with force"
        )


class QueryError(LeIndexError):
    """Raised when a question, a filter or a limit cannot be used."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)


class SettingsError(LeIndexError):
    """Raised when a setting is unknown, of the wrong type, or out of range."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)


class StoreError(LeIndexError):
    """Raised when the index cannot be read or written."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)


class DiskFullError(StoreError):
    """Raised before a write for which the disk has no room."""

    def __init__(self, directory: Path | str, *, needed_bytes: int, free_bytes: int) -> None:
        super().__init__(
            f"writing the index in {directory} takes about {needed_bytes:,} bytes and {free_bytes:,} are "
            "free: free some space, or set LEINDEX_HOME to a directory on another disk"
        )


class IndexTooLargeError(StoreError):
    """Raised when a project has more files, or needs more room, than one index may have."""

    def __init__(self, directory: Path | str, problem: str) -> None:
        super().__init__(
            f"the index in {directory} would be too large ({problem}): "
            "index a part of the project, or exclude directories in .leindexignore"
        )


class IndexDamagedError(StoreError):
    """Raised when the stored index differs from what its `HEAD` record promises."""

    def __init__(self, directory: Path | str, problem: str) -> None:
        super().__init__(f"the index in {directory} is damaged ({problem}): index again with force")
        self.problem = problem


class IndexGoneError(StoreError):
    """Raised when there is no index, or the directory of it was removed or replaced while open."""

    def __init__(self, directory: Path | str) -> None:
        super().__init__(f"{directory} holds no index, or was replaced while open: index the project")


class IndexBusyError(StoreError):
    """Raised when another process, or another thread, is writing this index."""

    def __init__(
        self, directory: Path | str, *, pid: int | None = None, done: int = 0, total: int | None = None
    ) -> None:
        who = "another process" if pid is None else f"process {pid}"
        how_far = "" if total is None else f" ({done} of {total} files)"
        super().__init__(
            f"{who} is writing the index in {directory}{how_far}: try again when it has finished"
        )
        self.pid = pid
        self.done = done  #: files the writer has done
        self.total = total  #: files the writer expects to do, once it has said so


class IndexSchemaError(StoreError):
    """Raised when another release of leindex wrote the index in a form that this one does not read."""

    def __init__(self, directory: Path | str, *, found: int, known: int) -> None:
        newer = found > known
        remedy = "update leindex, or set LEINDEX_HOME to another directory" if newer else "index again"
        super().__init__(f"the index in {directory} has schema {found}, this release knows {known}: {remedy}")
        self.found = found
        self.known = known


class SnapshotGoneError(StoreError):
    """Raised when a pinned snapshot was cleaned up before its columns were read."""

    def __init__(self, directory: Path | str) -> None:
        super().__init__(f"the index in {directory} has moved on since it was opened: ask again")


class EncoderError(LeIndexError):
    """Raised when an embedding model cannot be loaded or used."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)


class EncoderBusyError(EncoderError):
    """Raised when a model needs more time for a question than an answer waits for it."""

    def __init__(self, *, is_loading: bool) -> None:
        super().__init__(f"the model is {'still loading' if is_loading else 'busy'}: ask again in a moment")


class ScanTimeoutError(LeIndexError):
    """Raised when a scan outlasts `performance.parallel_scanner.timeout_seconds`."""

    def __init__(self, root: Path | str, timeout_seconds: float) -> None:
        super().__init__(
            f"scanning {root} took longer than {timeout_seconds:g} s: nothing was removed; "
            "raise performance.parallel_scanner.timeout_seconds or exclude directories"
        )
