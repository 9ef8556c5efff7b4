"""Without room, rights, descriptors, memory or a home: an answer, or one sentence that says what to do."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from leindex_mcp import LeIndex

pytestmark = pytest.mark.timeout(90)  # every test starts processes, and a busy machine takes its time

NOBODY, STRANGER = 65_534, 54_321  # the second has no entry in the list of users


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder that every user can enter, with a small project in it."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o755)
        (place / "project").mkdir()
        (place / "project/walk.py").write_text("def walk_tree(root):\n    return root\n")
        yield place


def leindex(
    place: Path,
    *arguments: str,
    prefix: Sequence[str] = (),
    limits: dict[int, int] | None = None,
    home: str | None = "home",
) -> subprocess.CompletedProcess[str]:
    """Run a command on the project; whatever happens, nobody sees a traceback or more than a sentence."""

    def limit() -> None:
        for number, value in (limits or {}).items():
            resource.setrlimit(number, (value, value))

    environment = {name: value for name, value in os.environ.items() if name not in {"HOME", "LEINDEX_HOME"}}
    environment |= {"LEINDEX_HOME": str(place / home)} if home else {}
    environment |= {"OPENBLAS_NUM_THREADS": "1"}  # each thread of it takes address space
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "leindex_mcp", *arguments, str(place / "project")],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=environment,
        preexec_fn=limit,
    )
    said = [line for line in done.stderr.splitlines() if line.startswith("leindex-mcp: ")]
    assert (done.returncode, len(said)) in {(0, 0), (2, 1)}, done.stderr
    return done


def as_user(number: int) -> list[str]:
    """Return the command that runs another one as that user; where there is none, the test is skipped."""
    prefix = ["setpriv", f"--reuid={number}", "--clear-groups"]
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can become somebody else, with setpriv")
    probe = [*prefix, sys.executable, "-c", "import leindex_mcp.project"]
    if subprocess.run(probe, check=False, capture_output=True, cwd="/").returncode:
        pytest.skip("the programs lie where nobody else can read them")
    return prefix


def test_a_full_disk_keeps_the_old_index_and_is_named(place):
    """Here the limit of a file's size stands for the disk: each write beyond it fails."""
    assert leindex(place, "index").returncode == 0
    whole = LeIndex(place / "project", home=place / "home").store
    before = whole.head()
    (place / "project/other.py").write_text("def walk_other(root):\n    return root\n" * 200)

    refused = leindex(place, "index", limits={resource.RLIMIT_FSIZE: 1000})
    found = leindex(place, "search", "walk tree", limits={resource.RLIMIT_FSIZE: 1000})

    assert refused.returncode == 2
    assert "raise the limit of file sizes" in refused.stderr
    assert "walk.py:1-2" in found.stdout
    assert whole.head() == before
    assert whole.check() == []


def test_a_read_only_index_answers(place):
    """A cache that another user made, or a disk that was mounted without the right to write."""
    nobody = as_user(NOBODY)
    leindex(place, "index")
    for path in [place / "home", *(place / "home").rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    (place / "project/other.py").write_text("def climb(stairs):\n    return stairs\n")

    found = leindex(place, "search", "walk tree", prefix=nobody)
    refused = leindex(place, "index", prefix=nobody)

    assert "walk.py:1-2" in found.stdout
    assert refused.returncode == 2
    assert "LEINDEX_HOME" in refused.stderr


def test_without_a_place_to_write_the_remedy_is_named(place):
    """Nothing can be kept, and the user is told where it could be."""
    (place / "home").write_text("a file")

    refused = leindex(place, "index")

    assert refused.returncode == 2
    assert str(place / "home") in refused.stderr


def test_a_user_without_a_home_is_told_what_to_set(place):
    """Containers run programs as users that nobody has heard of."""
    stranger = as_user(STRANGER)
    (place / "cache").mkdir()
    (place / "cache").chmod(0o777)

    refused = leindex(place, "search", "walk tree", prefix=stranger, home=None)
    found = leindex(place, "search", "walk tree", prefix=stranger, home="cache")

    assert "LEINDEX_HOME" in refused.stdout + refused.stderr
    assert "walk.py:1-2" in found.stdout


@pytest.mark.parametrize("files", [14, 40])
def test_few_descriptors_are_enough_or_named(place, files):
    """A shell in a container may allow 64; an index that cannot be opened for that is not damaged."""
    leindex(place, "index")

    for arguments in (["search", "walk tree"], ["index", "--force"], ["search", "walk tree"]):
        done = leindex(place, *arguments, limits={resource.RLIMIT_NOFILE: files})
        assert done.returncode == 0 or "ulimit -n" in done.stderr

    assert LeIndex(place / "project", home=place / "home").check().problems == ()


@pytest.mark.parametrize("megabytes", [300, 450])
def test_little_memory_is_enough_or_named(place, megabytes):
    """A native library that cannot be mapped is no mystery to anybody who reads `ulimit -v`."""
    done = leindex(place, "index", limits={resource.RLIMIT_AS: megabytes * 1_000_000})

    assert done.returncode == 0 or "ulimit" in done.stderr
    assert LeIndex(place / "project", home=place / "home").store.check() == []


@pytest.mark.parametrize("how", ["removed", "moved away", "replaced by another", "emptied"])
def test_an_index_that_disappears_while_it_is_open_is_made_anew(make_tree, how):
    """Users empty their cache directory; LanceDB alone would bring half of it back."""
    root = make_tree({"walk.py": "def walk_tree(root):\n    return root\n"})
    other = LeIndex(make_tree({"other.py": "def other():\n    return 1\n"}, name="other"))
    project = LeIndex(root)
    other.index()
    project.index()
    directory = project.store.directory

    if how == "moved away":
        directory.rename(directory.with_name("elsewhere"))
    else:
        shutil.rmtree(directory)
    if how == "replaced by another":
        shutil.copytree(other.store.directory, directory)
    elif how == "emptied":
        directory.mkdir()
    (root / "new.py").write_text("def walk_more(root):\n    return root\n")

    assert {hit.path for hit in project.search("walk")} == {"walk.py", "new.py"}
    project.index()
    assert project.check().problems == ()
    assert {hit.path for hit in LeIndex(root).search("walk")} == {"walk.py", "new.py"}


def test_two_projects_at_once_do_not_meet(make_tree):
    """One server has both open, and both are indexed and searched at the same moment."""
    names = ("here", "there")
    trees = [
        make_tree({f"{name}.py": f"def walk_{name}(tree):\n    return 1\n"}, name=name) for name in names
    ]
    projects = [LeIndex(tree) for tree in trees]
    found: dict[int, set[str]] = {0: set(), 1: set()}
    together = threading.Barrier(2)

    def use(nth: int) -> None:
        together.wait()
        for _ in range(5):
            projects[nth].index(force=True)
            found[nth] |= {hit.path for hit in projects[nth].search("walk tree")}

    threads = [threading.Thread(target=use, args=[nth]) for nth in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(found.values()) == [{"here.py"}, {"there.py"}]
    assert [project.check().problems for project in projects] == [(), ()]


def test_files_of_tomorrow_are_followed_like_any_other(make_tree):
    """A clock that was set back, or a file server whose clock is ahead."""
    root = make_tree({"walk.py": "def walk_tree(root):\n    return root\n"})
    os.utime(root / "walk.py", (4e9, 4e9))
    project = LeIndex(root)
    project.index()

    for name in ("climb", "crawl"):
        (root / "walk.py").write_text(f"def {name}_tree(root):\n    return root\n")
        os.utime(root / "walk.py", (4e9, 4e9))
        assert project.search(f"{name} tree")[0].symbol == f"{name}_tree"
        assert project.index().files == 1
        assert project.check().stale == 0
