"""Seeded trees of real source files, with nested ignore files, to measure on."""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import shutil
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

# Bump when the same seed would give another tree.
_RECIPE = 1
# Code first, with the share of prose and settings that a repository has.
_SUFFIXES = {
    ".py",
    ".pyi",
    ".pyx",
    ".js",
    ".mjs",
    ".ts",
    ".tsx",
    ".c",
    ".h",
    ".cc",
    ".cpp",
    ".hpp",
    ".rs",
    ".go",
}
_SUFFIXES |= {
    ".java",
    ".rb",
    ".pl",
    ".pm",
    ".sh",
    ".lua",
    ".css",
    ".html",
    ".md",
    ".rst",
    ".toml",
    ".yaml",
    ".cfg",
}
_MAX_BYTES = 500_000
_NEVER = frozenset({"__pycache__", "node_modules", ".git", "dist", "build"})
# Installed on most Linux machines; missing ones are passed over.
_SYSTEM_SOURCES = ("/usr/lib/node_modules", "/usr/include", "/usr/share/perl", "/usr/share/perl5")
_IGNORE_EVERY = 20  # directories: about as often as a monorepo has nested ignore files
_IGNORE_RULES = "*.log\n/generated/\n**/cache-*/\n!keep.log\n"


@dataclass(frozen=True, slots=True)
class Corpus:
    """A tree on disk and what identifies it."""

    root: str
    files: int  #: files that no ignore rule keeps out, the ignore files apart
    size_bytes: int
    seed: int
    copies: int  #: files that repeat the content of another one under another name
    digest: str  #: of every path and content


def make_corpus(files: int, seed: int = 1, directory: Path | None = None) -> Corpus:
    """Return a tree of *files* source files, building it when it is not there yet.

    The tree depends on the seed and on what is installed, so results name its digest.
    """
    home = directory or Path(tempfile.gettempdir()) / "leindex-benchmarks"
    root = home / f"corpus-{files}-{seed}-{_RECIPE}"
    note = root.with_suffix(".json")
    if note.exists():
        return Corpus(**json.loads(note.read_text()))
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    corpus = _fill(root, files, seed)
    note.write_text(json.dumps(asdict(corpus)))
    return corpus


def questions(root: Path, count: int, seed: int = 1) -> list[str]:
    """Return *count* questions about a tree: names it defines, and phrases from its prose, by turns."""
    dice = random.Random(seed)
    paths = sorted(path for path in root.rglob("*.py") if path.is_file())
    asked: list[str] = []
    while len(asked) < count:
        text = dice.choice(paths).read_text(errors="replace")
        pattern = r"(?:def|class) (\w{4,})" if len(asked) % 2 else r'"""([A-Z][^"\n]{15,70})'
        if found := re.findall(pattern, text):
            asked.append(dice.choice(found).strip())
    return asked


def _fill(root: Path, files: int, seed: int) -> Corpus:
    """Copy whole packages in a seeded order until the tree has *files* files, then copy it again."""
    dice = random.Random(seed)
    contents = hashlib.sha256()
    size = count = 0
    for relative, content in _distinct_sources(dice, at_most=max(files // 8, 100)):
        if count == files:
            break
        _write(root / relative, content)
        contents.update(f"{relative}\0{len(content)}\0".encode() + content)
        size, count = size + len(content), count + 1
    originals = sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file())
    originals = [relative for relative in originals if relative.parts[0] != ".git"]
    copies = files - count
    for number in range(copies):
        source = originals[number % len(originals)]
        content = (root / source).read_bytes()
        _write(root / f"copy-{number // len(originals) + 1}" / source, content)
        size += len(content)
    _add_ignore_files(root, dice)
    return Corpus(str(root), files, size, seed, copies, contents.hexdigest()[:16])


def _distinct_sources(dice: random.Random, at_most: int) -> Iterator[tuple[str, bytes]]:
    """Yield (relative, content) of installed sources, package by package, no content twice."""
    seen: set[bytes] = set()
    packages = _packages()
    dice.shuffle(packages)
    for label, package in packages:
        taken = 0
        for path in sorted(package.rglob("*")):
            inside = path.relative_to(package)
            if path.suffix not in _SUFFIXES or _NEVER & set(inside.parts) or path.is_symlink():
                continue
            if not path.is_file() or not 0 < path.stat().st_size <= _MAX_BYTES:
                continue
            content = path.read_bytes()
            digest = hashlib.blake2b(content, digest_size=16).digest()
            if digest in seen:
                continue
            seen.add(digest)
            yield f"{label}/{inside.as_posix()}", content
            taken += 1
            if taken == at_most:
                break


def _packages() -> list[tuple[str, Path]]:
    """Name every installed package that holds sources, each with its directory."""
    installed = sysconfig.get_paths()
    sources = [
        Path(installed["stdlib"]),
        Path(installed["stdlib"]) / "site-packages",
        Path(installed["purelib"]),
    ]
    sources += [Path(name) for name in _SYSTEM_SOURCES]
    found: dict[str, Path] = {}
    for number, source in enumerate(dict.fromkeys(sources)):
        if not source.is_dir():
            continue
        for package in sorted(source.iterdir()):
            if package.is_dir() and package.name not in {*_NEVER, "site-packages"}:
                found[f"{source.name}-{number}/{package.name}"] = package
    return list(found.items())


def _add_ignore_files(root: Path, dice: random.Random) -> None:
    """Give the root and one directory in twenty ignore rules, with files that they keep out."""
    inside = sorted(path for path in root.rglob("*") if path.is_dir() and ".git" not in path.parts)
    for directory in [root, *dice.sample(inside, len(inside) // _IGNORE_EVERY)]:
        _write(directory / ".gitignore", _IGNORE_RULES.encode())
        _write(directory / "debug.log", b"ignored\n")
        _write(directory / "keep.log", b"kept\n")
        _write(directory / "generated" / "ignored.py", b"ignored = True\n")


def _write(path: Path, content: bytes) -> None:
    """Write a file, making its directories."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--directory", type=Path)
    arguments = parser.parse_args()
    print(json.dumps(asdict(make_corpus(arguments.files, arguments.seed, arguments.directory)), indent=2))
