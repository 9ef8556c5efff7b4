"""Files that stand aside of the code itself: tests, examples, prose, and what is vendored or generated."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntFlag
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


class Aside(IntFlag):
    """Why a path stands aside; a path can have several reasons."""

    NONE = 0
    TEST = 1
    EXAMPLE = 2  #: examples, documentation, benchmarks
    FOREIGN = 4  #: compatibility, legacy, vendored, generated, built, declaration stubs
    PROSE = 8  #: text about the code: read-me files, change logs, manuals


_DIRECTORIES = {
    # also `integration_test`, `test-utils`, `Shop.Tests.Speed`, `commonTest`
    Aside.TEST: r"""
        tests? __tests__ specs? testing e2e testdata fixtures? mocks? __mocks__ testutils? snapshots?
        fuzz(?:ing)?
        [^/]*[_.-]tests?(?:[_.-][^/]*)? (?:tests?|testing)[_.-][^/]* (?-i:[^/]*[a-z]Tests?)
    """,
    Aside.EXAMPLE: r"""
        examples? docs? docs_src documentation samples? demos? bench benches benchmarks? tutorials?
        playgrounds? sandbox website [^/]*[_.-](?:examples?|benchmarks?) (?-i:[^/]*[a-z]Benchmarks?)
    """,
    Aside.FOREIGN: """
        compat legacy deprecated vendor vendored third_?party external generated dist
    """,
    Aside.PROSE: r"""
        changelogs? changelog\.d newsfragments? release[_-]?notes (?-i:CHANGES)
    """,
}
_NAMES = {
    # `test_x.py`, `x_test.go`, `x.spec.ts`, `XTest.java`, `conftest.py`
    Aside.TEST: r"""
        (?i: tests? | specs? | conftest | tests?[_.-].* | .*[_.-](?:tests?|specs?) ) (?:\.\w+)?
        | .*[a-z0-9](?:Tests?|Specs?) (?:\.\w+)?
    """,
    Aside.EXAMPLE: r"""
        (?i: .*[_.-](?:example|sample|bench|benchmark) | (?:example|sample|bench|benchmark)[_.-].* )
        (?:\.\w+)?
    """,
    Aside.FOREIGN: r"""
        (?i: _?compat | deprecated | legacy | .*[_.-](?:pb2|pb2_grpc|pb|min|generated|gen|g) | .*\.d )
        (?:\.\w+)?
    """,
    # With a suffix of code it is code: `history.ts`.
    Aside.PROSE: r"""
        (?i: change(?:log|s) | history | news | release[_-]?notes | readme | licen[cs]e | copying | authors
        | notice | todo )
        (?:\.txt)?
    """,
}
_SUFFIXES = {
    Aside.FOREIGN: "pyi lock map snap svg po csv tsv",
    Aside.PROSE: "md mdx markdown rst adoc asciidoc textile org tex",
}
_ASKED = {
    Aside.TEST: """
        test tests testing spec specs mock mocks fixture fixtures e2e
    """,
    Aside.EXAMPLE: """
        example examples sample samples demo doc docs documentation bench benchmark benchmarks tutorial
    """,
    Aside.FOREIGN: """
        compat compatibility legacy deprecated vendor vendored generated stub stubs dist bundle
    """,
    Aside.PROSE: """
        readme changelog documentation docs doc manual guide tutorial license licence
    """,
}
_IS_IN_SUCH = {
    int(reason): re.compile(rf"(?i)(?:^|/)[._]?(?:{'|'.join(names.split())})/").search
    for reason, names in _DIRECTORIES.items()
}
_IS_SUCH_NAME = {int(reason): re.compile(pattern, re.VERBOSE).fullmatch for reason, pattern in _NAMES.items()}
_SUFFIX_REASONS = {suffix: int(reason) for reason, names in _SUFFIXES.items() for suffix in names.split()}
_ASKING_WORDS = {reason: frozenset(names.split()) for reason, names in _ASKED.items()}


def reasons(relative: str) -> int:
    """Return the `Aside` bits of a path."""
    directory, _, name = relative.rpartition("/")
    found = _directory_reasons(directory) | _SUFFIX_REASONS.get(name.rpartition(".")[2].lower(), 0)
    for reason, is_such in _IS_SUCH_NAME.items():
        if is_such(name):
            found |= reason
    return found


@lru_cache(maxsize=4096)
def _directory_reasons(directory: str) -> int:
    return sum(reason for reason, is_in_such in _IS_IN_SUCH.items() if is_in_such(directory + "/"))


def flags(relatives: Iterable[str]) -> NDArray[np.uint8]:
    """Return the reasons of every path."""
    return np.array([reasons(relative) for relative in relatives], np.uint8)


def telling(found: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the reasons that tell paths apart: where most are tests, being one says nothing."""
    if 2 * np.count_nonzero(found & Aside.TEST) > len(found):
        return found & np.uint8(0xFF ^ Aside.TEST)
    return found


def asked_for(words: Iterable[str]) -> Aside:
    """Return the reasons that a question names: who asks for tests wants tests."""
    asked = frozenset(words)
    return Aside(sum(reason for reason, names in _ASKING_WORDS.items() if names & asked))
