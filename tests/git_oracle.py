"""Random projects, and what git itself says of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st

NAMES = [
    *("a", "b", "c", "ab", "abc", "foo", "foo.txt", "bar.o", "x.log", "build", "src", "A", "Foo", "b.TXT"),
    *("[a]", "a*b", "é", "a]b", "-", "!x", "#y", "a b", "a ", "b\\", "d\td", "\udce9", "日本", "x\ny"),
]
MUNDANE = [
    *(
        "a",
        "b",
        "foo",
        "*.txt",
        "*.o",
        "*.log",
        "build/",
        "/src",
        "src/*",
        "**/foo",
        "a/**",
        "a/**/b",
        "/a/b",
    ),
    *(
        "*",
        "foo*",
        "*a*",
        "ab?",
        "!a/",
        "src/**/*.o",
        "!/src/foo",
        "!foo",
        "!*.txt",
        "!src/",
        "a/b/",
        "/*",
        "!/a",
    ),
]
EXOTIC = [
    *("a", "b", "c", "foo", ".txt", "*", "*", "**", "?", "[ab]", "[!a]", "[a-c]", "[^b]", "\\a", "\\*", "A"),
    *(
        "[[:alpha:]]",
        "[[:upper:]]",
        "[[:bogus:]]",
        "[[:space:][:digit:]]",
        "[z-a]",
        "[",
        "]",
        "[A-Z]",
        "[a\\]]",
    ),
    *(
        "[]a]",
        "[!]a]",
        "[a-]",
        "[\\a-c]",
        "[a/b]",
        "[[:]",
        "[[:a]",
        "/",
        "/",
        "/",
        "**/",
        "/**",
        "a**/",
        "\\/",
    ),
    *("é", "\udcff", "日", "\\", "\\ ", " ", "\t", "-", "#", "!", "x", "\\A", "[B]"),
]


@dataclass
class Project:
    """A tree with ignore rules in every place where git looks for them."""

    files: list[str]
    rule_files: dict[str, bytes] = field(default_factory=dict)  #: path -> content
    info_exclude: bytes = b""
    excludes_file: bytes = b""
    ignores_case: bool = False
    root: str = ""  #: the directory to be scanned, below the repository's top

    def write(self, top: Path) -> Path:
        """Make the project in an empty directory and return the root to scan."""
        git = top / ".git"
        for directory in ("objects", "refs", "info"):
            (git / directory).mkdir(parents=True)
        (git / "HEAD").write_text("ref: refs/heads/main\n")
        (git / "info" / "exclude").write_bytes(self.info_exclude)
        (git / "excludes").write_bytes(self.excludes_file)
        (git / "config").write_text(
            "[core]\n\trepositoryformatversion = 0\n"
            f"\texcludesFile = {git / 'excludes'}\n\tignorecase = {str(self.ignores_case).lower()}\n"
        )
        root = top / self.root
        root.mkdir(exist_ok=True, parents=True)
        for relative in self.files:
            _write(top / relative, b"")
        for relative, content in self.rule_files.items():
            _write(top / relative, content)
        return root


def _write(path: Path, content: bytes) -> None:
    """Write a file unless another entry of the random tree is in its way."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        pass


def kept_by_git(root: Path) -> set[str]:
    """Return the files below the root that git does not ignore."""
    return set(_git(root, "ls-files", "--cached", "--others", "--exclude-standard"))


def is_ignored_by_git(directory: Path) -> bool:
    """Return whether git ignores a directory of a repository."""
    command = ["git", "check-ignore", "--quiet", "--no-index", "--", f"{directory.name}/"]
    return subprocess.run(command, cwd=directory.parent, check=False).returncode == 0


def deciding_rules(root: Path, paths: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Return for each ignored path the file and the line of the rule by which git ignores it."""
    fields = _git(root, "check-ignore", "--verbose", "--no-index", "--stdin", stdin="\0".join(paths))
    return {
        path: (source, int(line))
        for source, line, _, path in zip(fields[::4], fields[1::4], fields[2::4], fields[3::4], strict=True)
    }


def _git(root: Path, *arguments: str, stdin: str = "") -> list[str]:
    command = ["git", *arguments, "-z"]
    finished = subprocess.run(command, cwd=root, input=os.fsencode(stdin), capture_output=True, check=False)
    assert finished.returncode in (0, 1), finished.stderr
    return [os.fsdecode(item) for item in finished.stdout.split(b"\0")[:-1]]


def _joined(pieces: tuple[str, str, list[str], str]) -> str:
    return pieces[0] + pieces[1] + "".join(pieces[2]) + pieces[3]


_exotic_rules = st.tuples(
    st.sampled_from(("", "", "", "!")),
    st.sampled_from(("", "", "", "/")),
    st.lists(st.sampled_from(EXOTIC), min_size=1, max_size=5),
    st.sampled_from(("", "", "", "/")),
).map(_joined)
_rules = st.sampled_from(MUNDANE) | _exotic_rules


@st.composite
def rule_texts(draw: st.DrawFn) -> bytes:
    """Draw the content of an ignore file."""
    end = draw(st.sampled_from((b"\n", b"\n", b"\n", b"\r\n")))
    mark = draw(st.sampled_from((b"", b"", b"", b"\xef\xbb\xbf")))
    lines = draw(st.lists(_rules, min_size=1, max_size=6))
    return mark + end.join(os.fsencode(line) for line in lines) + draw(st.sampled_from((b"", end)))


@st.composite
def projects(draw: st.DrawFn) -> Project:
    """Draw a project."""
    names = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4)
    files = ["/".join(parts) for parts in draw(st.lists(names, min_size=3, max_size=14))]
    directories = sorted({"", *(file.rpartition("/")[0] + "/" for file in files if "/" in file)})
    homes = draw(st.lists(st.sampled_from(directories), max_size=3, unique=True))
    seldom = st.sampled_from((True, False, False, False))
    return Project(
        files=files,
        rule_files={f"{home}.gitignore": draw(rule_texts()) for home in homes},
        info_exclude=draw(rule_texts()) if draw(seldom) else b"",
        excludes_file=draw(rule_texts()) if draw(seldom) else b"",
        ignores_case=draw(seldom),
        root=draw(st.sampled_from(directories)) if draw(seldom) else "",
    )
