"""What shows, stat by stat, that a tree still is as a scan saw it, without listing it again."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from leindex_mcp.records import FileRecord, Fingerprint
from leindex_mcp.scan.git_config import user_config_files, user_git_directory
from leindex_mcp.scan.sight import Evidence, Sight, sight_of


@dataclass(frozen=True, slots=True)
class Proof:
    """That a scan would find the same paths, and which of their files it would find changed.

    An entry that comes, goes or changes its kind changes the time of its directory; a rule that changes, or
    appears where one may stand, changes a file that was noted; a file that was too large keeps its size. So
    when all of these look as they did, nothing but the content of known files can differ.
    """

    root: Path
    max_file_size: int
    walked: Mapping[str, Sight]  #: directories by relative path; the root is "."
    too_large: Mapping[str, Sight]  #: files by relative path
    evidence: Evidence
    git_places: tuple[Path, ...]  #: where the user's rules stood, as the environment said

    def changed(self, files: Iterable[tuple[str, tuple[int, ...]]]) -> list[FileRecord] | None:
        """Return the files that differ, as they are now; None when only a scan can tell what changed.

        Args:
            files: Every file that the scan found: relative path and fingerprint. O(files) stats.
        """
        if not self.evidence.stands() or self.git_places != git_places():
            return None
        try:
            root = os.open(self.root, os.O_RDONLY)
        except OSError:
            return None
        try:
            return self._changed(root, files) if self._paths_stand(root) else None
        except (OSError, ValueError):
            return None  # something is gone
        finally:
            os.close(root)

    def _paths_stand(self, root: int) -> bool:
        """Return whether every directory, and every file that is too large, looks as it did."""
        lstat = os.lstat
        sights = chain(self.walked.items(), self.too_large.items())
        return all(sight and sight_of(lstat(path, dir_fd=root)) == sight for path, sight in sights)

    def _changed(self, root: int, files: Iterable[tuple[str, tuple[int, ...]]]) -> list[FileRecord] | None:
        changed = []
        lstat = os.lstat
        for relative, (size, mtime_ns, ctime_ns, inode) in files:
            # This loop runs before a search, once for each file of the tree.
            status = lstat(relative, dir_fd=root)
            if (
                status.st_ctime_ns != ctime_ns
                or status.st_ino != inode
                or status.st_mtime_ns != mtime_ns
                or status.st_size != size
            ):
                if not stat.S_ISREG(status.st_mode) or status.st_size > self.max_file_size:
                    return None
                now = Fingerprint(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
                changed.append(FileRecord(relative, now))
        return changed


def git_places() -> tuple[Path, ...]:
    """Return where git looks for the user's rules, as the environment says now."""
    return (*user_config_files(), user_git_directory())
