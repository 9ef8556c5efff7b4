"""The errors a caller can act on; each builds a sentence that says what to do."""

from __future__ import annotations

from pathlib import Path


class LeIndexError(Exception):
    """Base of every error that leindex raises on purpose; its text is meant for the caller."""


class RootNotFoundError(LeIndexError):
    """Raised when the root is missing or is not a directory."""

    def __init__(self, root: Path | str) -> None:
        problem = "is a file, not a directory" if Path(root).is_file() else "does not exist"
        super().__init__(f"{root} {problem}: pass the path of a project directory")


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


class IndexDamagedError(StoreError):
    """Raised when the stored index differs from what its `HEAD` record promises."""

    def __init__(self, directory: Path | str, problem: str) -> None:
        super().__init__(f"the index in {directory} is damaged ({problem}): index again with force")


class IndexGoneError(StoreError):
    """Raised when the index directory was removed or replaced while open."""

    def __init__(self, directory: Path | str) -> None:
        super().__init__(f"the index directory {directory} was removed or replaced: index the project again")


class IndexBusyError(StoreError):
    """Raised when another process is writing this index."""

    def __init__(self, directory: Path | str) -> None:
        super().__init__(
            f"another process is writing the index in {directory}: try again when it has finished"
        )


class EncoderError(LeIndexError):
    """Raised when an embedding model cannot be loaded or used."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)


class ScanTimeoutError(LeIndexError):
    """Raised when a scan outlasts `performance.parallel_scanner.timeout_seconds`."""

    def __init__(self, root: Path | str, timeout_seconds: float) -> None:
        super().__init__(
            f"scanning {root} took longer than {timeout_seconds:g} s: nothing was removed; "
            "raise performance.parallel_scanner.timeout_seconds or exclude directories"
        )
