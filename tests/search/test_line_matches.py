"""Matching lines as text: fenced, within the budget, and shared out among the files."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.records import SearchHit
from leindex_mcp.search.line_matches import FileMatches, LineMatches, render_lines, shared_out
from leindex_mcp.search.sought import Sought

SOUGHT = Sought("x")
any_text = st.text(st.characters(exclude_categories=()), min_size=1, max_size=40) | st.text(
    "`~\n\r x", min_size=1
)


def file_of(path: str, texts: list[str], more: int = 0, column: int = 0) -> FileMatches:
    """Make the matches of one file."""
    shown = tuple(SearchHit(path, number, number, 1.0, text) for number, text in enumerate(texts, 1))
    return FileMatches(path, len(texts) + more, shown, (column,) * len(texts))


files = st.lists(
    st.builds(file_of, any_text, st.lists(any_text, min_size=1, max_size=6), st.integers(0, 5000)), max_size=8
)


@given(files, st.integers(1, 3000), st.booleans())
def test_no_line_of_a_file_leaves_the_fence_and_no_answer_its_budget(files, max_tokens, is_complete):
    """Lines and paths are data: whatever they hold, only our own last line ends the fence."""
    found = LineMatches(tuple(files), 100, 100, is_complete)

    text = render_lines(SOUGHT, found, max_tokens)

    assert len(text) <= 4 * max_tokens
    lines = text.split("\n")
    if len(lines) > 2:
        fence = lines[2]
        assert set(fence) == {"`"}
        assert lines[-1] == fence
        assert all(fence not in line for line in lines[3:-1])


@given(files, st.integers(1, 60))
def test_each_file_shows_its_share(files, limit):
    """As many lines as asked for, if there are so many, and no file more than one above one that was cut."""
    kept = shared_out(files, limit)

    assert [file.path for file in kept] == [file.path for file in files]
    assert sum(len(file.shown) for file in kept) == min(limit, sum(len(file.shown) for file in files))
    cut = [len(after.shown) for after, before in zip(kept, files, strict=True) if after != before]
    if cut:
        assert max(len(file.shown) for file in kept) <= min(cut) + 1


@given(files, st.integers(1, 40))
def test_what_is_not_shown_is_counted(files, limit):
    """The numbers of the answer add up to the true total."""
    kept = shared_out(files, limit)

    assert sum(file.total for file in kept) == sum(file.total for file in files)
