"""Which files a walk keeps, with git itself as the oracle."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from git_oracle import Project, deciding_rules, is_ignored_by_git, kept_by_git, projects
from hypothesis import given, settings

from leindex_mcp.records import Skipped
from leindex_mcp.scan.ignore_rules import IgnoreRules
from leindex_mcp.scan.walk import Walk, trunk

#: The figure in docs/performance.md: `GIT_ORACLE_TREES=5000 pytest --hypothesis-seed=N -m slow …`
_TREES = int(os.environ.get("GIT_ORACLE_TREES", "300"))


def walk(root: Path, *, uses_trie: bool = True) -> tuple[set[str], list[Skipped]]:
    """Return what a walk by git's rules alone keeps, and what it leaves out."""
    rules = IgnoreRules(root, uses_trie=uses_trie, has_built_in_rules=False)
    listings = list(Walk(root, rules, trunk(root, rules)).listings())
    kept = {listing.prefix + entry.name for listing in listings for entry in listing.files}
    return kept, [skipped for listing in listings for skipped in listing.skipped]


def check(project: Project, top: Path) -> None:
    """Compare trie, plain rules and git on one project."""
    shutil.rmtree(top, ignore_errors=True)
    root = project.write(top)
    # A root that is named is never itself ignored, where git would keep nothing of it.
    if project.root and any(
        is_ignored_by_git(part) for part in (root, *root.parents) if part.is_relative_to(top) and part != top
    ):
        return
    expected = kept_by_git(root)

    kept, skipped = walk(root)
    kept_by_plain_rules, skipped_by_plain_rules = walk(root, uses_trie=False)

    assert kept == expected
    assert kept_by_plain_rules == expected
    assert sorted(map(str, skipped)) == sorted(map(str, skipped_by_plain_rules))
    if not project.root:
        check_reasons(root, skipped)


def check_reasons(root: Path, skipped: list[Skipped]) -> None:
    """Compare the rules that we name with those that git names."""
    ours = {skip.relative: skip.detail for skip in skipped if skip.relative != ".git"}
    named = [path for path in ours if "\n" not in ours[path]]
    for path, (source, line) in deciding_rules(root, named).items():
        where = str(root / source) if source.startswith(".git/") else source
        assert ours[path].startswith(f"{where}:{line}: ")


@pytest.mark.slow
@pytest.mark.timeout(3600)
@settings(max_examples=_TREES)
@given(projects())
def test_a_walk_keeps_exactly_the_files_that_git_would(tmp_path_factory, project):
    """gitignore(5) as git behaves, all sources, exotic patterns; trie and plain loop alike."""
    check(project, tmp_path_factory.getbasetemp() / "oracle")


@settings(max_examples=5)
@given(projects())
def test_a_few_random_trees_are_walked_as_git_would(tmp_path_factory, project):
    """The same as above on every run, in a quarter of a second."""
    check(project, tmp_path_factory.getbasetemp() / "oracle")


@pytest.mark.parametrize(
    ("rules", "files"),
    [
        ("*.log", ["auth.login.py", "a.log", "x/b.log"]),
        ("a**/b", ["ab", "a/b", "axx/y/b", "axb", "x/a/b", "a/x/y/b"]),
        ("x?**/b", ["xa/b", "xab", "xa/y/b"]),
        ("**\\/b", ["b", "a/b", "a/c/b"]),
        ("foo/*\n!foo/bar", ["foo/bar", "foo/baz", "foo/bar2/x"]),
        ("foo\n!foo/bar", ["foo/bar", "foo/baz"]),
        ("[z-a]\n*.o", ["z", "-", "a", "x.o"]),
        ("foo\\\n*.o", ["foo", "foo\\", "x.o"]),
        ("foo\\ \nbar ", ["foo", "foo ", "bar", "bar "]),
        ("foo\t", ["foo", "foo\t"]),
        ("[[:alpha:]].c\n[[:bogus:]]\n[![:digit:]].h", ["a.c", "1.c", "a.h", "1.h", "b"]),
        ("[a\\]]x\n[]b]y", ["]x", "ax", "\\x", "]y", "by"]),
        ("?", ["a", "é", "ab"]),
        ("??", ["a", "é", "ab"]),
        ("*\n!*/\n!*.py", ["a.py", "b.c", "d/e.py", "d/f.c"]),
        ("/*\n!/src\n/src/*\n!/src/keep", ["src/keep/a", "src/drop/a", "top"]),
        ("a//b\n/\n//\n!", ["a/b", "c"]),
        ("*a*a*a*a*a*a*a*a*a*a*b", ["a" * 60, "a" * 60 + "b"]),
        ("a/**/b/**/c", ["a/b/c", "a/x/b/y/c", "a/c", "b/c"]),
        ("**", ["a", "b/c"]),
        ("**/\n!b/", ["a", "b/c", "d/e"]),
        ("\\!x\n\\#y\n#z", ["!x", "#y", "#z", "z"]),
        ("a\0b\nc", ["a", "b", "c"]),
    ],
)
def test_known_traps_are_read_as_git_reads_them(tmp_path, rules, files):
    """Each of these is wrong in at least one of pathspec, the `ignore` crate and LeIndex 1."""
    check(Project(files=files, rule_files={".gitignore": rules.encode()}), tmp_path / "project")


@pytest.mark.parametrize("ignores_case", [False, True])
def test_case_matters_as_core_ignorecase_says(tmp_path, ignores_case):
    """Only ASCII letters fold, and an escaped capital or a class of capitals never meets the folded name."""
    rules = "FOO\n*.TXT\n\\Bar\n[C]x\n[D-E]y\nÉ\nSrc/*.O\n"
    files = ["foo", "a.txt", "A.TXT", "bar", "Bar", "cx", "Cx", "dy", "Dy", "é", "É", "src/x.o", "SRC/y.o"]
    project = Project(files=files, rule_files={".gitignore": rules.encode()}, ignores_case=ignores_case)

    check(project, tmp_path / "project")


def test_a_worktree_shares_the_exclude_file_of_its_repository(tmp_path):
    """There `.git` is a file, and info/exclude lies in the directory that all worktrees share."""
    main = tmp_path / "main"
    run("git", "init", "--quiet", str(main))
    (main / "a").write_text("")
    run("git", "-C", str(main), "add", "a")
    run("git", "-C", str(main), "-c", "user.name=x", "-c", "user.email=x@x", "commit", "--quiet", "-m", "x")
    (main / ".git" / "info" / "exclude").write_text("*.tmp\n")
    tree = tmp_path / "tree"
    run("git", "-C", str(main), "worktree", "add", "--quiet", str(tree))
    (tree / "b.tmp").write_text("")
    (tree / "b.txt").write_text("")

    assert walk(tree)[0] == kept_by_git(tree) == {"a", "b.txt"}


def test_inside_a_submodule_the_outer_rules_end(tmp_path):
    """Git asks only the repository that a file belongs to; whether that is entered, the outer one says."""
    outer = tmp_path / "outer"
    run("git", "init", "--quiet", str(outer))
    (outer / ".gitignore").write_text("*.txt\nskipped/\n")
    for name in ("inner", "skipped"):
        run("git", "init", "--quiet", str(outer / name))
        (outer / name / ".gitignore").write_text("*.log\n")
        (outer / name / ".git" / "info" / "exclude").write_text("*.tmp\n")
        for file in ("a.txt", "a.log", "a.tmp", "a.py"):
            (outer / name / file).write_text("")
    (outer / "b.txt").write_text("")

    assert walk(outer)[0] == {".gitignore", *(f"inner/{name}" for name in kept_by_git(outer / "inner"))}
    assert "inner/a.txt" in walk(outer)[0]


def test_the_user_s_own_excludes_are_found_where_git_finds_them(tmp_path, home):
    """core.excludesFile from the user's configuration, an included file, or the default place."""
    root = Project(files=["a.x", "a.y", "a.z"]).write(tmp_path / "project")
    (root / ".git" / "config").write_text("[core]\n\trepositoryformatversion = 0\n")
    default = home / ".config" / "git" / "ignore"
    default.parent.mkdir(parents=True)
    default.write_text("*.x\n")
    assert walk(root)[0] == kept_by_git(root) == {"a.y", "a.z"}

    (home / "more").write_text('[core]\n\texcludesFile = "~/my \\"rules\\"" ; mine\n')
    (home / ".gitconfig").write_text("[include]\n\tpath = more\n")
    (home / 'my "rules"').write_text("*.y\n")
    assert walk(root)[0] == kept_by_git(root) == {"a.x", "a.z"}


def run(*command: str) -> None:
    """Run a command that must succeed."""
    subprocess.run(command, check=True, capture_output=True)
