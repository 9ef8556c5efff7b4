"""Which files are kept out by rules of our own, and what can bring them back."""

from __future__ import annotations

import pytest

from leindex_mcp.records import SkipReason
from leindex_mcp.scan.parallel_scanner import ParallelScanner
from leindex_mcp.scan.pattern_trie import PatternTrie
from leindex_mcp.settings import Settings

SECRETS = [
    *(
        ".env",
        ".env.local",
        ".env.production",
        "server.pem",
        "tls.key",
        "id_rsa",
        "id_ed25519.old",
        "id_ecdsa",
    ),
    *("id_dsa", ".npmrc", ".pypirc", ".netrc", "vault.kdbx", "prod.tfstate", ".ENV", "ID_RSA", "Server.PEM"),
]
NO_SECRETS = [
    ".env.example",
    "id_rsa.pub",
    "id_ed25519.pub",
    "environment.py",
    "keys.py",
    "pem.go",
    "key",
    "tfstate.md",
]


def kept(root, **settings) -> list[str]:
    """Return what a scan finds."""
    result = ParallelScanner(root, Settings.model_validate(settings)).scan()
    return [record.relative for record in result.records]


def test_secrets_are_known_by_name_wherever_they_lie(make_tree):
    """A secret that is never read can never be quoted."""
    root = make_tree({f"deep/{name}": "" for name in (*SECRETS, *NO_SECRETS)})

    result = ParallelScanner(root, Settings()).scan()

    assert [record.relative for record in result.records] == sorted(f"deep/{name}" for name in NO_SECRETS)
    assert {skipped.reason for skipped in result.skipped} == {SkipReason.SECRET}


@pytest.mark.parametrize("rule_file", [".gitignore", ".ignore", ".leindexignore"])
def test_no_rule_of_a_project_brings_a_secret_back(make_tree, rule_file):
    """The project is not trusted with this: it may be the attacker's."""
    root = make_tree({rule_file: "!.env\n!*.pem\n!*\n", ".env": "", "a.pem": "", "a.py": ""})

    assert kept(root) == [rule_file, "a.py"]


def test_what_is_no_secret_may_still_be_ignored(make_tree):
    """The exceptions to our lists take a name off the list; they do not include it."""
    root = make_tree({".env.example": "", "id_rsa.pub": "", "a.py": ""}, gitignore=".env*\n*.pub\n")

    assert kept(root) == [".gitignore", "a.py"]


def test_a_directory_is_no_secret(make_tree):
    """`.env*` means files: `.envoy/` holds a proxy's configuration."""
    assert kept(make_tree({".envoy/proxy.yaml": "", "a.key/x.py": ""})) == [".envoy/proxy.yaml", "a.key/x.py"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("app.min.js", "generated"),
        ("package-lock.json", "generated"),
        ("Cargo.lock", "generated"),
        ("go.sum", "generated"),
        ("api_pb2.py", "generated"),
        ("logo.PNG", "binary"),
        ("lib.so", "binary"),
        ("data.tar.gz", "binary"),
    ],
)
def test_generated_and_binary_files_are_skipped_by_name_and_can_be_brought_back(make_tree, name, reason):
    """They cost time and hide better answers, but a project may know better."""
    root = make_tree({name: "", "a.py": ""})
    skipped = ParallelScanner(root, Settings()).scan().skipped

    assert [(skip.relative, skip.reason.value) for skip in skipped] == [(name, reason)]

    root = make_tree({name: "", "a.py": "", ".leindexignore": f"!{name}\n"})
    assert name in kept(root)


def test_sources_in_dist_build_vendor_and_hidden_directories_are_kept(make_tree):
    """Git ignores them where they are output; elsewhere people keep sources there."""
    files = ["dist/a.js", "build/b.py", "vendor/c.go", ".github/workflows/ci.yml", "target/d.rs", "lock.py"]

    assert kept(make_tree(dict.fromkeys(files, ""))) == sorted(files)


@pytest.mark.parametrize(
    ("entry", "skipped"),
    [
        ("node_modules", ["a/node_modules", "node_modules"]),
        ("**/node_modules/**", ["a/node_modules", "node_modules"]),
        ("**/node_modules", ["a/node_modules", "node_modules"]),
        ("node_modules/", ["a/node_modules", "node_modules"]),
        ("a/node_modules", ["a/node_modules"]),
        ("/node_modules", ["node_modules"]),
        ("node_*", ["a/node_modules", "node_modules"]),
        ("NODE_MODULES", ["a/node_modules", "node_modules"]),
    ],
)
def test_large_directories_are_skipped_by_name_path_or_pattern(make_tree, entry, skipped):
    """The guide writes `**/node_modules/**`; each entry means directories, and prunes them."""
    root = make_tree({"node_modules/x.js": "", "a/node_modules/y.js": "", "b/node_modules_file": ""})
    settings = Settings.model_validate({"directory_filtering": {"skip_large_directories": [entry]}})

    result = ParallelScanner(root, settings).scan()

    assert [skip.relative for skip in result.skipped] == skipped
    assert {skip.reason for skip in result.skipped} == {SkipReason.SKIPPED_DIRECTORY}


def test_leindexignore_can_bring_back_a_large_directory_and_gitignore_cannot(make_tree):
    """Only the file that is ours speaks to us; git's says what git should see."""
    files = {"venv/x.py": "", ".gitignore": "!venv\n"}
    assert kept(make_tree(files)) == [".gitignore"]

    assert kept(make_tree({**files, ".leindexignore": "!venv\n"})) == [
        ".gitignore",
        ".leindexignore",
        "venv/x.py",
    ]


@pytest.mark.parametrize("is_file", [False, True])
def test_git_s_own_data_is_never_walked(make_tree, is_file):
    """Neither the directory, nor the file of a worktree, nor on request."""
    git = {".git": "gitdir: /nowhere"} if is_file else {".git/config": ""}

    assert kept(make_tree({**git, ".leindexignore": "!.git\n", "a.py": ""})) == [".leindexignore", "a.py"]


def test_ignore_files_outrank_gitignore_and_leindexignore_outranks_both(make_tree):
    """The order of ripgrep, with ours on top: the nearer to search, the stronger."""
    root = make_tree(
        {
            ".ignore": "!b\n!c\nd\ne\n",
            ".leindexignore": "c\n!d\n",
            **dict.fromkeys("abcde", ""),
        },
        gitignore="a\nb\nc\n",
    )

    assert kept(root) == [".gitignore", ".ignore", ".leindexignore", "b", "d"]


def test_a_rule_of_a_deeper_directory_outranks_one_above(make_tree):
    """Within one kind of file the deepest speaks last, as in git."""
    root = make_tree(
        {"x/.leindexignore": "!*.log\n", "x/a.log": "", "b.log": "", ".leindexignore": "*.log\n"}
    )

    assert kept(root) == [".leindexignore", "x/.leindexignore", "x/a.log"]


def test_rules_of_the_caller_outrank_the_project_s(make_tree, tmp_path):
    """A prebuilt trie stands where git has its command line: above every file but secrets."""
    mine = tmp_path / "mine"
    mine.write_text("*.md\n!a.log\n!.env\n")
    root = make_tree({"a.log": "", "b.log": "", "c.md": "", ".env": ""}, gitignore="*.log\n")

    result = ParallelScanner(root, Settings(), caller_rules=PatternTrie.from_files(mine)).scan()

    assert [record.relative for record in result.records] == [".gitignore", "a.log"]


def test_rules_above_the_root_hold_up_to_the_top_of_the_repository(make_tree):
    """Anchored rules too, seen from where they are written; beyond the repository nothing is read."""
    files = {
        "repo/.git/HEAD": "",
        "repo/.gitignore": "/sub/root/a.py\n*.log\n",
        "repo/sub/.gitignore": "b.py\n",
        ".gitignore": "c.py\n",
        **{f"repo/sub/root/{name}": "" for name in ("a.py", "b.py", "c.py", "d.log")},
    }
    root = make_tree(files)

    assert kept(root / "repo" / "sub" / "root") == ["c.py"]


@pytest.mark.parametrize("rules", ["/out/", "root/", "*"])
def test_a_root_that_is_named_is_never_itself_ignored(make_tree, rules):
    """Rules that exclude it end there; those at or below it go on."""
    root = make_tree(
        {
            ".git/HEAD": "",
            "out/root/.gitignore": "b.py\n",
            "out/root/a.py": "",
            "out/root/b.py": "",
            "out/root/c.log": "",
        },
        gitignore=f"{rules}\n*.log\n",
    )

    assert kept(root / "out" / "root") == [".gitignore", "a.py", "c.log"]


def test_a_root_called_node_modules_is_walked(make_tree):
    """Our own rules do not apply to what a user names either."""
    root = make_tree({"node_modules/pkg/x.js": "", "node_modules/pkg/node_modules/y.js": ""})

    assert kept(root / "node_modules") == ["pkg/x.js"]


def test_a_linked_gitignore_is_not_read(make_tree, tmp_path):
    """Git does not either: what it names may lie outside the project."""
    (tmp_path / "rules").write_text("*.py\n")
    root = make_tree({"a.py": ""})
    (root / ".gitignore").symlink_to(tmp_path / "rules")

    assert kept(root) == ["a.py"]


@pytest.mark.parametrize("uses_trie", [True, False])
@pytest.mark.parametrize("cache_size", [0, 1, 1000])
def test_how_rules_are_matched_and_remembered_changes_no_verdict(make_tree, uses_trie, cache_size):
    """`performance.pattern_trie` trades memory for time, nothing else."""
    files = {
        f"{directory}{name}": ""
        for directory in ("", "a/", "a/b/", "c/")
        for name in ("x.log", "y.py", "é.c")
    }
    root = make_tree(
        {**files, "a/.gitignore": "!x.log\n/b/*.c\n", ".env": ""}, gitignore="*.log\n/c/**/*.p?\n"
    )
    settings = {"performance": {"pattern_trie": {"enabled": uses_trie, "cache_size": cache_size}}}

    assert kept(root, **settings) == kept(root)
    expected = ["a/b/x.log", "a/b/y.py", "a/x.log", "a/y.py", "a/é.c", "c/é.c", "y.py", "é.c"]
    assert kept(root) == [".gitignore", "a/.gitignore", *expected]


def test_the_cache_size_bounds_what_is_remembered(make_tree):
    """A verdict that is not remembered is computed again: the counter shows it."""
    root = make_tree(
        {f"{directory}/{name}.log": "" for directory in "abcde" for name in "xyz"}, gitignore="*.log\n"
    )

    computed = {
        size: ParallelScanner(
            root, Settings.model_validate({"performance": {"pattern_trie": {"cache_size": size}}})
        )
        .scan()
        .statistics.verdicts_computed
        for size in (0, 1000)
    }

    assert computed == {0: 15, 1000: 3}


def test_many_rules_of_a_kind_keep_out_what_few_would(make_tree):
    """More than 64 prefixes or endings are cut short before names are compared with them; no verdict is."""
    kinds = ("prefix{}_*", "*-tail{}", "*_{}.py", "Name{}", "*[xy]in{}fix*", "*.suffix{}")
    rules = "\n".join(kind.format(number) for number in range(100, 200) for kind in kinds)
    names = [
        *(
            "prefix150_a.c",
            "prefix250_a.c",
            "a-tail199",
            "a-tail99",
            "a_142.py",
            "a_42.py",
            "Name107",
            "name107",
        ),
        *("a.xin120fix.c", "a.zin120fix.c", "b.suffix133", "b.suffix33", "PREFIX150_a.c", "plain.py"),
    ]
    root = make_tree(dict.fromkeys(names, ""), gitignore=rules)
    by_loop = kept(root, performance={"pattern_trie": {"enabled": False}})

    assert kept(root) == by_loop
    assert set(names) - set(by_loop) == {
        *("prefix150_a.c", "a-tail199", "a_142.py", "Name107", "a.xin120fix.c", "b.suffix133")
    }
