"""Which files are read again after an edit, and which are not."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path

import pytest
import xxhash

from leindex_mcp.records import FileRecord, Fingerprint, StoredFile
from leindex_mcp.scan.freshness import Changes, changes, is_in_doubt, is_unchanged, settled
from leindex_mcp.scan.parallel_scanner import ParallelScanner, ScanResult, ScanStatistics
from leindex_mcp.settings import Settings

SECOND = 1_000_000_000
NOW = 1_700_000_000 * SECOND + 123_456
LONG_AGO = Fingerprint(10, NOW - 60 * SECOND, NOW - 60 * SECOND, 7)
_EDITS = int(os.environ.get("FRESHNESS_EDITS", "500"))


def scanned(*records: FileRecord, complete: bool = True, unlisted: tuple[str, ...] = ()) -> ScanResult:
    """Return a scan that saw these records."""
    return ScanResult(
        list(records), [], complete=complete, unlisted=unlisted, started_ns=NOW, statistics=ScanStatistics()
    )


def stored(fingerprint: Fingerprint) -> StoredFile:
    """Return an indexed file with this fingerprint."""
    return StoredFile(fingerprint, content_hash=1, chunks=1)


def test_a_file_with_its_old_fingerprint_is_not_read():
    """This is what makes an unchanged tree cheap."""
    found = changes(scanned(FileRecord("a", LONG_AGO)), {"a": stored(LONG_AGO)})

    assert found == Changes((), (), 1, 0)
    assert not found


@pytest.mark.parametrize("field", Fingerprint._fields)
@pytest.mark.parametrize("step", [-SECOND, 1])
def test_any_difference_is_a_change_backwards_too(field, step):
    """A checkout or a restored archive brings older times; larger is not the question."""
    seen = LONG_AGO._replace(**{field: getattr(LONG_AGO, field) + step})

    assert changes(scanned(FileRecord("a", seen)), {"a": stored(LONG_AGO)}).changed == (
        FileRecord("a", seen),
    )


def test_new_and_removed_files_are_told_apart():
    """One is read, the other one's rows go away."""
    found = changes(scanned(FileRecord("new", LONG_AGO)), {"old": stored(LONG_AGO)})

    assert found.changed == (FileRecord("new", LONG_AGO),)
    assert found.removed == ("old",)


def test_what_a_scan_did_not_see_is_not_removed():
    """A scan that stopped early, or a directory that could not be listed, proves nothing."""
    index = {"a/x": stored(LONG_AGO), "ab": stored(LONG_AGO), "b": stored(LONG_AGO)}

    assert changes(scanned(complete=False), index).removed == ()
    assert changes(scanned(unlisted=("a/",)), index).removed == ("ab", "b")
    assert changes(scanned(unlisted=("",)), index).removed == ()


@pytest.mark.parametrize(
    ("changed_ns", "is_trusted"),
    [
        (NOW - 3 * SECOND, True),
        (NOW - SECOND // 10, True),
        (NOW - SECOND // 1000, False),  # within a tick of the kernel's clock
        (NOW, False),
        (NOW + 3600 * SECOND, False),  # the clock was moved back
        (
            1_700_000_000 * SECOND - SECOND,
            False,
        ),  # a whole second: a clock that may keep every other one only
        (1_700_000_000 * SECOND - 3 * SECOND, True),
    ],
)
def test_content_read_within_a_tick_of_its_last_change_is_not_trusted(changed_ns, is_trusted):
    """Git's racy rule: a later edit in the same tick would leave the fingerprint as it is."""
    fingerprint = Fingerprint(10, 0, changed_ns, 7)

    kept = settled(fingerprint, read_ns=NOW)

    assert (kept == fingerprint) is is_trusted
    assert is_in_doubt(kept, fingerprint) is not is_trusted


def test_a_file_in_doubt_is_read_once_more_and_then_trusted():
    """Its fingerprint is stored as one that no scan sees; the next reading comes long after the change."""
    fresh = Fingerprint(10, NOW, NOW, 7)
    doubted = settled(fresh, read_ns=NOW)

    found = changes(scanned(FileRecord("a", fresh)), {"a": stored(doubted)})

    assert found.changed == (FileRecord("a", fresh),)
    assert found.in_doubt == 1
    assert settled(fresh, read_ns=NOW + SECOND) == fresh


@pytest.mark.parametrize(
    ("records", "is_same"),
    [
        ([FileRecord("a", LONG_AGO), FileRecord("b", LONG_AGO)], True),
        ([FileRecord("a", LONG_AGO)], False),
        ([FileRecord("a", LONG_AGO), FileRecord("c", LONG_AGO)], False),
        ([FileRecord("a", LONG_AGO), FileRecord("b", LONG_AGO._replace(inode=8))], False),
        ([], False),
    ],
)
def test_an_unchanged_tree_is_told_by_whole_columns(records, is_same):
    """It must never say more than the comparison file by file."""
    scan = scanned(*records)

    assert is_unchanged(scan, ["a", "b"], [[*LONG_AGO], [*LONG_AGO]]) is is_same
    assert bool(changes(scan, {"a": stored(LONG_AGO), "b": stored(LONG_AGO)})) is not is_same
    assert not is_unchanged(scanned(*records, complete=False), ["a", "b"], [[*LONG_AGO], [*LONG_AGO]])


class Campaign:
    """A tree that is edited at random, and an index of content hashes that follows by fingerprints alone."""

    def __init__(self, root: Path, seed: int) -> None:
        self._dice = random.Random(seed)
        self._root = root
        self._index: dict[str, StoredFile] = {}
        self._last_read: dict[str, tuple[Fingerprint, int]] = {}
        self._scanner = ParallelScanner(root, Settings())
        self.edits = self.missed = self.needless = 0
        for number in range(12):
            (root / f"f{number}.py").write_bytes(self._bytes(20))
        self.catch_up()

    def edit(self) -> None:
        """Change one thing in one of many ways that hide."""
        names = sorted(path.name for path in self._root.iterdir())
        path = self._root / self._dice.choice(names)
        act = self._dice.choice(
            [self._same_size, self._same_times, self._rename_over, self._turn, self._backwards, self._remove]
        )
        act(path)
        self.edits += 1

    def catch_up(self) -> None:
        """Read what the comparison says, then compare the index with the truth."""
        found = changes(self._scanner.scan(), self._index)
        for relative in found.removed:
            del self._index[relative]
        read_ns = time.time_ns()
        for record in found.changed:
            content_hash = xxhash.xxh3_64_intdigest((self._root / record.relative).read_bytes())
            self._count_if_needless(record, read_ns)
            self._index[record.relative] = StoredFile(settled(record.fingerprint, read_ns), content_hash, 1)
        truth = {
            path.relative_to(self._root).as_posix(): xxhash.xxh3_64_intdigest(path.read_bytes())
            for path in self._root.rglob("*")
            if path.is_file()
        }
        self.missed += truth != {relative: known.content_hash for relative, known in self._index.items()}

    def _count_if_needless(self, record: FileRecord, read_ns: int) -> None:
        """Count a file that is read again though nothing about it changed since it was last read in peace."""
        fingerprint, last_read_ns = self._last_read.get(record.relative, (None, 0))
        if fingerprint == record.fingerprint and last_read_ns - fingerprint.ctime_ns > SECOND // 10:
            self.needless += 1
        self._last_read[record.relative] = (record.fingerprint, read_ns)

    def _bytes(self, size: int) -> bytes:
        return self._dice.randbytes(size).hex().encode()

    def _same_size(self, path: Path) -> None:
        if path.is_file():
            path.write_bytes(self._bytes(path.stat().st_size // 2))

    def _same_times(self, path: Path) -> None:
        if path.is_file():
            status = path.stat()
            path.write_bytes(self._bytes(status.st_size // 2))
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def _rename_over(self, path: Path) -> None:
        if path.is_file():
            spare = path.with_suffix(".spare")
            spare.write_bytes(self._bytes(path.stat().st_size // 2))
            shutil.copystat(path, spare)
            spare.rename(path)

    def _turn(self, path: Path) -> None:
        if path.is_dir():
            shutil.rmtree(path)
            path.write_bytes(self._bytes(20))
        else:
            path.unlink()
            path.mkdir()
            (path / "inner.py").write_bytes(self._bytes(20))

    def _backwards(self, path: Path) -> None:
        if path.is_file():
            path.write_bytes(self._bytes(path.stat().st_size // 2))
            ns = self._dice.choice([0, -SECOND, NOW, 2**33 * SECOND])
            os.utime(path, ns=(ns, ns))

    def _remove(self, path: Path) -> None:
        if path.is_file():
            content = path.read_bytes()
            path.unlink()
            path.write_bytes(content if self._dice.random() < 0.5 else self._bytes(20))


def run(root: Path, edits: int) -> Campaign:
    """Edit and catch up in turns of one to four edits."""
    root.mkdir()
    campaign = Campaign(root, seed=edits)
    dice = random.Random(edits)
    while campaign.edits < edits:
        for _ in range(dice.randint(1, 4)):
            campaign.edit()
        campaign.catch_up()
    return campaign


def test_no_edit_is_missed_however_it_hides(tmp_path):
    """Same size, same times, renamed over, file to directory, times set back."""
    campaign = run(tmp_path / "project", 40)

    assert campaign.missed == campaign.needless == 0


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_edit_of_hundreds_is_missed(tmp_path):
    """The figure in docs/performance.md is from FRESHNESS_EDITS=10000."""
    campaign = run(tmp_path / "project", _EDITS)

    assert campaign.missed == campaign.needless == 0
