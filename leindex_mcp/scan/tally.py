"""What a scan has found so far, judged by the status of each file."""

from __future__ import annotations

import os
import stat
import time

from leindex_mcp.records import FileRecord, Fingerprint, Skipped, SkipReason
from leindex_mcp.scan.sight import Sight, believed
from leindex_mcp.scan.walk import Listing

_IS_REGULAR = stat.S_ISREG


class Tally:
    """The records and skips of one walker; each walker of a scan has its own."""

    def __init__(self, max_file_size: int) -> None:
        self._max_file_size = max_file_size
        self.records: list[FileRecord] = []
        self.skipped: list[Skipped] = []
        self.unlisted: list[str] = []  #: prefixes of directories that could not be listed
        self.walked: dict[str, Sight] = {}  #: directories; the root is "."
        self.too_large: dict[str, Sight] = {}  #: files
        self.directories = 0
        self.bytes = 0
        self.names = 0  #: that the rules were asked about
        self.matching_seconds = 0.0

    def add(self, listing: Listing) -> None:
        """Record the files of one directory; asks the system for their status."""
        self.skipped += listing.skipped
        self.names += listing.names
        self.matching_seconds += listing.matching_seconds
        if not listing.is_known:
            self.unlisted.append(listing.prefix)
            return
        self.directories += 1
        self.walked[listing.prefix.removesuffix("/") or "."] = listing.sight
        self._add_files(listing.prefix, listing.files)

    def absorb(self, other: Tally) -> None:
        """Add what another walker found."""
        self.records += other.records
        self.skipped += other.skipped
        self.unlisted += other.unlisted
        self.walked |= other.walked
        self.too_large |= other.too_large
        self.directories += other.directories
        self.bytes += other.bytes
        self.names += other.names
        self.matching_seconds += other.matching_seconds

    def _add_files(self, prefix: str, entries: list[os.DirEntry[str]]) -> None:
        # This loop runs once for each file of a tree, so it calls no function of ours for an ordinary one.
        records, largest = self.records, self._max_file_size
        size_of_all = 0
        for entry in entries:
            try:
                status = entry.stat(follow_symlinks=False)
            except OSError as error:
                self._add_error(prefix + entry.name, error)
                continue
            size = status.st_size
            if size > largest or not _IS_REGULAR(status.st_mode):
                self._add_misfit(prefix + entry.name, status)
                continue
            size_of_all += size
            fingerprint = Fingerprint(size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
            records.append(FileRecord(prefix + entry.name, fingerprint))
        self.bytes += size_of_all

    def _add_error(self, relative: str, error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):  # else it is gone since its directory was listed
            self.skipped.append(Skipped(relative, SkipReason.UNREADABLE, error.strerror or str(error)))

    def _add_misfit(self, relative: str, status: os.stat_result) -> None:
        skipped = why_not(relative, status, self._max_file_size)
        if skipped is not None:
            self.skipped.append(skipped)
            if skipped.reason is SkipReason.SIZE:
                self.too_large[relative] = believed(status, time.time_ns())


def why_not(relative: str, status: os.stat_result, max_file_size: int) -> Skipped | None:
    """Return why a path that no rule keeps out is no file to index, judged by its status alone."""
    if stat.S_ISREG(status.st_mode):
        if status.st_size <= max_file_size:
            return None
        return Skipped(relative, SkipReason.SIZE, f"{status.st_size} bytes, more than {max_file_size}")
    if stat.S_ISLNK(status.st_mode):
        return Skipped(relative, SkipReason.SYMLINK, "links are not followed")
    return Skipped(relative, SkipReason.SPECIAL, "neither a file nor a directory")


def fingerprint_of(status: os.stat_result) -> Fingerprint:
    """Return the fingerprint that a status holds."""
    return Fingerprint(status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
