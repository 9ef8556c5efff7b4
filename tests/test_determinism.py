"""The same tree and the same question give the same bytes, however the index came about."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from leindex_mcp import LeIndex, Settings

pytestmark = pytest.mark.slow

TOPICS = ["cookie", "session", "retry", "parser", "config", "socket", "agent", "bridge", "clock", "drawer"]
TOPICS += ["engine", "filter"]  # a run that changes a fifth of all files would derive everything anew
QUESTIONS = [
    "how is a cookie parsed",
    "Session",
    "retry config",
    '"the socket of"',
    "src/parser/load.py",
    "close",
]


def module(topic, number=0):
    """Return a module that names others, so that every signal has something to say."""
    other = TOPICS[(TOPICS.index(topic) + 1 + number) % len(TOPICS)]
    return (
        f"import {other}\n\n\nclass {topic.title()}:\n"
        f'    """The {topic} of a {other}."""\n\n'
        f"    def load_{topic}(self, {other}):\n        return {other}.close({number})\n\n"
        f"def parse_{topic}_{number}(text):\n    raise ValueError('the {topic} of ' + text)\n"
    )


def tree():
    """Return paths and texts."""
    files = {f"src/{topic}.py": module(topic) for topic in TOPICS}
    files |= {f"src/{topic}/load.py": module(topic, 1) for topic in TOPICS}
    return files | {f"tests/test_{topic}.py": module(topic, 2) for topic in TOPICS}


def answers(project):
    """Return what a reader gets for every question, scores included."""
    found = [project.search(question) for question in QUESTIONS]
    return [
        (answer.rendered, [(hit.path, hit.start_line, hit.score) for hit in answer.hits]) for answer in found
    ]


def with_workers(count, batch_size):
    """Return settings for so many threads, which commit batches of that size."""
    return Settings.model_validate(
        {"performance": {"parallel_processor": {"max_workers": count, "batch_size": batch_size}}}
    )


def test_workers_and_batches_change_no_byte(make_tree, monkeypatch, tmp_path):
    """Files come in another order from eight threads; an answer knows only paths."""
    root = make_tree(tree())
    found = []
    for count, batch_size in ((1, 100), (8, 2)):
        monkeypatch.setenv("LEINDEX_HOME", str(tmp_path / f"home-{count}"))
        project = LeIndex(root, settings=with_workers(count, batch_size))
        project.index()
        found.append(answers(project))

    assert found[0] == found[1]
    assert all(hits for _, hits in found[0])


def test_an_index_brought_up_to_date_answers_as_a_fresh_one(make_tree, monkeypatch, tmp_path):
    """Edited, removed, renamed and new files; a server's memory and a new process alike."""
    root = make_tree(tree())
    project = LeIndex(root)
    project.index()
    project.search("cookie")
    (root / "src/cookie.py").write_text(module("cookie", 3))
    (root / "src/retry.py").unlink()
    (root / "src/socket.py").rename(root / "src/pipe.py")
    (root / "src/later.py").write_text(module("parser", 4))

    taken_in = answers(project)
    project.index()
    stored, reopened = answers(project), answers(LeIndex(root))
    monkeypatch.setenv("LEINDEX_HOME", str(tmp_path / "fresh"))
    fresh = LeIndex(root)
    fresh.index()

    expected = answers(fresh)
    assert [hits for _, hits in taken_in] == [hits for _, hits in expected]  # its state is another
    assert stored == expected
    assert reopened == expected


def test_processes_agree_whatever_their_hash_seed_and_threads(make_tree):
    """No answer depends on the order of a set, or on how many threads share a product."""
    root = make_tree(tree())
    LeIndex(root).index()
    program = (
        "import sys; from leindex_mcp import LeIndex; project = LeIndex(sys.argv[1]); "
        "print(*(project.search(question).rendered for question in sys.argv[2:]))"
    )

    def asked(seed, threads):
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        env = os.environ | {"PYTHONHASHSEED": seed} | dict.fromkeys(names, threads)
        command = [sys.executable, "-c", program, str(root), *QUESTIONS]
        return subprocess.run(command, env=env, capture_output=True, check=True).stdout

    assert asked("1", "1") == asked("2", "4")
