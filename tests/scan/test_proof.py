"""A flat loop of stats must see whatever a scan would see."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from campaign import SEED, TIMEOUT, report, size

from leindex_mcp.scan.parallel_scanner import ParallelScanner, ScanResult
from leindex_mcp.settings import Settings

_EDITS = size(600, 10_000)
_LARGEST = 300  # bytes, so that files cross the limit easily
_SETTINGS = Settings.model_validate({"file_filtering": {"max_file_size": _LARGEST}})
_RULES = ("*.log\n", "a*\n", "!a1.py\n", "sub/\n", "/f1.py\n", "*\n!*/\n!*.py\n", "")

_SETTLED_NS = 25_000_000  # more than a tick


def wait_for_the_clock() -> None:
    """Let the file system's clock tick: what changed before this can be trusted afterwards."""
    until_ns = time.time_ns() + _SETTLED_NS
    while time.time_ns() < until_ns:
        pass


class Tree:
    """A tree with git's files around it, edited at random in every way that could deceive."""

    def __init__(self, top: Path, home: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.top = top
        self.root = top / "outer" / "root"
        self.aside = top / "aside"  # where things come from, with times of long ago
        self.home = home
        self.root.mkdir(parents=True)
        self.aside.mkdir()
        for number in range(6):
            self.write(self.root / f"f{number}.py")
            self.write(self.root / f"pkg{number % 2}" / f"a{number}.py")

    def text(self, size: int = 40) -> bytes:
        """Return other content of the same size each time."""
        return self.dice.randbytes(size // 2).hex().encode()

    def write(self, path: Path, content: bytes | None = None) -> None:
        """Write a file, whatever was on the way."""
        for part in (*reversed(path.parents), path):
            if part.is_relative_to(self.top) and part.is_file() and part != path:
                part.unlink()
        if path.is_dir():
            shutil.rmtree(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.text() if content is None else content)

    def some(self, accept: Callable[[Path], bool]) -> Path | None:
        """Return one of the paths below the root; git's own files left alone."""
        found = sorted(p for p in self.root.rglob("*") if accept(p) and ".git" not in p.parts)
        return self.dice.choice(found) if found else None

    def directory(self) -> Path:
        """Return some directory, the root among them."""
        return self.some(lambda p: p.is_dir() and not p.is_symlink()) or self.root

    # ------------------------------------------------------------ the ways

    def edit(self) -> None:
        """Write other content of the same size, and set the time back."""
        if path := self.some(lambda p: p.is_file() and not p.is_symlink()):
            status = path.stat()
            path.write_bytes(self.text(min(status.st_size, 200)))
            if self.dice.random() < 0.5:
                os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def rename_over(self) -> None:
        """Save as editors do: a new file takes the place, with the old one's times."""
        if path := self.some(lambda p: p.is_file() and not p.is_symlink()):
            spare = self.aside / "spare"
            spare.write_bytes(self.text(max(2, path.stat().st_size)))
            shutil.copystat(path, spare)
            spare.rename(path)

    def resize(self) -> None:
        """Let a file grow over the limit, or shrink below it."""
        if path := self.some(lambda p: p.is_file() and not p.is_symlink()):
            with path.open("r+b") as file:
                file.truncate(self.dice.choice((0, 10, _LARGEST, _LARGEST + 1, 2 * _LARGEST)))

    def create(self) -> None:
        """Write a new file, or one in a new directory."""
        deeper = self.directory() / self.dice.choice((".", "sub", "sub/deep", "node_modules"))
        self.write(
            deeper / f"{self.dice.choice('fab')}{self.dice.randint(0, 9)}.{self.dice.choice(('py', 'log'))}"
        )

    def remove(self) -> None:
        """Remove a file, and perhaps write it anew: the inode may be the same."""
        if path := self.some(lambda p: p.is_file() and not p.is_symlink()):
            content = path.read_bytes()
            path.unlink()
            if self.dice.random() < 0.5:
                path.write_bytes(content if self.dice.random() < 0.5 else self.text())

    def move(self) -> None:
        """Rename a file or a directory."""
        if path := self.some(lambda p: not p.is_symlink()):
            target = self.directory() / f"moved{self.dice.randint(0, 3)}"
            if not target.exists() and not target.is_relative_to(path):
                path.rename(target)

    def swap(self) -> None:
        """Let two entries change places."""
        one, other = self.some(lambda _: True), self.some(lambda _: True)
        if one and other and not one.is_relative_to(other) and not other.is_relative_to(one):
            spare = self.aside / "spare"
            one.rename(spare)
            other.rename(one)
            spare.rename(other)

    def move_in(self) -> None:
        """Move a whole directory in, made long ago."""
        source = self.aside / f"old{self.dice.randint(0, 10**9)}"
        self.write(source / "old.py")
        os.utime(source / "old.py", ns=(1, 10**18))
        os.utime(source, ns=(1, 10**18))
        source.rename(self.directory() / source.name)

    def remove_tree(self) -> None:
        """Remove a directory, and perhaps make it again."""
        path = self.directory()
        if path != self.root:
            shutil.rmtree(path)
            if self.dice.random() < 0.5:
                path.mkdir()

    def link(self) -> None:
        """Replace a path by a link, or write a link."""
        path = self.directory() / f"f{self.dice.randint(0, 9)}.py"
        if not path.is_dir():
            path.unlink(missing_ok=True)
            path.symlink_to(self.dice.choice((self.root, self.top, self.root / "f1.py")))

    def chmod(self) -> None:
        """Change what a file may; its content stays."""
        if path := self.some(lambda p: not p.is_symlink()):
            path.chmod(self.dice.choice((0o755, 0o700)))

    def rules(self) -> None:
        """Write or remove a rule file, inside the root or above it, in place or renamed over."""
        home = self.dice.choice((self.directory(), self.directory(), self.root.parent))
        path = home / self.dice.choice((".gitignore", ".ignore", ".leindexignore"))
        if path.is_symlink() or self.dice.random() < 0.3:
            path.unlink(missing_ok=True)
        elif not path.is_dir():
            self.write(path, self.dice.choice(_RULES).encode())

    def repository(self) -> None:
        """Begin or end a repository: at the root, above it or below it; `.git` may be a file."""
        home = self.dice.choice((self.directory(), self.root, self.root.parent, self.top))
        git = home / ".git"
        if git.exists():
            _remove(self.dice.choice((git, git / "HEAD", git / "commondir", git / "info" / "exclude")))
            return
        real = self.dice.choice((git, self.aside / "shared"))
        self.write(real / "HEAD", b"ref: refs/heads/main\n")
        self.write(real / "info" / "exclude", self.dice.choice(_RULES).encode())
        if real != git:
            self.write(git, f"gitdir: {real}\n".encode())

    def git_settings(self) -> None:
        """Change what decides from far away: the user's settings, an included file, a shared directory."""
        excludes = self.home / self.dice.choice(("excludes", ".config/git/ignore"))
        shared = self.aside / "shared"
        turns = {
            self.home / ".gitconfig": b"[include]\n\tpath = more\n",
            self.home / "more": f"[core]\n\texcludesFile = {excludes}\n".encode(),
            excludes: self.dice.choice(_RULES).encode(),
            shared / "info" / "exclude": self.dice.choice(_RULES).encode(),
            shared / "config": b"[core]\n\tignorecase = true\n",
            shared / "commondir": str(self.root / ".git").encode(),
        }
        path, content = self.dice.choice(list(turns.items()))
        if path.exists() and self.dice.random() < 0.4:
            _remove(path)
        else:
            self.write(path, content)

    def do_something(self) -> None:
        """Change one thing."""
        often = [self.edit, self.edit, self.rename_over, self.create, self.remove, self.rules]
        seldom = [self.resize, self.move, self.swap, self.move_in, self.remove_tree, self.link, self.chmod]
        with suppress(OSError):  # some of them cannot be done to what they meet
            self.dice.choice([*often, *seldom, self.repository, self.git_settings, self.rules])()


def _remove(path: Path) -> None:
    shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def run(top: Path, home: Path, edits: int, seed: int) -> tuple[int, int]:
    """Edit and compare; return how often the proof was asked, and how often it could tell."""
    tree = Tree(top, home, seed)
    asked = told = done = 0
    before = scan(tree)
    while done < edits:
        for _ in range(tree.dice.choice((0, 1, 1, 1, 2))):
            tree.do_something()
            done += 1
        known = {record.relative: record.fingerprint for record in before.records}
        changed = before.proof.changed(known.items()) if before.proof else None
        if tree.dice.random() < 0.8:
            wait_for_the_clock()
        now = scan(tree)
        asked += 1
        if changed is not None:
            told += 1
            known.update({record.relative: record.fingerprint for record in changed})
            assert known == {record.relative: record.fingerprint for record in now.records}
        before = now
        done += 1
    return asked, told


def scan(tree: Tree) -> ScanResult:
    """Walk the whole tree."""
    return ParallelScanner(tree.root, _SETTINGS).scan()


def test_a_proof_sees_what_a_scan_sees(tmp_path, home):
    """Edits that hide, renames, rules, repositories, links, sizes, from inside and outside the root."""
    asked, told = run(tmp_path, home, 60, seed=1)

    assert asked > told > asked / 10


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize("seed", range(SEED, SEED + size(1, 2)))
def test_a_proof_misses_none_of_hundreds_of_edits(tmp_path, home, seed):
    """The same as above, for longer."""
    asked, told = run(tmp_path, home, _EDITS, seed)
    report("%d looks in %d edits: %d by proof, none missed a change", asked, _EDITS, told)

    assert asked > told > asked / 10
