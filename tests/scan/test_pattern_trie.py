"""Tries of rules: prebuilt ones, hostile ones, and the plain loop beside them."""

from __future__ import annotations

import logging
import os
import random
import re

import pytest
from git_oracle import NAMES, rule_texts
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.records import SkipReason
from leindex_mcp.scan.ignore_file import read_rules
from leindex_mcp.scan.pattern import BadPatternError, byte_text, parse_rule
from leindex_mcp.scan.pattern_trie import PatternTrie
from leindex_mcp.scan.plain_rules import PlainRules


def rule_for(rules: str | bytes, path: str, *, is_directory: bool = False) -> str | None:
    """Return the rule that decides for a path, as written."""
    content = rules.encode() if isinstance(rules, str) else rules
    rule = PatternTrie(read_rules(content, "rules")).rule_for(path, is_directory=is_directory)
    return None if rule is None else rule.text


def test_a_trie_is_built_ahead_from_files(tmp_path):
    """The guide: pre-build the trie for complex ignore files. Later files win; each rule knows its place."""
    (tmp_path / "one").write_text("*.log\n# comment\n\nbuild/\n")
    (tmp_path / "two").write_text("!keep.log\n")

    trie = PatternTrie.from_files(tmp_path / "one", str(tmp_path / "two"))

    assert trie.rule_for("a/b.log").where == f"{tmp_path / 'one'}:1: *.log"
    assert trie.rule_for("build/x/y.py").where == f"{tmp_path / 'one'}:4: build/"
    assert trie.rule_for("keep.log").is_negated
    assert trie.rule_for("auth.login.py") is None
    with pytest.raises(OSError, match="missing"):
        PatternTrie.from_files(tmp_path / "missing")


def test_a_path_below_an_excluded_directory_cannot_be_re_included():
    """Git never looks below it."""
    assert rule_for("a/\n!a/b\n", "a/b") == "a/"
    assert rule_for("a/*\n!a/b\n", "a/b") == "!a/b"


def test_a_rule_for_directories_says_nothing_of_files():
    """`build/` and a script that is called build."""
    assert rule_for("build/\n", "build") is None
    assert rule_for("build/\n", "build", is_directory=True) == "build/"


def test_a_bad_line_affects_itself_alone_and_is_reported_once(tmp_path, caplog):
    """Pathspec raises and loses the file; git goes on in silence."""
    caplog.set_level(logging.WARNING, logger="leindex")
    source = str(tmp_path / "bad")
    content = b"*.log\n[a\nfoo\\\n[[:nope:]]\n*.tmp\n"

    rules = read_rules(content, source)
    read_rules(content, source)

    assert [rule.text for rule in rules] == ["*.log", "*.tmp"]
    assert [record.getMessage().removeprefix(source) for record in caplog.records] == [
        ":2: this rule never matches: its character class is never closed",
        ":3: this rule never matches: it ends in a backslash",
        ":4: this rule never matches: [:nope:] is no character class",
    ]


def test_a_bad_line_is_reported_in_text_wherever_its_file_lies(tmp_path, caplog):
    """A directory's name need not be UTF-8, and a log handler may take nothing else."""
    source = os.fsdecode(os.fsencode(tmp_path) + b"/\xe9/.gitignore")

    read_rules(b"foo\\\n", source)

    (record,) = caplog.records
    assert record.getMessage().encode().startswith(os.fsencode(tmp_path) + rb"/\udce9/.gitignore:1: ")


@pytest.mark.parametrize("pattern", ["[", "[]", "[!", "[a-", "[[:alpha:", "[[:x:]]", "a\\", "[\\", "[a-\\"])
def test_what_can_never_match_is_no_rule(pattern):
    """Git's matcher gives up on these wherever it meets them."""
    with pytest.raises(BadPatternError):
        parse_rule(pattern, 1, "rules", SkipReason.IGNORED)


@given(
    rules=rule_texts(),
    path=st.lists(st.sampled_from(NAMES), min_size=1, max_size=5),
    is_directory=st.booleans(),
)
def test_the_trie_and_the_plain_loop_are_each_other_s_oracle(rules, path, is_directory):
    """They share the reading of a line and nothing else."""
    parsed = read_rules(rules, "rules")
    plain = PlainRules(parsed)
    state = PatternTrie(parsed).start()
    *parents, name = map(byte_text, path)
    prefix = ""
    for parent in parents:
        if state is not None:
            state = state.enter(parent)
        prefix += f"{parent}/"

    found = None
    if state is not None:
        found = state.directory_rule(name) if is_directory else state.file_rule(name)

    assert found == plain.last_match(prefix, name, is_directory=is_directory)


@pytest.mark.slow
@pytest.mark.parametrize("compiled", [PatternTrie, PlainRules])
@pytest.mark.parametrize(
    "rule",
    [
        "*a" * 100 + "b",
        "*" * 1_000_000,
        "?" * 1_000_000,
        "a" * 1_000_000,
        "*a" * 500_000,
        "[" * 1_000_000,
        "[" + "a-" * 500_000 + "]",
        "a/" * 500_000,
        "**/" * 300_000 + "b",
        "a**/" * 250_000 + "b",
        "a**/b" + "*a" * 100 + "/**/*b",
        "\\a" * 500_000,
        "**/*a/" * 1000,
    ],
    ids=lambda rule: f"{rule[:12]} x {len(rule)}",
)
def test_no_rule_line_takes_long_or_fills_the_memory(compiled, rule):
    """`*a*a*a*a*a*a*b` hangs an engine that backtracks: here the time limit of a test is the assertion."""
    state = compiled(read_rules(rule.encode(), "rules")).start()
    for name in ("a" * 255, "a" * 254 + "b", "b"):
        state.file_rule(name)
        below = state
        for _ in range(20):
            if below is not None:
                below.directory_rule(name)
                below = below.enter(name)


def test_ten_thousand_rules_are_looked_up_not_tried(tmp_path):
    """Names, suffixes, prefixes and paths stay dictionaries: no expression is compiled for what fits none."""
    kinds = [
        "name{}",
        "*.suffix{}",
        "prefix{}*",
        "/path{}/x",
        "dir{}/",
        "a{}/**/b",
        "start{}*end{}",
        "[Cc]lass{}",
    ]
    lines = [kinds[number % len(kinds)].replace("{}", str(number)) for number in range(10_000)]
    random.Random(1).shuffle(lines)
    state = PatternTrie(read_rules("\n".join(lines).encode(), "rules")).start()
    compiled: list[str] = []
    real_compile = re.compile
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            re, "compile", lambda *arguments: compiled.append(arguments[0]) or real_compile(*arguments)
        )

        assert state.file_rule("neither.py") is None
        assert state.file_rule("name16").text == "name16"
        assert state.file_rule("x.suffix9").text == "*.suffix9"
        assert state.file_rule("prefix10.txt").text == "prefix10*"
        assert state.enter("path11").file_rule("x").text == "/path11/x"
        assert state.file_rule("class15").text == "[Cc]lass15"
        assert compiled == []
        assert state.file_rule("start14-end14").text == "start14*end14"
        assert len(compiled) == 1
