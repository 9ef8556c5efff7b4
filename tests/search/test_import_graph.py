"""Which files an import line means."""

from __future__ import annotations

from itertools import takewhile

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

PATHS = [
    "a/util.py",
    "a/b/util.py",
    "a/b/main.py",
    "c/util.py",
    "c/util.h",
    "lib.py",
    "main.py",
    "z/y/util.py",
    "z/é.py",
]
trees = st.dictionaries(
    st.sampled_from(PATHS), st.lists(st.sampled_from(["util", "main", "lib", "é", "gone"]), unique=True)
)


def imported(corpus):
    """Return the paths that each path imports."""
    graph, paths = corpus.graph, list(corpus.paths)
    return {
        path: [paths[target] for target in graph.targets[graph.offsets[i] : graph.offsets[i + 1]]]
        for i, path in enumerate(paths)
    }


def shared(one, other):
    """Count the bytes that both begin with."""
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one.encode(), other.encode(), strict=False))
    )


def nearest(path, stem, paths):
    """Return the files of that stem next to the path that share most of its beginning; a plain reading."""
    there = [other for other in sorted(paths) if other.rpartition("/")[2].partition(".")[0] == stem]
    before = [other for other in there if other < path][-2:]
    after = [other for other in there if other > path][:2]
    likeness = {other: shared(other, path) for other in before + after if other != path}
    return [other for other in likeness if likeness[other] == max(likeness.values())]


@given(trees)
def test_of_namesakes_the_nearest_is_meant(make_corpus, imports):
    """`import util` means the one beside, not the one of another package; two as near are both meant."""
    corpus = make_corpus({path: ["x"] for path in imports}, imports=imports)

    found = imported(corpus)

    for path, stems in imports.items():
        assert found[path] == sorted({t for stem in stems for t in nearest(path, stem, imports)})
    assert corpus.graph.importers.tolist() == [
        sum(path in targets for targets in found.values()) for path in corpus.paths
    ]


def test_a_mean_counts_importers_without_a_score(make_corpus):
    """Two files of doubt are added, so that no file leads by one importer."""
    files = {path: ["x"] for path in ("lib.py", "one.py", "two.py")}
    graph = make_corpus(files, imports={"one.py": ["lib"], "two.py": ["lib"]}).graph

    assert graph.lent(np.array([0, 1, 0], np.float32)).tolist() == [0.25, 0, 0]
