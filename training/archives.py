"""Packages as registries deliver them, read as one stream of (path, bytes) each."""

from __future__ import annotations

import json
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.places import ARCHIVES, REGISTRIES

MAX_FILE_BYTES = 400_000  # larger sources are generated or bundled
_TARBALLS = (".tar.gz", ".tar.xz", ".tar.bz2", ".tgz", ".tar")


@dataclass(frozen=True, slots=True)
class Package:
    """One package on disk."""

    registry: str
    name: str  #: as the registry spells it; `owner/name` for a repository
    paths: tuple[Path, ...]  #: archives, or one bare git directory

    @property
    def key(self) -> str:
        """Return a name that is unique among all registries and safe as a file name."""
        return f"{self.registry}-{self.name.replace('/', '+').lstrip('@')}"

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield every regular file up to `MAX_FILE_BYTES`; the archive's top folder is cut off.

        The order is the archive's own, so two runs see the same stream.
        """
        for path in self.paths:
            if path.is_dir():
                yield from _git_files(path)
            elif path.suffix == ".whl":
                yield from _zip_files(path)
            else:
                yield from _tar_files(path)


def packages(root: Path = ARCHIVES) -> list[Package]:
    """Return every package below *root*, by registry and name."""
    found = []
    for registry in REGISTRIES:
        found += _REGISTRY_READERS[registry](root / registry)
    return found


def _pypi(folder: Path) -> list[Package]:
    archives = sorted(path for path in folder.glob("*") if path.suffix in {".whl", ".gz"})
    return [
        Package(folder.name, path.name.split("-")[0].lower().replace("_", "-"), (path,)) for path in archives
    ]


def _npm(folder: Path) -> list[Package]:
    return [Package("npm", _npm_name(path), (path,)) for path in sorted(folder.glob("*.tgz"))]


def _npm_name(path: Path) -> str:
    """Return what package.json calls itself: the file name joins scope and name with a dash."""
    text = next((data for name, data in _tar_files(path) if name == "package.json"), b"{}")
    return str(json.loads(text).get("name", path.stem))


def _debian(folder: Path) -> list[Package]:
    """Group the tarballs of one source package: upstream's, and Debian's own with debian/copyright."""
    groups: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*")):
        if path.name.endswith(_TARBALLS) and ".orig-" not in path.name:  # components are vendored works
            groups.setdefault(path.name.split("_")[0], []).append(path)
    return [Package("debian", name, tuple(paths)) for name, paths in sorted(groups.items())]


def _git(folder: Path) -> list[Package]:
    if not folder.is_dir():
        return []
    return [
        Package("git", path.name.replace("+", "/"), (path / "repo",))
        for path in sorted(folder.iterdir())
        if (path / "repo").is_dir()
    ]


_REGISTRY_READERS = {"pypi": _pypi, "pypi-source": _pypi, "npm": _npm, "debian": _debian, "git": _git}


def _zip_files(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if not info.is_dir() and info.file_size <= MAX_FILE_BYTES:
                yield info.filename, archive.read(info)


def _tar_files(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path, mode="r|*") as archive:
        for member in archive:
            stream = (
                archive.extractfile(member) if member.isfile() and member.size <= MAX_FILE_BYTES else None
            )
            if stream is not None:
                yield _below_top(member.name, path), stream.read()


def _below_top(name: str, path: Path) -> str:
    """Cut the top folder, which only repeats name and version; Debian's own tarball has none to cut."""
    name = name.removeprefix("./")
    if ".debian.tar" in path.name:
        return name
    return name.partition("/")[2] or name


def _git_files(directory: Path) -> Iterator[tuple[str, bytes]]:
    """Read the newest commit's blobs; a partial clone lacks some, and those are passed over."""
    git = ["git", "-C", str(directory)]
    listing = subprocess.run([*git, "ls-tree", "-rz", "HEAD"], capture_output=True, check=True).stdout
    entries = [line.split("\t", 1) for line in listing.decode("utf-8", "replace").split("\0") if line]
    with subprocess.Popen(
        [*git, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as blobs:
        for head, name in entries:
            data = _blob(blobs, head.split()[2]) if head.startswith("100") else None
            if data is not None and len(data) <= MAX_FILE_BYTES:
                yield name, data


def _blob(process: subprocess.Popen[bytes], digest: str) -> bytes | None:
    """Ask a running `git cat-file --batch` for one object; None when it is missing."""
    if process.stdin is None or process.stdout is None:
        raise OSError("git cat-file was started without pipes")
    process.stdin.write(f"{digest}\n".encode())
    process.stdin.flush()
    header = process.stdout.readline().split()
    if len(header) != 3:
        return None
    data = process.stdout.read(int(header[2]))
    process.stdout.read(1)  # the newline after the object
    return data
