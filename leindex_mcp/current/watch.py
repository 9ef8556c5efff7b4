"""The directories of one tree, watched by the system: it says which paths change, when it says so at all."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

if TYPE_CHECKING:
    from types import TracebackType

    from watchfiles._rust_notify import RustNotify

_STEP_MS: Final = 500  # how often the thread that waits looks up, and how long it gathers what comes at once
_GATHER_MS: Final = 2_000  # at most, while changes keep coming
_QUIET_MS: Final = 5_000  # after which it says that nothing came
_MODIFIED: Final = 2  # of `watchfiles.Change`

#: Where other machines write: the system hears only of what this one does.
_REMOTE: Final = frozenset(
    ["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "vboxsf", "ceph", "afs", "drvfs", "prl_fs"]
)


class Touched(NamedTuple):
    """A path that something happened to."""

    path: str  #: absolute
    is_entry: bool  #: it came or went; else its content or its status changed


class Watch:
    """What the system tells of some directories, not of those below them. Close it."""

    def __init__(self, notify: RustNotify) -> None:
        self._notify = notify
        self._is_stopped = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_stopped.set()  # the thread that waits ends within a step
        self._notify.close()

    def wait(self) -> frozenset[Touched] | None:
        """Return what changed; nothing after a few seconds of silence, None when it is over."""
        changes = self._notify.watch(_GATHER_MS, _STEP_MS, _QUIET_MS, self._is_stopped)
        if isinstance(changes, set):
            return frozenset(Touched(path, is_entry=kind != _MODIFIED) for kind, path in changes)
        return frozenset() if changes == "timeout" else None


def open_watch(root: Path, directories: Iterable[str]) -> Watch | None:
    """Watch directories of a tree; None where the system cannot, or does not hear of all changes.

    Args:
        root: Of the tree.
        directories: By relative path. Only Linux is told of each: elsewhere the root says all.
    """
    from watchfiles._rust_notify import RustNotify, WatchfilesRustInternalError  # noqa: PLC0415  # server only

    is_listed = sys.platform == "linux"
    if is_listed and _is_remote(root):
        return None
    paths = [str(root / directory) for directory in directories] if is_listed else [str(root)]
    try:
        notify = RustNotify(
            paths,
            debug=False,
            force_polling=False,
            poll_delay_ms=0,
            recursive=not is_listed,
            ignore_permission_denied=True,
        )
    except (OSError, WatchfilesRustInternalError):
        return None  # too many for the system, most often
    return Watch(notify)


def _is_remote(root: Path) -> bool:
    """Return whether the root lies on a file system that others may change."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
    except OSError:
        return False
    kind, length = "", -1
    for line in lines:
        before, _, after = line.partition(" - ")
        place = before.split(" ")[4].replace(r"\040", " ")
        if len(place) >= length and root.is_relative_to(place):
            kind, length = after.split(" ")[0], len(place)
    return kind in _REMOTE or kind.startswith("fuse.")
