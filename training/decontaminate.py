"""Keep every benchmark repository out of the training data: by name, by path and by content.

The blocklist wins over every source list. Content of the DEV trees is hashed to be excluded, never mined.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import xxhash

from training.places import HERE

_VERSION = re.compile(r"[-_.]?v?\d[\d.]*(\D.*)?$")  # `lucene-4.10`, `jinja2`, `catch_v3.1`
_REGISTRY_PREFIX = re.compile(
    r"^(golang-(github|gopkg|google|golang|go)?[-.]?|(rust|ruby|php|haskell|node|python3?|lua)-|lib(?=.*-java$))"
)
_LONG_LINE = range(40, 300)  # shorter lines are idiom, longer ones data
_SHARED = 0.5  # of the long lines of a text


def _plain(name: str) -> str:
    """Return *name* lower-cased, `_` as `-`."""
    return name.strip().lower().replace("_", "-")


@lru_cache(maxsize=1 << 16)
def spellings(name: str) -> frozenset[str]:
    """Return the forms under which *name* may be blocked: as is, without version, without prefix."""
    plain = _plain(name)
    bare = _REGISTRY_PREFIX.sub("", plain).removesuffix("-java")
    forms = {plain, bare, _VERSION.sub("", plain), _VERSION.sub("", bare)}
    return frozenset(form for form in forms if form)


@dataclass(frozen=True, slots=True)
class Blocklist:
    """Repositories that no training data may contain, with the other names of each."""

    repositories: frozenset[str]  #: `owner/name`, lower-cased
    names: frozenset[str]  #: repository names and aliases: packages, folders, single files

    @classmethod
    def load(cls, folder: Path = HERE) -> Blocklist:
        """Read blocklist.txt and aliases.txt; an alias of an unlisted repository is an error."""
        listed = [
            line.strip().lower()
            for line in (folder / "blocklist.txt").read_text().splitlines()
            if line.strip()
        ]
        names = {_plain(repository.split("/")[1]) for repository in listed}
        for line in (folder / "aliases.txt").read_text().splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            repository, *aliases = line.lower().split()
            if repository not in listed:
                raise ValueError(f"aliases.txt names {repository}, which is not on the blocklist")
            names.update(map(_plain, aliases))
        return cls(frozenset(listed), frozenset(names))

    def names_package(self, name: str) -> bool:
        """Tell whether a registry's package *name* (`x`, `@scope/x`, `owner/x`) is a blocked repository."""
        if name.lower() in self.repositories:
            return True
        scope, _, rest = name.rpartition("/")
        return bool(spellings(rest) & self.names) or (bool(scope) and _plain(scope) in self.names)

    def names_path(self, path: str) -> bool:
        """Tell whether *path* lies in a folder, or is a file, that carries a blocked name."""
        *folders, file = path.split("/")
        stem = file.split(".")[0]
        by_folder = any(spellings(folder) & self.names for folder in folders)
        return (
            by_folder
            or _plain(file) in self.names
            or (bool(folders) and f"{_plain(folders[-1])}/{stem}" in self.names)
        )


@dataclass(frozen=True, slots=True)
class Contents:
    """Hashes of the files and long lines of the trees that are scored."""

    files: frozenset[bytes]
    lines: frozenset[int]

    @classmethod
    def of_trees(cls, roots: Iterable[Path]) -> Contents:
        """Hash every readable file below *roots*."""
        files: set[bytes] = set()
        lines: set[int] = set()
        for path in _files(roots):
            text = path.read_bytes().decode("utf-8", "replace")
            files.add(file_digest(text))
            lines.update(map(line_digest, long_lines(text)))
        return cls(frozenset(files), frozenset(lines))

    def has_file(self, text: str) -> bool:
        """Tell whether *text* is a file of the trees, whitespace aside, or shares half its long lines."""
        return file_digest(text) in self.files or self.shares_lines(text)

    def shares_lines(self, text: str) -> bool:
        """Tell whether at least half of the long lines of *text* (and one at least) stand in the trees."""
        lines = long_lines(text)
        known = sum(line_digest(line) in self.lines for line in lines)
        return bool(lines) and known >= max(1, _SHARED * len(lines))


def file_digest(text: str) -> bytes:
    """Return a digest that whitespace does not change."""
    return hashlib.blake2b("".join(text.split()).encode("utf-8", "replace"), digest_size=12).digest()


def line_digest(line: str) -> int:
    """Return a 64-bit digest, equal in every process."""
    return xxhash.xxh3_64_intdigest(line.encode("utf-8", "replace"))


def long_lines(text: str) -> list[str]:
    """Return the stripped lines of *text* that are long enough to tell their origin."""
    return [line for line in map(str.strip, text.splitlines()) if len(line) in _LONG_LINE]


def _files(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        for folder, _, names in os.walk(root):
            for name in names:
                path = Path(folder, name)
                if path.is_file() and path.stat().st_size < 800_000:
                    yield path
