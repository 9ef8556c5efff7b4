"""Code like the code at a place: the place is read from disk now, and is never its own answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from leindex_mcp import LeIndex
from leindex_mcp.errors import QueryError

RETRY = """\
def retry_{name}(session, attempts):
    for attempt in range(attempts):
        try:
            return session.send_{name}()
        except TimeoutError:
            session.backoff(attempt)
"""
TREE = {
    "src/mail.py": RETRY.format(name="mail"),
    "src/order.py": RETRY.format(name="order"),
    "src/paint.py": "def paint_canvas(canvas, colour):\n    canvas.fill(colour)\n    return canvas.pixels\n",
    "src/empty.py": "",
    "logo.png": b"\x89PNG\0\0",
}


@pytest.fixture
def root(make_tree) -> Path:
    """A project in which two functions are alike."""
    return make_tree(TREE)


def paths(answer) -> list[str]:
    """Name the files of an answer, best first."""
    return [hit.path for hit in answer]


@pytest.mark.parametrize("mode", ["hybrid", "keyword", "semantic"])
def test_the_nearest_relative_comes_first_and_the_place_itself_not_at_all(root, mode):
    """Where else do we do this, one asks."""
    found = paths(LeIndex(root).search("", similar_to="src/mail.py:3", mode=mode))

    assert found[0] == "src/order.py"
    assert "src/mail.py" not in found


def test_words_of_the_query_count_besides(root):
    """They say which of the relatives is meant."""
    (root / "src/late_order.py").write_text(RETRY.format(name="late_order") + "# cancelled by the customer\n")
    project = LeIndex(root)

    answer = project.search("cancelled by the customer", similar_to="src/mail.py:1")

    assert answer[0].path == "src/late_order.py"


def test_another_part_of_the_same_file_may_come(root):
    """Only the chunk that was shown is left out."""
    filler = "".join(f"def other_{i}(canvas):\n    return canvas.layer_{i}\n\n\n" for i in range(40))
    (root / "src/both.py").write_text(
        RETRY.format(name="first") + "\n\n" + filler + RETRY.format(name="second")
    )

    answer = LeIndex(root).search("", similar_to="src/both.py:2", limit=3)

    own = next(hit for hit in answer if hit.path == "src/both.py")
    assert own.start_line > 150


def test_a_file_that_is_not_indexed_or_was_edited_works_too(root):
    """The place is read now: an editor's last save is what a caller sees."""
    project = LeIndex(root)
    project.index()
    (root / "src/paint.py").write_text(RETRY.format(name="paint"))
    (root / ".gitignore").write_text("scratch/\n")
    (root / "scratch").mkdir()
    (root / "scratch/new.py").write_text(RETRY.format(name="draft"))

    assert {"src/mail.py", "src/order.py"} <= set(paths(project.search("", similar_to="src/paint.py:2")))
    ignored = project.search("", similar_to=str(root / "scratch/new.py") + ":1-5")
    assert {"src/mail.py", "src/order.py"} <= set(paths(ignored))


def test_filters_hold(root):
    """They go before the ranking, as for any question."""
    project = LeIndex(root)

    assert paths(project.search("", similar_to="src/mail.py:3", include=["src/paint.py"])) in (
        [],
        ["src/paint.py"],
    )


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("src/mail.py", "pass a file and a line of it"),
        (":3", "pass a file and a line of it"),
        ("src/mail.py:0", "pass a file and a line of it"),
        ("src/mail.py:7", "has 6 lines, there is no 7"),
        ("src/none.py:1", "src/none.py cannot be read (No such file"),
        ("../secret.py:1", "cannot be read (not a path below the root)"),
        ("/etc/hosts:1", "is not below"),
        ("src:1", "cannot be read (not a regular file)"),
        ("logo.png:1", "cannot be read (it is no text)"),
        ("src/empty.py:1", "is empty"),
        ("src/.env:1", "may hold secrets and is not read"),
    ],
)
def test_a_place_that_is_none_gets_one_sentence(root, place, sentence):
    """The sentence says what is wrong with it."""
    (root / "src/.env").write_text("retry_token = 1\n")

    with pytest.raises(QueryError) as refused:
        LeIndex(root).search("", similar_to=place)

    assert sentence in str(refused.value)


def test_exact_lines_are_like_nothing(root):
    """The two arguments contradict each other."""
    with pytest.raises(QueryError, match="similar_to finds no exact lines"):
        LeIndex(root).search("retry", mode="exact", similar_to="src/mail.py:1")
