"""Files that stand aside of the code itself: tests, examples, and what is legacy, vendored or generated."""

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
    FOREIGN = 4  #: compatibility, legacy, vendored, generated, declaration stubs


_DIRECTORIES = {
    Aside.TEST: """
        tests? __tests__ specs? testing e2e testdata fixtures? mocks? __mocks__ testutils? snapshots?
    """,
    Aside.EXAMPLE: """
        examples? docs? docs_src documentation samples? demos? bench benches benchmarks? tutorials?
    """,
    Aside.FOREIGN: """
        _?compat legacy deprecated vendor vendored _vendor third_?party external generated
    """,
}
_STEMS = {
    # `test_x.py`, `x_test.go`, `x.spec.ts`, `XTest.java`, `conftest.py`
    Aside.TEST: r"""
        (?i: tests? | specs? | conftest | tests?[_.-].* | .*[_.-](?:tests?|specs?) )
        | .*[a-z0-9](?:Tests?|Specs?)
    """,
    Aside.EXAMPLE: r"""
        (?i: .*[_.-](?:example|sample|bench|benchmark) | (?:example|sample|bench|benchmark)[_.-].* )
    """,
    Aside.FOREIGN: r"""
        (?i: _?compat | deprecated | legacy | .*[_.-](?:pb2|pb2_grpc|pb|min|generated|gen|g) | .*\.d )
    """,
}
_STUB_SUFFIX = ".pyi"
_ASKED = {
    Aside.TEST: """
        test tests testing spec specs mock mocks fixture fixtures e2e
    """,
    Aside.EXAMPLE: """
        example examples sample samples demo doc docs documentation bench benchmark benchmarks tutorial
    """,
    Aside.FOREIGN: """
        compat compatibility legacy deprecated vendor vendored generated stub stubs
    """,
}
_IS_IN_SUCH = {
    int(reason): re.compile(rf"(?i)(?:^|/)(?:{'|'.join(names.split())})/").search
    for reason, names in _DIRECTORIES.items()
}
_IS_SUCH_STEM = {int(reason): re.compile(pattern, re.VERBOSE).fullmatch for reason, pattern in _STEMS.items()}
_ASKING_WORDS = {reason: frozenset(names.split()) for reason, names in _ASKED.items()}


def reasons(relative: str) -> int:
    """Return the `Aside` bits of a path."""
    directory, _, name = relative.rpartition("/")
    stem = name.rpartition(".")[0] or name
    found = _directory_reasons(directory)
    if name.endswith(_STUB_SUFFIX):
        found |= Aside.FOREIGN
    for reason, is_such in _IS_SUCH_STEM.items():
        if is_such(stem):
            found |= reason
    return found


@lru_cache(maxsize=4096)
def _directory_reasons(directory: str) -> int:
    return sum(reason for reason, is_in_such in _IS_IN_SUCH.items() if is_in_such(directory + "/"))


def flags(relatives: Iterable[str]) -> NDArray[np.uint8]:
    """Return the reasons of every path; where most paths are tests, being one says nothing."""
    found = np.array([reasons(relative) for relative in relatives], np.uint8)
    if 2 * np.count_nonzero(found & Aside.TEST) > len(found):
        found &= np.uint8(0xFF ^ Aside.TEST)
    return found


def asked_for(words: Iterable[str]) -> Aside:
    """Return the reasons that a question names: who asks for tests wants tests."""
    asked = frozenset(words)
    return Aside(sum(reason for reason, names in _ASKING_WORDS.items() if names & asked))
