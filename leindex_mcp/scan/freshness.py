"""Which files changed since they were indexed, told by their fingerprints."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self

from leindex_mcp.records import FileRecord, Fingerprint, StoredFile
from leindex_mcp.scan.parallel_scanner import ScanResult
from leindex_mcp.scan.sight import is_long_past

#: No file has this inode, so a fingerprint that carries it equals none that a scan sees.
_IN_DOUBT: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be done to bring the index up to date; true when there is anything."""

    changed: tuple[FileRecord, ...]  #: to be read: new, changed, and in doubt; in the order of the scan
    removed: tuple[str, ...]  #: indexed, and known to be gone
    unchanged: int  #: files that need not be read
    in_doubt: int  #: of the changed, those that look unchanged but may not be: their content hash decides

    @classmethod
    def none(cls) -> Self:
        """Return the changes of a tree that was not compared yet."""
        return cls((), (), 0, 0)

    def __bool__(self) -> bool:
        """Return whether there is anything to do."""
        return bool(self.changed or self.removed)


def changes(
    scan: ScanResult, stored: Mapping[str, StoredFile], again: Collection[str] = frozenset()
) -> Changes:
    """Compare what a scan saw with what is indexed. Any difference is a change, an older time as well.

    A file is removed only if the scan would have seen it: not when it stopped early, and not below a
    directory that could not be listed.

    Args:
        scan: Of the tree as it is now.
        stored: What is indexed, by relative path.
        again: Files that count as changed whatever their fingerprint says.
    """
    changed = []
    in_doubt = 0
    for record in scan.records:
        known = stored.get(record.relative)
        if known is None or known.fingerprint != record.fingerprint or record.relative in again:
            changed.append(record)
            in_doubt += known is not None and is_in_doubt(known.fingerprint, record.fingerprint)
    return Changes(
        changed=tuple(changed),
        removed=tuple(_removed(scan, stored)),
        unchanged=len(scan.records) - len(changed),
        in_doubt=in_doubt,
    )


def is_unchanged(scan: ScanResult, relatives: Iterable[str], fingerprints: Sequence[Sequence[int]]) -> bool:
    """Return whether a scan saw just the indexed files as they are indexed, both sorted by relative path.

    It says what `changes` would, a tenth as dear, as nothing is built for a file; but a False may be an
    excess of caution.
    """
    return (
        scan.complete
        and [record.relative for record in scan.records] == list(relatives)
        and all(
            record.fingerprint == tuple(fingerprint)
            for record, fingerprint in zip(scan.records, fingerprints, strict=True)
        )
    )


def settled(fingerprint: Fingerprint, read_ns: int) -> Fingerprint:
    """Return the fingerprint to store for content that was read at *read_ns* or later.

    When a file changed within the clock's tick before it was read, a later edit in the same tick would leave
    the fingerprint as it is. Such a fingerprint is stored as one that no scan can see, so that the next pass
    reads the file again.
    """
    if is_long_past(fingerprint.mtime_ns, fingerprint.ctime_ns, read_ns):
        return fingerprint
    return fingerprint._replace(inode=_IN_DOUBT)


def is_in_doubt(stored: Fingerprint, seen: Fingerprint) -> bool:
    """Return whether a stored fingerprint differs from the seen one only because `settled` distrusted it."""
    return stored.inode == _IN_DOUBT and stored[:3] == seen[:3]


def _removed(scan: ScanResult, stored: Mapping[str, StoredFile]) -> list[str]:
    if not scan.complete:
        return []
    gone = stored.keys() - {record.relative for record in scan.records}
    return sorted(relative for relative in gone if not relative.startswith(scan.unlisted))
