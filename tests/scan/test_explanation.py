"""Why a path is not in the index."""

from __future__ import annotations

import pytest

from leindex_mcp.records import Skipped, SkipReason
from leindex_mcp.scan.parallel_scanner import ParallelScanner
from leindex_mcp.settings import Settings

SKIPPED_BY_NAME = "directory_filtering.skip_large_directories:1: node_modules/"


@pytest.mark.parametrize(
    ("relative", "skipped"),
    [
        ("src/a.py", None),
        ("src", None),
        ("src/a.log", Skipped("src/a.log", SkipReason.IGNORED, ".gitignore:2: *.log")),
        ("src/b.tmp", Skipped("src/b.tmp", SkipReason.IGNORED, "src/.gitignore:1: *.tmp")),
        ("out/deep/x.py", Skipped("out", SkipReason.IGNORED, ".gitignore:1: /out/")),
        ("node_modules/x.js", Skipped("node_modules", SkipReason.SKIPPED_DIRECTORY, SKIPPED_BY_NAME)),
        ("big.py", Skipped("big.py", SkipReason.SIZE, "101 bytes, more than 100")),
        ("link.py", Skipped("link.py", SkipReason.SYMLINK, "links are not followed")),
        ("linked/a.py", Skipped("linked", SkipReason.SYMLINK, "links are not followed")),
        ("missing.py", Skipped("missing.py", SkipReason.UNREADABLE, "No such file or directory")),
        ("../canary", Skipped("../canary", SkipReason.UNREADABLE, "not a path below the root")),
        ("/etc/passwd", Skipped("/etc/passwd", SkipReason.UNREADABLE, "not a path below the root")),
        ("a\0b", Skipped("a\0b", SkipReason.UNREADABLE, "embedded null byte")),
    ],
)
def test_each_reason_names_the_rule_or_the_limit(make_tree, relative, skipped):
    """`leindex stats --file F` must send the reader to the line that is to be changed."""
    root = make_tree(
        {
            **dict.fromkeys(("src/a.py", "src/a.log", "src/b.tmp", "out/deep/x.py", "node_modules/x.js"), ""),
            "src/.gitignore": "*.tmp\n",
            "big.py": "x" * 101,
        },
        gitignore="/out/\n*.log\n",
    )
    (root / "link.py").symlink_to("src/a.py")
    (root / "linked").symlink_to("src")
    settings = Settings.model_validate({"file_filtering": {"max_file_size": 100}})

    assert ParallelScanner(root, settings).explain(relative) == skipped


def test_an_explanation_says_of_every_path_what_a_scan_says(make_tree):
    """Two ways to ask must not give two answers."""
    root = make_tree(
        {
            **dict.fromkeys(("repo/.git/HEAD", "repo/a.x", "repo/a.log", "repo/.env", "repo/a.py"), ""),
            **dict.fromkeys(("a.log", "a.png", "b/c/d.py", "b/c/e.py"), ""),
            "repo/.git/info/exclude": "*.x\n",
            "b/c/.ignore": "d.*\n",
        },
        gitignore="*.log\n",
    )
    scanner = ParallelScanner(root, Settings())

    result = scanner.scan()

    kept = [record.relative for record in result.records]
    assert kept == [".gitignore", "b/c/.ignore", "b/c/e.py", "repo/a.log", "repo/a.py"]
    assert [scanner.explain(relative) for relative in kept] == [None] * 5
    assert [scanner.explain(skipped.relative) for skipped in result.skipped] == result.skipped
