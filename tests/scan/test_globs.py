"""Include and exclude patterns of a search."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from leindex_mcp.errors import QueryError
from leindex_mcp.globs import GlobFilter

GLOBS = st.from_regex(r"/?(?:(?:\*\*|[ab*?]{1,2}|a\.b)/){0,2}(?:\*\*|a\*?|\*\.b|b)/?", fullmatch=True)
PATHS = st.from_regex(r"(?:[ab]{1,2}/){0,2}[ab]{1,2}(?:\.[ab])?", fullmatch=True)
FILES = ["a.py", "src/b.py", "src/c.ts", "src/deep/d.tsx", "tests/test_b.py", "README.md", "#x.py"]


@pytest.mark.parametrize(
    ("include", "exclude", "passing"),
    [
        ((), (), FILES),
        (("*.py",), (), ["a.py", "src/b.py", "tests/test_b.py", "#x.py"]),
        (("src/**",), (), ["src/b.py", "src/c.ts", "src/deep/d.tsx"]),
        (("src/",), (), ["src/b.py", "src/c.ts", "src/deep/d.tsx"]),
        (("./src",), ("*.py",), ["src/c.ts", "src/deep/d.tsx"]),
        (("src/**/*.{ts,tsx}",), (), ["src/c.ts", "src/deep/d.tsx"]),
        (("{src,tests}/*.{py,ts}",), (), ["src/b.py", "src/c.ts", "tests/test_b.py"]),
        ((), ("tests/", "*.md"), ["a.py", "src/b.py", "src/c.ts", "src/deep/d.tsx", "#x.py"]),
        (("/a.py", "README.md"), (), ["a.py", "README.md"]),
        (("#x.py",), (), ["#x.py"]),
        (("nothing",), (), []),
    ],
)
def test_a_file_passes_when_included_and_not_excluded(include, exclude, passing):
    """Patterns are those of a .gitignore, with braces, which models like to write."""
    globs = GlobFilter(include, exclude)

    assert [file for file in FILES if globs.matches(file)] == passing
    assert globs.mask(FILES).tolist() == [file in passing for file in FILES]
    assert bool(globs) is bool(include or exclude)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("*a*a*a*b", "more than 3"),
        ("src/*a*a*a*a*a*a*a*a*a*a*b", "more than 3"),
        ("", "empty"),
        ("/", "empty"),
        ("!*.py", "pass it in `exclude`"),
        ("a\\", "cannot be read"),
        ("{a,b}" * 20, "too many"),
    ],
)
def test_a_pattern_that_is_no_use_or_takes_for_ever_is_refused(pattern, problem):
    """Pathspec's engine backtracks, so a hostile pattern would hang the server."""
    with pytest.raises(QueryError, match=problem):
        GlobFilter([pattern])


@given(
    include=st.lists(GLOBS, max_size=2),
    exclude=st.lists(GLOBS, max_size=2),
    paths=st.lists(PATHS, max_size=6),
)
def test_patterns_mean_what_pathspec_says(include, exclude, paths):
    """Its expressions are asked one by one, which is five times as fast as asking it."""

    def matched(patterns, path):
        return GitIgnoreSpec.from_lines(patterns, backend="simple").match_file(path)

    expected = [(not include or matched(include, path)) and not matched(exclude, path) for path in paths]

    globs = GlobFilter(include, exclude)

    assert globs.mask(paths).tolist() == expected
    assert [globs.matches(path) for path in paths] == expected
