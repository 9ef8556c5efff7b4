"""Sixty questions about this repository and two packages are answered as well as they were.

After a change that is worth it, `python benchmarks/own_questions.py` stores the new score and prints what was
lost.
"""

from __future__ import annotations

import json

import own_questions
import pytest
from annotated import load

MOST_LOST = 0.02  # one question in sixty that is no longer answered at all


@pytest.fixture(scope="module")
def trees(tmp_path_factory):
    """Lay out what the questions are about."""
    trees = tmp_path_factory.mktemp("own") / "trees"
    own_questions.lay_out(trees)
    return trees


@pytest.mark.slow
def test_the_score_does_not_fall(trees):
    """Small steps down are not seen one by one: the stored score is what all changes are held to."""
    stored = json.loads(own_questions.SCORES.read_text())

    now = own_questions.score(trees)

    assert now["ndcg"] >= stored["ndcg"] - MOST_LOST, "\n".join(own_questions.lost(now, stored))


@pytest.mark.slow
def test_every_answer_is_there(trees):
    """A file that was renamed makes a question that nobody can answer: name the new file in the question."""
    missing = [
        (name, question.text, target.path)
        for name in own_questions.NAMES
        for question in load(own_questions.QUESTIONS, name)
        for target in question.targets
        if not (trees / name / target.path).is_file()
    ]

    assert missing == []


def test_there_are_sixty_questions_of_all_kinds():
    """A score over fewer says less, and each kind is asked of each tree."""
    asked = {name: load(own_questions.QUESTIONS, name) for name in own_questions.NAMES}

    assert [len(questions) for questions in asked.values()] == [20, 20, 20]
    kinds = {"symbol", "path", "quoted", "how", "natural", "architecture"}
    assert all({question.category for question in questions} == kinds for questions in asked.values())
