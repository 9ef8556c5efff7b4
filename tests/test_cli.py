"""The command line, as a user and a script see it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import xxhash

pytestmark = pytest.mark.timeout(90)  # every test starts processes, and a busy machine takes its time

TREE = {
    "src/mail.py": "def send_mail(address):\n    return address\n",
    "src/log.py": "def write_log(line):\n    return line\n",
    "logo.png": b"\x89PNG\0\0",
    "build.log": "noise\n",
}


@pytest.fixture
def root(make_tree) -> Path:
    """A project with code, a binary and something ignored."""
    return make_tree(TREE, gitignore="*.log\n")


def run(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run one command as a shell would."""
    command = [sys.executable, "-m", "leindex_mcp", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=cwd, stdin=subprocess.DEVNULL, check=False
    )


def test_index_search_and_stats_speak_json_for_scripts(root):
    """The field names are the contract."""
    report = json.loads(run("index", root, "--json").stdout)
    found = json.loads(run("search", "send a mail", root, "--json").stdout)
    stats = json.loads(run("stats", root, "--json").stdout)

    assert (report["indexed"], report["files"]) == (3, 3)
    hit = found["hits"][0]
    assert (hit["path"], hit["start_line"], hit["end_line"], hit["symbol"]) == (
        "src/mail.py",
        1,
        2,
        "send_mail",
    )
    assert found["state"]["state"] == "fresh"
    assert {"root", "state", "files", "chunks", "bytes", "skipped", "encoder", "schema"} <= stats.keys()
    assert (stats["root"], stats["files"]) == (str(root), 3)
    assert stats["skipped"] == {"binary": 1, "ignored": 1}


def test_the_exit_status_of_a_check_tells_whole_from_damaged_from_none(root, tmp_path, monkeypatch):
    """Scripts go by it: 0, 1, 2. An index of a newer release is not damaged, it cannot be judged."""
    monkeypatch.setenv("LEINDEX_HOME", str(tmp_path / "home"))
    none = run("check", root)
    run("index", root)
    whole = run("check", root)
    (head,) = (tmp_path / "home").glob("*/HEAD")
    body = b"{}"
    head.write_bytes(b"leindex-index 99 %s\n" % xxhash.xxh3_64_hexdigest(body, seed=99).encode() + body)
    newer = run("check", root)
    head.write_bytes(b"nonsense")
    damaged = run("check", root)

    assert [done.returncode for done in (none, whole, newer, damaged)] == [2, 0, 2, 1]
    assert "holds no index" in none.stderr
    assert whole.stdout == "whole: 3 files\n"
    assert "update leindex" in newer.stderr
    assert damaged.stdout.splitlines()[1:] == ["HEAD does not begin as it should"]


def test_a_search_without_an_index_builds_it_first(root):
    """The command a new user types first."""
    done = run("search", "send a mail", root, "--limit", 1)

    assert done.returncode == 0
    assert "src/mail.py:1-2 send_mail" in done.stdout


def test_exact_lines_and_their_number_come_as_json_too(root):
    """A script needs the true total, whatever the limit."""
    found = json.loads(run("search", "return", root, "--mode", "exact", "--limit", 1, "--json").stdout)

    (hit,) = found["hits"]
    assert (hit["path"], hit["start_line"], hit["text"]) == ("src/log.py", 2, "    return line")
    assert found["census"] == ['"return": showing 1 of 2 matching lines in 2 of 3 files (complete)']


def test_code_like_a_place_is_found(root):
    """QUERY stays the first argument, and may be empty."""
    done = run("search", "", root, "--similar-to", "src/log.py:1")

    assert "src/mail.py:1-2 send_mail" in done.stdout


def test_files_lists_what_would_be_indexed(root):
    """Like `rg --files`; NUL-separated for names with newlines."""
    (root / "new\nline.py").write_text("")
    run("index", root)

    assert run("files", root / "src").stdout == "src/log.py\nsrc/mail.py\n"
    assert run("files", root, "--skipped").stdout.startswith("build.log\tignored\t.gitignore:1: *.log\n")
    assert "new\nline.py\0src/log.py\0" in run("files", root, "--null").stdout


def test_config_show_lists_every_setting_with_its_origin(root):
    """So that nobody has to guess why."""
    (root / ".leindex.yaml").write_text("performance:\n  embeddings:\n    batch_size: 8\n")

    shown = run("config", "show", root).stdout

    assert "performance.embeddings.batch_size: 8  (file" in shown
    assert "performance.parallel_scanner.max_workers: 4  (default)" in shown


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["search", "", "."], "the query is empty"),
        (["search", "x", "/nowhere"], "/nowhere does not exist"),
        (["search", "x", ".", "--limit", "0"], "limit is 0: pass 1 to 100"),
        (["index", "/"], "is refused as a root"),
        (["search", "x", ".", "--language", "pyhton"], "did you mean 'python'?"),
    ],
)
def test_an_error_is_one_sentence_on_stderr_and_status_2(root, arguments, sentence):
    """Nothing on stdout, so that a script does not read it for an answer."""
    done = run(*arguments, cwd=root)

    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_without_a_path_the_project_around_is_meant(root):
    """A marker such as `.git` says that the working directory is a project."""
    (root / ".git").mkdir()

    assert "src/mail.py" in run("files", cwd=root).stdout


def test_the_profile_goes_to_stderr(root):
    """Six lines in the words of the guide; stdout keeps the report."""
    done = run("index", root, "--profile")

    assert "[DEBUG] File scanning: " in done.stderr
    assert "[DEBUG] Total indexing time: " in done.stderr
    assert "File scanning" not in done.stdout


def test_version_and_no_arguments(root):
    """Without a sub-command it serves; stdin at its end means goodbye."""
    from leindex_mcp import __version__

    assert run("--version").stdout == f"leindex-mcp {__version__}\n"
    done = run(cwd=root)
    assert (done.returncode, done.stdout) == (0, "")
