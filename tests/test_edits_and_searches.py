"""Edits at random, and searches between them: each answer is true to the disk at that moment."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from campaign import SEED, TIMEOUT, report, size

from leindex_mcp import LeIndex
from leindex_mcp.records import IndexState

_STEPS, _FILES = size(200, 2_000), size(60, 1_200)  # it grows; up to 2,000 every search looks first
_BURST = size(120, 600)  # files written at once: more than a search takes in by itself
_SEEDS = range(SEED, SEED + size(1, 2))

_HIT = re.compile(r"^(\S+):(\d+)-(\d+)")
_LINE = re.compile(r"^\s*(\d+) ?(.*)$")
_COUNT = re.compile(r"`(\w+)`: (\d+) (?:match(?:es)? in ([\d,]+) files?|anywhere in ([\d,]+) files) ?(.*)")


class Project:
    """A tree whose every file defines one name that no other file has."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.dice = random.Random(seed)
        self.names = 0
        self.defines: dict[str, str] = {}  #: relative path -> the name that the file defines now
        self.gone: list[str] = []  #: names that no file defines any more
        self.bursts: list[str] = []  #: files that were written at once
        for number in range(_FILES):
            self.write(f"pkg{number % (7 + _FILES // 20)}/mod{number}.py")

    def write(self, relative: str) -> None:
        """Write a file anew, with a name of its own."""
        path = self.root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        self.forget(relative)
        self.names += 1
        name = f"quix{self.names:05}zeta"
        path.write_text(f"import os\n\n\ndef {name}(value):\n    return os.path.join(value, 'x')\n")
        self.defines[relative] = name

    def forget(self, relative: str) -> None:
        """Note that a file's name is gone."""
        if relative in self.defines:
            self.gone.append(self.defines.pop(relative))

    def some(self) -> str:
        """Return one of the files."""
        return self.dice.choice(sorted(self.defines))

    def step(self) -> None:
        """Change one thing."""
        ways = [self.edit, self.edit, self.hide, self.replace, self.delete, self.rename, self.create]
        rare = [self.move_directory, self.ignore, self.misdate, self.change_case, self.crush, self.burst]
        self.dice.choice([*ways, self.dice.choice(rare), self.dice.choice(rare)])()

    def edit(self) -> None:
        """Write over a file; the size stays."""
        self.write(self.some())

    def hide(self) -> None:
        """Write over a file and set its time back."""
        path = self.root / (relative := self.some())
        status = path.stat()
        self.write(relative)
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))

    def replace(self) -> None:
        """Save as editors do, by a new file that takes the place."""
        relative = self.some()
        (self.root / relative).rename(spare := self.root.with_name("spare"))
        self.write(relative)
        spare.unlink()

    def misdate(self) -> None:
        """Write over a file, and say that it was long ago or that it will be."""
        relative = self.some()
        self.write(relative)
        os.utime(self.root / relative, ns=(0, self.dice.choice((1, 10**18, 4 * 10**18))))

    def change_case(self) -> None:
        """Rename a file to what differs in case only."""
        source = self.some()
        directory, slash, name = source.rpartition("/")
        target = f"{directory}{slash}{name.removesuffix('.py').swapcase()}.py"
        if not (self.root / target).exists():  # another file has that name, or the system takes both for one
            (self.root / source).rename(self.root / target)
            self.defines[target] = self.defines.pop(source)

    def crush(self) -> None:
        """Put a file in the place of a directory, or a directory in the place of a file."""
        relative = f"crushed{self.dice.randint(0, 2)}.py"
        path = self.root / relative
        if path.is_dir():
            shutil.rmtree(path)
            for inner in [r for r in self.defines if r.startswith(f"{relative}/")]:
                self.forget(inner)
            self.write(relative)
        else:
            path.unlink(missing_ok=True)
            self.forget(relative)
            self.write(f"{relative}/inner.py")

    def burst(self) -> None:
        """Write many files at once, or delete them: a checkout of another branch."""
        if self.bursts:
            for relative in self.bursts:
                (self.root / relative).unlink(missing_ok=True)
                self.forget(relative)
            self.bursts.clear()
        elif self.dice.random() < 0.2:
            self.bursts = [f"branch{self.names}/{number}.py" for number in range(_BURST)]
            for relative in self.bursts:
                self.write(relative)

    def delete(self) -> None:
        """Delete a file, and now and then write one in its place that says nothing."""
        relative = self.some()
        (self.root / relative).unlink()
        self.forget(relative)
        if self.dice.random() < 0.3:
            (self.root / relative).write_text("# nothing\n")

    def rename(self) -> None:
        """Rename a file, over another one if it comes so."""
        source, target = self.some(), f"pkg{self.dice.randint(0, 9)}/new{self.dice.randint(0, 99)}.py"
        if target != source:
            (self.root / target).parent.mkdir(exist_ok=True)
            (self.root / source).rename(self.root / target)
            name = self.defines.pop(source)
            self.forget(target)
            self.defines[target] = name

    def create(self) -> None:
        """Write a new file, perhaps in a new directory."""
        self.write(f"pkg{self.dice.randint(0, 12)}/sub/made{self.dice.randint(0, 999)}.py")

    def move_directory(self) -> None:
        """Rename a directory with all that is in it."""
        source = self.some().split("/")[0]
        target = f"pkg{self.dice.randint(20, 99)}"
        if (self.root / source).is_dir() and not (self.root / target).exists():
            (self.root / source).rename(self.root / target)
            for relative in [r for r in self.defines if r.startswith(f"{source}/")]:
                self.defines[f"{target}{relative.removeprefix(source)}"] = self.defines.pop(relative)

    def ignore(self) -> None:
        """Let a rule hide a directory for the time of one question, or look at it again."""
        path = self.root / ".gitignore"
        if path.exists():
            path.unlink()
        else:
            path.write_text(f"/{self.some().split('/')[0]}/\n")

    def is_hidden(self, relative: str) -> bool:
        """Return whether the rule hides a file."""
        with suppress(FileNotFoundError):
            return f"/{relative}".startswith((self.root / ".gitignore").read_text().strip())
        return False

    def question(self) -> str:
        """Return a name: most often the newest, else one that is there, or one that is gone."""
        names = sorted(self.defines.values())
        return self.dice.choice([names[-1], names[-1], *self.gone[-1:], self.dice.choice(names)])


def quotes(rendered: str) -> Iterator[tuple[str, int, str]]:
    """Yield path, line number and text of each line that an answer quotes."""
    path = None
    for line in rendered.split("```\n", 1)[1].split("\n") if "```\n" in rendered else ():
        if (hit := _HIT.match(line)) is not None:
            path = hit[1]
        elif path is not None and (quoted := _LINE.match(line)) is not None:
            yield path, int(quoted[1]), quoted[2]


def check(project: Project, name: str, rendered: str) -> None:
    """Compare an answer with the disk."""
    for path, number, text in quotes(rendered):
        assert (project.root / path).read_text().split("\n")[number - 1].strip() == text.strip()
    where = [
        relative
        for relative, defined in project.defines.items()
        if defined == name and not project.is_hidden(relative)
    ]
    count = _COUNT.search(rendered)
    assert count is not None
    if "not indexed yet" not in count[5]:  # after a burst a question does not wait until all is written
        assert int(count[2]) == len(where), (name, where, rendered)
        assert "complete" in count[5] or count[4], rendered
    if where:
        assert re.search(rf"^{re.escape(where[0])}:\d+-\d+ {name}", rendered, re.MULTILINE), rendered


def alternate(project: Project, ask: Callable[[str], str]) -> None:
    """Edit and ask in turns."""
    for _ in range(_STEPS):
        for _ in range(project.dice.choice((0, 1, 1, 1, 3))):
            project.step()
        name = project.question()
        check(project, name, ask(name))
    files = sum(1 for _ in project.root.rglob("*.*"))
    report("%d questions between edits, %d files at the end: all answers true", _STEPS, files)
    shutil.rmtree(project.root)


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize("seed", _SEEDS)
def test_no_answer_misses_a_change_or_quotes_what_is_not_there(tmp_path, seed):
    """Whoever edits and then asks is told of the edit, however it hides."""
    project = Project(tmp_path / "project", seed)
    index = LeIndex(project.root)

    def ask(name: str) -> str:
        answer = index.search(name)
        assert answer.state.state is IndexState.FRESH
        for hit in answer:
            lines = (project.root / hit.path).read_text().split("\n")
            assert hit.text == "\n".join(lines[hit.start_line - 1 : hit.end_line])
        return answer.rendered

    alternate(project, ask)


@contextmanager
def server(root: Path) -> Iterator[Callable[[str], str]]:
    """Start a server on stdio, and yield the function that asks it."""
    command = [sys.executable, "-m", "leindex_mcp", "--root", str(root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        numbers = iter(range(10**9))

        def call(method: str, parameters: dict) -> dict:
            request = {"jsonrpc": "2.0", "id": next(numbers), "method": method, "params": parameters}
            process.stdin.write(json.dumps(request).encode() + b"\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())["result"]

        client = {"name": "t", "version": "1"}
        call("initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client})
        process.stdin.write(b'{"jsonrpc": "2.0", "method": "notifications/initialized"}\n')
        call("tools/call", {"name": "index", "arguments": {}})
        yield lambda name: call("tools/call", {"name": "search", "arguments": {"query": name}})["content"][0][
            "text"
        ]
        process.stdin.close()


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize("seed", _SEEDS)
def test_a_server_misses_no_change_while_it_writes_behind_its_answers(tmp_path, seed):
    """The same over stdio, where runs of `index` go on behind the answers."""
    project = Project(tmp_path / "project", seed + 100)
    with server(project.root) as ask:
        alternate(project, ask)


@pytest.mark.slow
@pytest.mark.timeout(TIMEOUT)
@pytest.mark.parametrize("seed", _SEEDS)
def test_all_who_answer_for_one_tree_know_of_each_change(tmp_path, seed):
    """Two in this process and a server, in any order: none writes over what another one knows."""
    project = Project(tmp_path / "project", seed + 200)
    ours = [LeIndex(project.root), LeIndex(project.root)]
    with server(project.root) as ask:
        askers = [ask, *(lambda name, index=index: index.search(name).rendered for index in ours)]

        def ask_one(name: str) -> str:
            return project.dice.choice(askers)(name)

        alternate(project, ask_one)
