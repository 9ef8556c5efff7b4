"""What a source file says about its own code becomes questions, and only that."""

import pytest

from training.comments import STYLES, find_comments, summary
from training.pairs import mine

PYTHON = '''"""Keep values that were computed before."""

import time


def read_value(key):
    """Return the value that was stored for a key.

    Args:
        key: Its name.
    """
    # look into memory before asking the disk
    value = memory.get(key) or disk.load(key)
    return value


def forget_everything():
    memory.clear()
    disk.clear()
    log.info("all values of memory and disk are gone, and the next reader computes them anew")
    return None
'''

TYPESCRIPT = """/**
 * Resolves a path against the root of the project.
 * @param path what the user typed
 */
export function resolvePath(path: string): string {
  return join(root, path);
}
"""

RUST = """/// Splits the buffer into frames of equal length.
#[inline]
pub fn split_frames(buffer: &[u8]) -> Vec<Frame> {
    buffer.chunks(FRAME).map(Frame::from).collect()
}
"""

ELIXIR = '''defmodule Shop.Cart do
  @doc """
  Adds an article to the cart of a visitor.
  """
  def add_article(cart, article) do
    Map.update(cart, article.id, 1, &(&1 + 1))
  end
end
'''


def pairs_by_kind(text, language):
    """Mine a text and order its pairs by kind."""
    found = {}
    for pair in mine(text, language):
        found.setdefault(pair.kind, []).append(pair)
    return found


def test_a_docstring_asks_for_its_function_and_is_not_in_the_answer():
    """A model that sees the question in the answer learns nothing."""
    (pair,) = pairs_by_kind(PYTHON, "python")["doc"]

    assert pair.question == "Return the value that was stored for a key."
    assert pair.symbol == "read_value"
    assert "def read_value(key):" in pair.code
    assert "stored for a key" not in pair.code
    assert "return value" in pair.code


def test_a_module_docstring_asks_for_the_file():
    """Questions about files are as frequent as those about functions."""
    (pair,) = pairs_by_kind(PYTHON, "python")["module"]

    assert pair.question == "Keep values that were computed before."
    assert pair.code.strip().startswith("import time")


def test_an_inline_comment_asks_for_the_statements_below_it():
    """Comments inside bodies speak as people ask."""
    (pair,) = pairs_by_kind(PYTHON, "python")["inline"]

    assert pair.question == "look into memory before asking the disk"
    assert "value = memory.get(key)" in pair.code


def test_a_function_without_comment_is_asked_for_by_its_name():
    """Half of all code has no comment at all."""
    (pair,) = pairs_by_kind(PYTHON, "python")["name"]

    assert (pair.question, pair.symbol) == ("", "forget_everything")


@pytest.mark.parametrize(
    ("text", "language", "question", "symbol"),
    [
        (TYPESCRIPT, "typescript", "Resolves a path against the root of the project.", "resolvePath"),
        (RUST, "rust", "Splits the buffer into frames of equal length.", "split_frames"),
        (ELIXIR, "elixir", "Adds an article to the cart of a visitor.", "add_article"),
    ],
)
def test_comments_above_definitions_are_found_in_every_style(text, language, question, symbol):
    """Attributes and decorators may stand between."""
    (pair,) = pairs_by_kind(text, language)["doc"]

    assert (pair.question, pair.symbol) == (question, symbol)


@pytest.mark.parametrize(
    "comment",
    [
        "# Copyright 2020 The Authors. All rights reserved.",
        "// eslint-disable-next-line no-console",
        "# TODO: do this better one day",
        "# -------------------------------",
        "// x = foo(bar[1], 2) + 3;",
        "# ok",
    ],
)
def test_what_no_one_would_ask_is_no_question(comment):
    """Licences, notes to tools, rules and dead code."""
    assert summary(comment) is None


def test_a_summary_ends_where_the_sections_begin():
    """Parameters are not what a piece of code is about."""
    assert summary("/** Opens the file.\n * @param mode how */") == "Opens the file."
    assert (
        summary('"""Open the file for reading.\n\n    More words.\n    """') == "Open the file for reading."
    )


@pytest.mark.parametrize("language", sorted(STYLES))
def test_an_unclosed_comment_ends_somewhere(language):
    """Files are cut off and wrong in every way."""
    lines = ['"""', "/*", "--[[", "{-", "=begin", '@doc """', "x"] * 3

    assert all(comment.end > comment.first for comment in find_comments(lines, STYLES[language]))
    assert list(mine("\n".join(lines), language)) is not None
