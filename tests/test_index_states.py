"""Every state of an index has an answer, and the first line of it is true."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters

from leindex_mcp import LeIndex, live
from leindex_mcp.current import standing
from leindex_mcp.current.looks import Freshness, Ground
from leindex_mcp.embed.encoder import load_encoder
from leindex_mcp.extract.document import read_document
from leindex_mcp.indexing import embedded
from leindex_mcp.records import SearchAnswer
from leindex_mcp.request import Request
from leindex_mcp.scan.parallel_scanner import ParallelScanner
from leindex_mcp.settings import EmbeddingsSettings, Settings
from leindex_mcp.store import Store

TREE = {
    "src/router.py": "import retry\n\n\nclass Router:\n    def match_route(self, url):\n        return url\n",
    "src/retry.py": "def retry_request(session, times):\n    # Send a failed request again.\n    pass\n",
    "src/cache.ts": "export function evictOldest(cache: Map<string, number>) {\n  return cache.keys();\n}\n",
    "docs/guide.md": "# Guide\n\nHow to configure the proxy server, and the retries of a request.\n",
}
ASKED = "where is a failed request sent again"
QUESTIONS = (
    {"query": ASKED},
    {"query": "match_route"},
    {"query": "configure the proxy", "include": ["docs/**"]},
    {"query": "retry request cache", "include": ["docs/**"]},
    {"query": "src/cache.ts", "mode": "keyword"},
    {"query": "how to evict", "language": "ts"},
    {"query": "x"},
)
LATER_NS = time.time_ns() + 10**12  # when files were read: long after they were written
MODES = (Request.checked(ASKED), Request.checked("retry_request", mode="exact"))
MANY = 1001  # files: more than a question waits for
DOCUMENTED = Path(__file__).parents[1] / "docs/troubleshooting.md"


@pytest.fixture
def root(make_tree) -> Path:
    """A project of four files."""
    return make_tree(TREE)


@pytest.fixture
def large(root) -> Path:
    """A project that takes longer to index than a question waits."""
    write_many(root)
    return root


def write_many(root: Path) -> None:
    """Fill up a project, its directories too."""
    for number in range(MANY - len(TREE)):
        path = root / f"part{number % 20}/module_{number}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"value_{number} = {number}\n")


def ask(project: LeIndex, query: str = ASKED, **arguments) -> SearchAnswer:
    """Answer from what there is, as a server does while something is going on."""
    return project.answer(Request.checked(query), **arguments)


def first_line(answer: SearchAnswer) -> str:
    """Return the line that says how far the answer can be trusted."""
    return answer.rendered.partition("\n")[0]


def index_some(project: LeIndex, relatives: Sequence[str]) -> None:
    """Leave an index as a run leaves it that was killed after these files."""
    encoder = load_encoder(EmbeddingsSettings())
    records = [
        r for r in ParallelScanner(project.root, project.settings).scan().records if r.relative in relatives
    ]
    documents = [read_document(project.root, record, 1_000_000) for record in records]
    with project.store.writer() as writer:
        writer.begin(encoder=encoder.fingerprint, dim=encoder.dim)
        writer.commit(embedded(encoder, documents, LATER_NS))


def flip_every_file(directory: Path) -> None:
    """Change one byte in the middle of every data file, so that only digests tell."""
    for path in directory.rglob("*"):
        if path.is_file() and path.name not in {"HEAD", "lock"}:
            content = bytearray(path.read_bytes())
            content[len(content) // 2] ^= 0x55
            path.write_bytes(content)


def make_read_only(project: LeIndex) -> None:
    """Refuse every write from now on, as a disk does that is mounted read-only."""

    def refuse(_point: str) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    project.store = Store(project.store.directory, at=refuse)


HOLDER = """
import sys
from leindex_mcp import LeIndex
with LeIndex(sys.argv[1]).store.writer() as writer:
    writer.report_progress(2, 4)
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another_process(project: LeIndex) -> Iterator[subprocess.Popen[str]]:
    """Have a second process hold the writer lock, two of four files done, until its stdin ends."""
    command = [sys.executable, "-c", HOLDER, str(project.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.communicate()


# ---------------------------------------------------------------- what is found


@pytest.mark.parametrize("indexed", [[], ["src/retry.py"], ["docs/guide.md", "src/cache.ts"]])
def test_a_file_ranks_alike_whether_it_is_indexed_or_read_on_the_spot(root, indexed):
    """One ranking: what is not indexed is laid into the snapshot, so that no score tells how it was found."""
    project = LeIndex(root)
    if indexed:
        index_some(project, indexed)
    before = [project.answer(Request.checked(**question)) for question in QUESTIONS]
    project.index()

    after = [project.answer(Request.checked(**question)) for question in QUESTIONS]

    assert [answer.hits for answer in before] == [answer.hits for answer in after]
    assert first_line(before[0]).startswith(
        f"index: {'partial' if indexed else 'absent'}, {len(indexed)} of 4"
    )
    assert first_line(after[0]) == "index: fresh, 4 files"


def test_the_best_of_many_files_are_embedded_and_the_line_says_how_many(large):
    """Every file is read for the words; two hundred are worth their vectors before an answer."""
    answer = ask(LeIndex(large))

    assert answer[0].path == "src/retry.py"
    assert first_line(answer) == (
        f"index: absent, 0 of {MANY} files; keyword 100 %, semantic 19 %; call `index` to make it"
    )


@pytest.mark.parametrize("query", ["wanted_thing", "part7/deep.py"])
def test_a_definition_or_a_path_that_is_asked_for_is_among_the_best_of_many(large, query):
    """However many files say the name: the one that is meant must not be lost before the ranking."""
    for number in range(300):
        (large / f"part7/use_{number}.py").write_text("wanted_thing()\n" * 9)
    (large / "part7/deep.py").write_text("def wanted_thing():\n    return 1\n")

    answer = LeIndex(large).answer(Request.checked(query, limit=100))

    assert "part7/deep.py" in {hit.path for hit in answer}


def test_a_count_does_not_claim_the_files_that_were_not_counted(large):
    """The names in the files that were laid in are counted; there may be more."""
    (line,) = ask(LeIndex(large), "retry_request").census

    assert line == "`retry_request`: 1 match in 1 file (files not indexed yet are not all counted)"


def test_filters_leave_only_what_they_name_of_files_that_are_not_indexed(large):
    """A file that is filtered out takes no place among those that are embedded."""
    project = LeIndex(large)

    def paths(query: str, **filters) -> set[str]:
        return {hit.path for hit in project.answer(Request.checked(query, **filters))}

    assert paths("retry request cache", language="ts") == {"src/cache.ts"}
    assert paths("retries of a request", include=["docs/**"]) == {"docs/guide.md"}
    assert {path.partition("/")[0] for path in paths("value_23", subtree="part3")} == {"part3"}
    assert "part3" not in {path.partition("/")[0] for path in paths("value_23", exclude=["part3/**"])}


def test_code_like_other_code_is_found_without_an_index(root):
    """`similar_to` goes by the words of the code there."""
    (root / "src/again.py").write_text("def retry_request_again(session, times):\n    pass\n")

    answer = LeIndex(root).answer(Request.checked("", similar_to="src/retry.py:1"))

    assert answer[0].path == "src/again.py"


def test_time_and_bytes_are_bounded_and_the_line_says_what_that_left_out(root):
    """An answer must not wait for a million files; what was not read is not claimed."""
    project = LeIndex(root)
    scanner = ParallelScanner(root, Settings())
    encoder = load_encoder(EmbeddingsSettings())

    def coverage(**bounds) -> str:
        request = Request.checked("retry request")
        limits = replace(live.BOUNDS, **bounds)
        return live.complete(request, project.pin(), encoder, scanner, 10**6, limits).coverage.line()

    assert coverage(read_seconds=0) == "0 of 4 files; keyword 0 %, semantic 0 %"
    assert coverage(files=1) == "0 of 4 files; keyword 100 %, semantic 25 %"
    assert coverage(bytes=150) == "0 of 4 files; keyword 100 %, semantic 25 %"
    assert coverage(scan_seconds=0) == "0 of over 0 files; keyword 100 %, semantic 100 %"


def test_files_that_are_no_text_are_covered_and_never_found(make_tree):
    """They were read, and there is nothing to say about them; none of all files is 100 %."""
    root = make_tree({"a.py": "retry = 1\n", "b.py": b"\0retry", "empty.py": ""})

    assert [hit.path for hit in ask(LeIndex(root), "retry")] == ["a.py"]
    assert "keyword 100 %" in first_line(ask(LeIndex(root), "retry"))
    assert first_line(ask(LeIndex(make_tree({}, name="nothing")))).startswith("index: absent, 0 of 0 files")


# ---------------------------------------------------------------- the table of first lines


def _damaged(root: Path) -> LeIndex:
    LeIndex(root).index()
    project = LeIndex(root)
    flip_every_file(project.store.directory)
    return project


def _read_only(root: Path, *, indexed: Sequence[str]) -> LeIndex:
    project = LeIndex(root)
    if indexed:
        index_some(project, indexed)
    make_read_only(project)
    (root / "src/new.py").write_text("def brand_new():\n    return 1\n")
    return project


def _fresh(root: Path) -> SearchAnswer:
    return LeIndex(root).search(ASKED)


def _another_model(root: Path) -> SearchAnswer:
    untrained = Settings.model_validate({"performance": {"embeddings": {"model": "untrained"}}})
    LeIndex(root, settings=untrained).index()
    return ask(LeIndex(root))


def _edited(root: Path) -> SearchAnswer:
    LeIndex(root).index()
    (root / "src/retry.py").write_text(
        "def retry_request(session):\n    return 'failed request sent again'\n"
    )
    return ask(LeIndex(root))


def _partial(root: Path, **arguments) -> SearchAnswer:
    project = LeIndex(root)
    index_some(project, ["src/retry.py"])
    return ask(project, **arguments)


def _compared_before(root: Path) -> SearchAnswer:
    project = LeIndex(root)
    project.search(ASKED)
    project.look()
    return ask(project)


def _much_changed(root: Path, *, is_read_only: bool) -> SearchAnswer:
    project = LeIndex(root)
    project.index()
    write_many(root)
    if is_read_only:
        make_read_only(project)
        return project.search("value_3")
    return ask(project, running=(0, None, "starting"), ground=Ground(Freshness.RUN_BEHIND))


# In the order of the table.
FIRST_LINES = {
    "fresh": _fresh,
    "compared before": _compared_before,
    "another model": _another_model,
    "stale": _edited,
    "stale, being updated": lambda root: _much_changed(root, is_read_only=False),
    "stale, not kept": lambda root: _much_changed(root, is_read_only=True),
    "building": lambda root: _partial(root, running=(1, 4, "indexing")),
    "partial": _partial,
    "partial, not kept": lambda root: _read_only(root, indexed=["src/retry.py"]).search("brand_new"),
    "absent": lambda root: ask(LeIndex(root)),
    "absent, not kept": lambda root: _read_only(root, indexed=[]).search("brand_new"),
    "damaged, being rebuilt": lambda root: ask(_damaged(root), running=(0, None, "starting")),
    "damaged": lambda root: ask(_damaged(root)),
}


def documented_lines() -> list[str]:
    """Return the first column of the table in the documentation."""
    section = (
        DOCUMENTED.read_text().partition("## What the first line of an answer says")[2].partition("\n## ")[0]
    )
    return re.findall(r"^\| ``? ?(index: .*?) ?``? \|", section, re.MULTILINE)


def pattern_of(line: str) -> str:
    """Return a documented line with any number where it has one, and anything for `…`."""
    return re.sub(r"\d+", r"\\d+", re.escape(line)).replace("…", ".+")


@pytest.mark.parametrize("state", FIRST_LINES)
def test_every_first_line_is_in_the_table_of_the_documentation(root, state):
    """A reader looks up what an answer says of itself; the table is complete, and holds nothing else."""
    line = first_line(FIRST_LINES[state](root))

    row = documented_lines()[list(FIRST_LINES).index(state)]
    assert re.fullmatch(pattern_of(row), line), line
    assert len(documented_lines()) == len(FIRST_LINES)


# ---------------------------------------------------------------- damage


@pytest.mark.parametrize("victim", ["everything", "HEAD"])
def test_a_damaged_index_is_answered_without_and_made_anew(root, victim):
    """Never silently wrong, and never an error in place of an answer that the files can give."""
    project = _damaged(root)
    if victim == "HEAD":
        (project.store.directory / "HEAD").write_bytes(b"leindex-index 1 no\n")

    meanwhile = ask(project)
    answer = project.search(ASKED)

    assert first_line(meanwhile).startswith("index: damaged, 0 of 4 files; keyword 100 %, semantic 100 %; ")
    assert meanwhile[0].path == answer[0].path == "src/retry.py"
    assert first_line(answer) == "index: fresh, 4 files"
    assert project.check().problems == ()


# ---------------------------------------------------------------- nothing can be written


def test_an_index_on_a_read_only_disk_answers_and_changes_are_read_on_the_spot(root):
    """The index is as good as before; what changed since is found, and what is not kept is said."""
    project = LeIndex(root)
    project.index()
    make_read_only(project)
    (root / "src/new.py").write_text("def brand_new():\n    return 1\n")
    few = project.search("brand_new")
    write_many(root)
    (root / "src/retry.py").unlink()

    many = project.search("brand_new")

    assert first_line(few) == "index: fresh, 5 files"
    assert few[0].path == many[0].path == "src/new.py"
    assert first_line(many) == (
        f"index: stale, 3 of {MANY} files; keyword 100 %, semantic 20 %; what changed since is not kept: "
        f"creating the index in {project.store.directory} failed: Read-only file system; "
        "set LEINDEX_HOME to a writable directory"
    )
    assert "src/retry.py" not in {hit.path for hit in project.search("retry_request")}


def test_the_command_line_searches_where_no_index_can_be_kept(root, home):
    """It would build the index first; it cannot, says why, and finds the file all the same."""
    (home / "leindex").write_text("a file is in the way")

    done = subprocess.run(
        [sys.executable, "-m", "leindex_mcp", "search", ASKED, str(root)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.startswith(
        "index: absent, 0 of 4 files; keyword 100 %, semantic 100 %; nothing is kept: "
    )
    assert "src/retry.py:1-3 retry_request" in done.stdout


# ---------------------------------------------------------------- through a server


@pytest.fixture
def server(home) -> StdioServerParameters:
    """How a client starts the server."""
    return StdioServerParameters(
        command=sys.executable, args=["-m", "leindex_mcp"], env=dict(os.environ), cwd=home
    )


async def search(client: Client, root: Path, query: str = ASKED) -> list[str]:
    """Return the lines of an answer."""
    (block,) = (await client.call_tool("search", {"query": query, "path": str(root)})).content
    return block.text.split("\n")


@pytest.mark.slow
async def test_the_first_question_about_a_large_project_does_not_wait_for_its_index(server, large):
    """The run begins behind the answer; the next call finds it done, or how far it is."""
    async with Client(server) as client:
        first = await search(client, large)
        await client.call_tool("index", {"path": str(large)})
        then = await search(client, large)

    assert first[0] == (
        f"index: building, 0 of {MANY} files; keyword 100 %, semantic 19 %; "
        "starting; ask again for a complete answer"
    )
    assert first[3].startswith("src/retry.py:1-3 retry_request")
    assert then[0] == f"index: fresh, {MANY} files"


@pytest.mark.slow
async def test_a_damaged_index_of_a_large_project_is_rebuilt_behind_the_answer(server, large):
    """The answer comes from the files; the run that follows makes the index whole."""
    _damaged(large)
    async with Client(server) as client:
        first = await search(client, large)
        await client.call_tool("index", {"path": str(large)})
        then = await search(client, large)

    assert first[0].startswith(f"index: damaged, 0 of {MANY} files; keyword 100 %, semantic 19 %; ")
    assert first[3].startswith("src/retry.py:1-3 retry_request")
    assert then[0] == f"index: fresh, {MANY} files"


@pytest.mark.slow
@pytest.mark.parametrize("project", ["root", "large"])
async def test_a_server_that_cannot_write_answers_each_time_and_says_why(request, server, home, project):
    """Small or large: no error, no claim of a run that would bring more."""
    root = request.getfixturevalue(project)
    (home / "leindex").write_text("a file is in the way")

    async with Client(server) as client:
        answers = [await search(client, root) for _ in range(2)]

    for answer in answers:
        assert answer[0].startswith("index: absent, 0 of ")
        assert "nothing is kept: creating the index in " in answer[0]
        assert answer[3].startswith("src/retry.py:1-3 retry_request")


@pytest.mark.slow
async def test_while_another_server_indexes_the_answer_names_it_and_misses_nothing(server, root):
    """From its last snapshot and the files besides; when it is gone, the rest is indexed."""
    project = LeIndex(root)
    index_some(project, ["docs/guide.md", "src/cache.ts"])
    async with Client(server) as client:
        with held_by_another_process(project) as other:
            meanwhile = await search(client, root)
        await client.call_tool("index", {"path": str(root)})
        then = await search(client, root)

    assert meanwhile[0] == (
        "index: building, 2 of 4 files; keyword 100 %, semantic 100 %; "
        f"process {other.pid} is indexing 2 of 4; ask again for a complete answer"
    )
    assert meanwhile[3].startswith("src/retry.py:1-3 retry_request")
    assert then[0] == "index: fresh, 4 files"


@pytest.mark.slow
async def test_a_large_index_that_is_being_made_is_not_read_while_somebody_waits(root, monkeypatch):
    """Without a view, reading its tables took 40 seconds; the files themselves are read in a bounded time."""
    project = LeIndex(root)
    index_some(project, ["docs/guide.md", "src/retry.py"])
    monkeypatch.setattr(standing, "_MOST_READ_CHUNKS", 0)
    with held_by_another_process(project) as other:
        large = [project.answer(request, ground=project.freshen()) for request in MODES]
        monkeypatch.undo()
        small = [project.answer(request, ground=project.freshen()) for request in MODES]

    assert first_line(large[0]) == (
        "index: building, 0 of 4 files; keyword 100 %, semantic 100 %; "
        f"process {other.pid} is indexing 2 of 4; ask again for a complete answer"
    )
    assert first_line(small[0]).startswith("index: building, 2 of 4 files; ")
    assert [answer.hits for answer in large] == [answer.hits for answer in small]


@pytest.mark.slow
async def test_a_change_is_found_while_another_server_holds_the_index(server, root):
    """The answer does not wait for the lock: few changes are taken in in memory, of many the best."""
    project = LeIndex(root)
    project.index()
    async with Client(server) as client:
        with held_by_another_process(project) as other:
            unchanged = await search(client, root)
            (root / "src/new.py").write_text("def brand_new():\n    return 1\n")
            few = await search(client, root, "brand_new")
            write_many(root)
            many = await search(client, root, "brand_new")

    assert unchanged[0] == "index: fresh, 4 files"
    assert few[0] == "index: fresh, 5 files"
    assert re.fullmatch(  # a file that was read within a tick of being written counts as unknown
        rf"index: stale, [45] of {MANY + 1} files; keyword 100 %, semantic 20 %; "
        rf"process {other.pid} is indexing 2 of 4; ask again for a complete answer",
        many[0],
    )
    assert "src/new.py:1-2 brand_new" in few
    assert "src/new.py:1-2 brand_new" in many
