"""A root through the public door: index it, change it, search it."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from leindex_mcp import LeIndex, LeIndexError
from leindex_mcp.errors import QueryError, RootNotFoundError, RootRefusedError, RootVanishedError
from leindex_mcp.records import IndexState
from leindex_mcp.request import Request
from leindex_mcp.settings import Settings

TREE = {
    "src/router.py": "class Router:\n    def match_route(self, url):\n        return self.table.get(url)\n",
    "src/retry.py": "def retry_request(session, times):\n    # Send a failed request again.\n    pass\n",
    "src/cache.ts": "export function evictOldest(cache: Map<string, number>) {\n  return cache.keys();\n}\n",
    "docs/guide.md": "# Guide\n\nHow to configure the proxy server.\n",
    "data.bin": b"\0\1\2\3",
}


@pytest.fixture
def root(make_tree) -> Path:
    """A project of five files, one of them binary."""
    return make_tree(TREE)


def paths(answer) -> list[str]:
    """Name the files of an answer, best first."""
    return [hit.path for hit in answer]


def test_a_search_without_an_index_makes_one_and_finds_the_file(root):
    """The guide's two-line snippet is all a new user writes."""
    answer = LeIndex(root).search("where is a failed request sent again")

    assert answer[0].path == "src/retry.py"
    assert answer[0].symbol == "retry_request"
    assert answer.state.state is IndexState.FRESH


def test_a_hit_quotes_the_lines_it_names(root):
    """Line numbers are 1-based and inclusive, and the text is what stands there."""
    for hit in LeIndex(root).search("match route"):
        lines = (root / hit.path).read_text().split("\n")
        assert hit.text == "\n".join(lines[hit.start_line - 1 : hit.end_line])


def test_a_second_run_reads_no_file(root):
    """Unchanged files are told by their fingerprints; binary ones too, though they have no chunks."""
    first = LeIndex(root).index()

    second = LeIndex(root).index()

    assert first.indexed == len(TREE)
    assert (second.indexed, second.bytes_read, second.unchanged) == (0, 0, len(TREE))
    assert second.skipped == {"binary": 1}


def test_only_changed_renamed_and_deleted_files_are_touched(root):
    """Incremental from the first day, and each change is found by the next search."""
    project = LeIndex(root)
    project.index()
    (root / "src/router.py").write_text("def dispatch_event(queue):\n    return queue.pop()\n")
    (root / "src/cache.ts").rename(root / "src/storage.ts")
    (root / "docs/guide.md").unlink()

    report = project.index()

    assert (report.indexed, report.removed) == (2, 2)
    assert paths(project.search("dispatch event"))[0] == "src/router.py"
    assert "src/cache.ts" not in paths(project.search("evictOldest"))
    assert "src/storage.ts" in paths(project.search("evictOldest"))
    assert "docs/guide.md" not in paths(project.search("configure the proxy server"))


def test_a_file_edited_after_indexing_is_quoted_as_it_is_now_and_marked(root):
    """A hit never shows text that is not on disk."""
    project = LeIndex(root)
    project.index()
    (root / "src/retry.py").write_text(
        "# moved\n\n\ndef retry_request(session):\n    return 'request again'\n"
    )

    answer = project.answer(Request.checked("retry failed request"))

    hit = next(hit for hit in answer if hit.path == "src/retry.py")
    assert hit.changed
    assert "moved" in hit.text or "def retry_request(session):" in hit.text
    assert answer.state.state is IndexState.STALE


def test_a_hit_that_says_something_else_by_now_falls_and_is_ranked_by_its_new_text(root):
    """The score is that of the text that is quoted, whole files at a time."""
    project = LeIndex(root)
    project.index()
    (root / "src/retry.py").write_text("def paint_window(brush):\n    return brush\n")
    (root / "src/cache.ts").write_text(
        "export function retryRequest(session: Session) {\n  return session;\n}\n"
    )

    answer = project.answer(Request.checked("retry request cache"))

    assert paths(answer)[0] == "src/cache.ts"
    assert {hit.path for hit in answer if hit.changed} >= {"src/cache.ts"}
    assert all("retry_request" not in hit.text for hit in answer)
    assert paths(project.answer(Request.checked("paint window brush")))[0] == "src/retry.py"


def test_what_changed_is_answered_at_once_and_written_by_the_next_run(root):
    """Writing takes ten times as long as knowing; nothing is lost when it never comes to it."""
    project = LeIndex(root)
    project.index()
    (root / "src/new.py").write_text("def brand_new_thing():\n    pass\n")
    (root / "src/retry.py").unlink()

    answer = project.search("brand_new_thing")

    assert answer[0].path == "src/new.py"
    assert not answer[0].changed
    assert answer.census == ("`brand_new_thing`: 1 match in 1 file (complete)",)
    assert project.is_run_due() or project.pin().head.files == len(TREE)
    assert project.pin().head.files == len(TREE)
    report = project.index()
    assert (report.indexed, report.removed) == (1, 1)
    assert not project.is_run_due()
    assert paths(project.search("brand_new_thing"))[0] == "src/new.py"


def test_an_unreadable_file_does_not_keep_answers_from_being_checked(root):
    """A scan sees it and nobody can read it: it is left out, and asked about again only when it changes."""
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (root / "src/locked.py").write_text("def locked_thing():\n    pass\n")
    (root / "src/locked.py").chmod(0)
    project = LeIndex(root)

    for _ in range(3):
        assert project.search("retry request").state.is_checked
    assert project.search("locked_thing").census == ("`locked_thing`: 0 anywhere in 4 files",)


def test_a_file_deleted_after_indexing_is_no_hit(root):
    """The next candidate takes its place."""
    project = LeIndex(root)
    project.index()
    (root / "src/retry.py").unlink()

    assert "src/retry.py" not in paths(project.answer(Request.checked("retry failed request")))


def test_names_are_counted_and_the_count_says_whether_it_is_complete(root):
    """What makes an agent fall back to grep is doubt: how often, and is that all?"""
    project = LeIndex(root)

    assert project.search("retry_request").census == ("`retry_request`: 1 match in 1 file (complete)",)
    (root / "src/more.py").write_text("retry_request(1, 2)\nretry_request(3, 4)\n")
    found = LeIndex(root).search("retry_request")
    assert found.census == ("`retry_request`: 3 matches in 2 files (complete)",)
    assert found.census[0] in found.rendered
    assert project.answer(Request.checked("retry_request")).census[0].endswith("are not counted)")
    assert LeIndex(root).search('"no such words anywhere"').census == (
        '"no such words anywhere": 0 anywhere in 5 files',
    )


def test_filters_leave_only_what_they_name(root):
    """Globs, language and sub-tree each restrict the candidates, not the order."""
    project = LeIndex(root)
    query = "cache router request guide"

    assert paths(project.search(query, language="ts")) == ["src/cache.ts"]
    assert paths(project.search(query, include=["docs/**"])) == ["docs/guide.md"]
    assert "src/cache.ts" not in paths(project.search(query, exclude=["*.ts"]))
    assert {path.split("/")[0] for path in paths(project.search(query, subtree="src"))} == {"src"}


@pytest.mark.parametrize("mode", ["hybrid", "semantic", "keyword"])
def test_every_mode_finds_the_function_by_its_words(root, mode):
    """The three modes share the corpus and differ in the signals."""
    assert paths(LeIndex(root).search("retry request", mode=mode))[0] == "src/retry.py"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"query": ""}, "the query is empty"),
        ({"query": " \0\n"}, "the query is empty"),
        ({"query": "x", "limit": 0}, "limit is 0: pass 1 to 100"),
        ({"query": "x", "limit": 10**9}, "limit is 1000000000: pass 1 to 100"),
        ({"query": "x", "max_tokens": 0}, "max_tokens is 0: pass 100 to 11250"),
        ({"query": "x", "max_tokens": 10**9}, "max_tokens is 1000000000"),
        ({"query": "x", "mode": "fuzzy"}, "pass one of hybrid, semantic, keyword"),
        ({"query": "x", "language": "pyhton"}, "did you mean 'python'?"),
        ({"query": "x", "include": [""]}, "empty glob pattern"),
        ({"query": "x", "include": ["*a*b*c*d"]}, "more than 3"),
    ],
)
def test_a_bad_argument_is_refused_with_a_sentence(root, arguments, sentence):
    """The caller can act on it, and nothing was indexed for it."""
    with pytest.raises(QueryError, match=re.escape(sentence)):
        LeIndex(root).search(**arguments)


def test_odd_questions_are_answered(root):
    """NUL, half a surrogate pair and a megabyte of words are questions like any other."""
    project = LeIndex(root)
    for query in ("retry\0request", "retry \ud800 request", "retry request " * 80_000):
        assert paths(project.search(query))[0] == "src/retry.py"


@pytest.mark.parametrize("path", ["/", "~", "/usr", "/proc/self"])
def test_a_root_that_is_too_wide_is_refused(path):
    """A server started in the wrong directory must not index a disk."""
    with pytest.raises(RootRefusedError, match="pass the path of one project"):
        LeIndex(Path(path).expanduser())


def test_a_missing_root_and_a_file_are_refused(root):
    """Each with its own sentence."""
    with pytest.raises(RootNotFoundError, match="does not exist"):
        LeIndex(root / "nowhere")
    with pytest.raises(RootNotFoundError, match="is a file"):
        LeIndex(root / "data.bin")


def test_a_root_outside_the_allowed_ones_is_refused(root, tmp_path):
    """`allowed_roots` fences a server in."""
    with pytest.raises(RootRefusedError, match="allowed_roots"):
        LeIndex(root, settings=Settings(allowed_roots=(str(tmp_path / "elsewhere"),)))


def test_a_root_that_lost_all_its_files_keeps_its_index_until_forced(root):
    """An unmounted disk looks like an empty directory."""
    project = LeIndex(root)
    before = project.index()
    for entry in root.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    with pytest.raises(RootVanishedError, match="index again with force"):
        project.index()

    assert project.pin().head.files == before.indexed
    assert project.index(force=True).files == 0


def test_a_root_that_is_gone_keeps_its_index(root):
    """Nothing is wiped, and the sentence says what happened."""
    project = LeIndex(root)
    before = project.index()
    root.rename(root.with_name("moved"))

    with pytest.raises(LeIndexError, match=r"does not exist|empty or gone"):
        project.index()

    assert project.pin().head.files == before.indexed


def test_an_index_directory_deleted_while_open_is_made_again(root):
    """Clearing the cache directory costs a new index and nothing else."""
    project = LeIndex(root)
    project.index()
    shutil.rmtree(project.store.directory)

    answer = project.search("retry request")

    assert answer[0].path == "src/retry.py"
    assert answer.state.files == len(TREE) - 1
    assert project.stats().state is IndexState.FRESH


def test_an_index_of_another_model_is_rebuilt_and_meanwhile_searched_by_keyword(root):
    """Vectors of two models have nothing to do with each other; the words are the same."""
    untrained = Settings.model_validate({"performance": {"embeddings": {"model": "untrained"}}})
    LeIndex(root, settings=untrained).index()
    project = LeIndex(root)

    meanwhile = project.answer(Request.checked("retry request", mode="semantic"))
    answer = project.search("retry request")

    assert meanwhile[0].path == answer[0].path == "src/retry.py"
    assert "keyword alone" in meanwhile.state.detail
    assert answer.state.detail == ""
    assert project.stats().encoder != "untrained-1"


def test_force_builds_the_same_index_again(root):
    """A rebuild beside the old index, switched at the end."""
    project = LeIndex(root)
    project.index()
    before = paths(project.search("request"))

    report = project.index(force=True)

    assert report.indexed == len(TREE)
    assert paths(project.search("request")) == before


def test_messy_files_are_counted_not_raised(make_tree):
    """One of each kind, and the good file beside them is found."""
    root = make_tree(
        {
            "good.py": "def wanted_function():\n    return 1\n",
            "fake.py": b"\0" * 100,
            "huge.txt": "word " * 400_000,
            "one_line.js": "x=1;" * 200_000,
            "latin.py": "# caf\xe9\nname = 1\n".encode("latin-1"),
            "utf16.py": "def sixteen():\n    return 16\n".encode("utf-16"),
            "new\nline.py": "def newline_name():\n    return 2\n",
            ".env": "SECRET=1\n",
            "server.pem": "key",
            "empty.py": "",
        }
    )
    (root / "link.py").symlink_to(root / "good.py")
    os.mkfifo(root / "pipe.py")
    project = LeIndex(root)

    report = project.index()

    expected = {"binary": 1, "size": 1, "secret": 2, "symlink": 1, "special": 1}
    assert expected.items() <= report.skipped.items()
    assert paths(project.search("wanted function"))[0] == "good.py"
    assert paths(project.search("sixteen"))[0] == "utf16.py"
    assert paths(project.search("newline_name"))[0] == "new\nline.py"


def test_snippets_work_as_a_plain_script_without_a_main_guard(root, tmp_path):
    """No process is spawned that would run the script again."""
    script = tmp_path / "snippet.py"
    script.write_text(
        "import sys\nfrom leindex_mcp import LeIndex\n"
        "indexer = LeIndex(sys.argv[1])\nindexer.index()\n"
        "print(indexer.search('retry request')[0].path)\n"
    )
    done = subprocess.run([sys.executable, script, root], capture_output=True, text=True, check=True)
    assert done.stdout == "src/retry.py\n"


async def test_the_synchronous_calls_work_inside_a_running_event_loop(root):
    """A notebook or an async program may call them; `aindex` and `asearch` do the same without blocking."""
    project = LeIndex(root)

    assert project.index().indexed == len(TREE)
    assert (await project.aindex()).removed == 0
    assert (await project.asearch("retry request"))[0] == project.search("retry request")[0]


def test_a_profile_is_six_debug_lines_on_the_leindex_logger(root, caplog):
    """`logging.getLogger('leindex').setLevel(logging.DEBUG)` is all the guide asks for."""
    caplog.set_level(logging.DEBUG, logger="leindex")

    LeIndex(root).index(profile=True)

    heads = [line.partition(":")[0] for line in caplog.messages]
    assert heads[-6:] == [
        "File scanning",
        "Pattern matching",
        "Content extraction",
        "Embedding generation",
        "Index update",
        "Total indexing time",
    ]


def test_stats_tell_what_changed_since(root):
    """The state is that of now, not that of the last run."""
    project = LeIndex(root)
    project.index()
    assert project.stats().state is IndexState.FRESH
    (root / "new.py").write_text("x = 1\n")

    stats = project.stats()

    assert stats.state is IndexState.STALE
    assert stats.detail == "1 files new or changed, 0 gone since"
    assert (stats.files, stats.skipped) == (len(TREE) - 1, {"binary": 1})


def test_a_stale_answer_says_so_and_a_fresh_one_is_json_ready(root):
    """`dataclasses.asdict` of a hit is what the command line prints."""
    from dataclasses import asdict

    hit = LeIndex(root).search("retry request")[0]

    assert set(json.loads(json.dumps(asdict(hit)))) == {
        *("path", "start_line", "end_line", "score", "text", "symbol", "changed"),
        *("signature", "signature_line"),
    }
