"""`config get|set|unset|validate`: checked first, written as a whole, answered with old, new and origin."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from leindex_mcp.config.editing import get, perform, problem_lines, render, rows, set_value, unset_value
from leindex_mcp.config.loading import load, variable
from leindex_mcp.config.rewriting import with_value, without
from leindex_mcp.errors import SettingsError
from leindex_mcp.settings import KEYS

BATCH = "performance.embeddings.batch_size"
CACHE = "performance.pattern_trie.cache_size"
SKIPPED = "directory_filtering.skip_large_directories"
COMMENTED = """\
# mine
performance:
  # why
  embeddings:
    batch_size: 8   # small
directory_filtering:
  skip_large_directories:
    - a
    - b   # last
"""


@pytest.fixture
def user_file(tmp_path) -> Path:
    """A user's file that does not exist yet, in a directory that does not either."""
    return tmp_path / "leindex" / "config.yaml"


def test_a_row_says_all_there_is_to_know_about_a_key(user_file):
    """`config get` answers what holds, why, what is allowed, and whether it has an effect."""
    row = get(load(None, environment={}, user_file=user_file), "performance.embeddings.fp16")

    note = "no effect with the built-in model"
    assert row.line() == f"performance.embeddings.fp16: true  (default; {note})"
    assert (row.default, row.allowed) == (True, "true or false")


def test_an_unknown_key_is_refused_with_the_nearest(user_file):
    """The sentence is the same in files, environment and commands."""
    loaded = load(None, environment={}, user_file=user_file)

    with pytest.raises(
        SettingsError, match=r"unknown key `batch_size`: did you mean .*processor\.batch_size"
    ):
        get(loaded, "batch_size")


def test_every_key_has_a_row_with_a_range(user_file):
    """`config show` lists the whole tree."""
    loaded = load(None, environment={"LEINDEX_X": "1"}, user_file=user_file)

    assert [row.key for row in rows(loaded)] == list(KEYS)
    assert [row.key for row in rows(loaded) if not row.allowed] == []
    assert render(loaded).endswith("\n".join(problem_lines(loaded)))


def test_a_value_set_for_the_user_is_there_in_the_next_process(user_file):
    """`set` writes the file, creates its directory for its owner only, and answers old, new and origin."""
    loaded = load(None, environment={}, user_file=user_file)

    change = set_value(loaded, BATCH, "8", scope="user", by_person=True)

    assert (change.old, change.new, str(change.origin)) == (32, 8, f"file {user_file}:3")
    assert change.sentence() == f"{BATCH} was 32, is now 8 (file {user_file}:3)"
    assert load(None, environment={}, user_file=user_file).settings == change.loaded.settings
    assert stat.S_IMODE(user_file.parent.stat().st_mode) == 0o700
    assert [path.name for path in user_file.parent.iterdir()] == ["config.yaml"]


def test_a_value_set_for_the_session_touches_no_file(user_file):
    """A session's value stands above the environment and goes with the process."""
    loaded = load(None, environment={variable(BATCH): "4"}, user_file=user_file)

    changed = set_value(loaded, BATCH, 8, scope="session", by_person=False)
    back = unset_value(changed.loaded, BATCH, scope="session", by_person=False)

    assert (changed.old, changed.new, str(changed.origin)) == (4, 8, "session")
    assert (back.old, back.new, str(back.origin)) == (8, 4, f"environment {variable(BATCH)}")
    assert not user_file.exists()


def test_a_stored_value_under_a_stronger_source_is_said_to_be_hidden(user_file):
    """Otherwise a person sets a value and wonders why nothing changes."""
    loaded = load(None, environment={variable(BATCH): "4"}, user_file=user_file)

    change = set_value(loaded, BATCH, 8, scope="user", by_person=True)

    above = f"environment {variable(BATCH)}"
    assert change.sentence() == (
        f"{BATCH} is still 4 ({above}); the user value is stored, and {above} stands above it"
    )


def test_a_change_that_alters_what_is_indexed_says_so(user_file):
    """The stored index follows such a key only after the next run."""
    loaded = load(None, environment={}, user_file=user_file)

    size = set_value(loaded, "file_filtering.max_file_size", 10, scope="user", by_person=True)
    batch = set_value(size.loaded, BATCH, 8, scope="user", by_person=True)

    assert (size.reindexes, batch.reindexes) == (True, False)
    assert size.sentence().endswith("run `index` for it to take effect")


@pytest.mark.parametrize("value", [0, 5000, "many", None, [1], 1.5, "\ud800", {"a": 1}])
def test_a_refused_value_leaves_the_file_as_it_was(user_file, value):
    """`set` checks first."""
    loaded = load(None, environment={}, user_file=user_file)

    with pytest.raises(SettingsError, match="allowed: 1 to 4096"):
        set_value(loaded, BATCH, value, scope="user", by_person=True)

    assert not user_file.exists()


@pytest.mark.parametrize(
    "key",
    [
        "allowed_roots",
        "directory_filtering.skip_large_directories",
        "file_filtering.max_file_size",
        "performance.embeddings.allow_download",
        "performance.embeddings.model",
    ],
)
def test_a_model_may_not_set_what_is_read_or_downloaded(user_file, key):
    """A text that the model has read could ask for it; a person decides."""
    loaded = load(None, environment={}, user_file=user_file)

    for scope in ("session", "user"):
        with pytest.raises(SettingsError, match="a person sets it"):
            set_value(loaded, key, "1", scope=scope, by_person=False)
        with pytest.raises(SettingsError, match="a person sets it"):
            unset_value(loaded, key, scope=scope, by_person=False)


@pytest.mark.parametrize("text", ["a: [1\n", "- a\n", "a: !!python/name:os.system ''\n"])
def test_a_broken_file_is_not_overwritten(user_file, text):
    """Writing it anew would throw away what its owner meant."""
    user_file.parent.mkdir()
    user_file.write_text(text)
    loaded = load(None, environment={}, user_file=user_file)

    with pytest.raises(SettingsError, match="mend"):
        set_value(loaded, BATCH, 8, scope="user", by_person=True)

    assert user_file.read_text() == text


def test_a_file_that_cannot_be_written_is_an_error_with_its_path(tmp_path):
    """The directory of the settings may be a file, or not ours."""
    (tmp_path / "file").write_text("")
    loaded = load(None, environment={}, user_file=tmp_path / "other.yaml")
    (tmp_path / "other.yaml").mkdir()

    with pytest.raises(SettingsError, match=r"other\.yaml"):
        set_value(loaded, BATCH, 8, scope="user", by_person=True)


def test_a_linked_settings_file_stays_a_link(tmp_path, user_file):
    """Settings kept in a repository of dotfiles are written where the link points."""
    target = tmp_path / "dotfiles.yaml"
    target.write_text("# mine\n")
    user_file.parent.mkdir()
    user_file.symlink_to(target)

    set_value(load(None, environment={}, user_file=user_file), BATCH, 8, scope="user", by_person=True)

    assert user_file.is_symlink()
    assert target.read_text() == "# mine\nperformance:\n  embeddings:\n    batch_size: 8\n"


def test_an_action_answers_in_text_and_gives_the_settings_back(user_file):
    """The command line and the tool are one function, so that they cannot differ."""
    loaded = load(None, environment={}, user_file=user_file)

    def act(action, settings=loaded, **rest):
        return perform(settings, action, scope="session", by_person=False, **rest)

    shown, same = act("show")
    changed, after = act("set", key=BATCH, value="8")
    back, _ = act("unset", after, key=BATCH)

    assert (shown, same) == (render(loaded), loaded)
    assert act("get", key=BATCH)[0].splitlines()[1:] == [
        "default: 32",
        "allowed: 1 to 4096 (texts a model call)",
    ]
    assert changed == f"{BATCH} was 32, is now 8 (session)"
    assert back == f"{BATCH} was 8, is now 32 (default)"
    assert act("validate")[0] == "no problems"
    for incomplete in ({"action": "get"}, {"action": "set"}, {"action": "set", "key": BATCH}):
        with pytest.raises(SettingsError, match="needs a"):
            act(**incomplete)


def test_comments_and_order_stay_when_a_key_is_set_and_unset():
    """A settings file is written by hand; a command must not spoil it."""
    text = with_value(COMMENTED, BATCH, 16)
    text = with_value(text, CACHE, 5)
    text = with_value(text, "allowed_roots", ("/x",))

    assert text == COMMENTED.replace("batch_size: 8", "batch_size: 16").replace(
        "# mine\n", "# mine\nallowed_roots: [/x]\n"
    ).replace("  # why\n", "  # why\n  pattern_trie:\n    cache_size: 5\n")
    for key in (CACHE, "allowed_roots"):
        text = without(text, key)
    assert text == COMMENTED.replace("batch_size: 8", "batch_size: 16").replace(
        "  # why\n", "  # why\n  pattern_trie:\n"
    )


def test_a_number_where_a_section_belongs_gives_way_to_the_section():
    """`validate` has reported it; `set` must not fail on it, and `unset` leaves it alone."""
    assert yaml.safe_load(with_value("performance: 3\n", CACHE, 5)) == {
        "performance": {"pattern_trie": {"cache_size": 5}}
    }
    assert without("performance: 3\n", CACHE) == "performance: 3\n"


_TEXTS = st.sampled_from(
    [
        "",
        "# nothing",
        COMMENTED,
        "{}",
        "performance:\n",
        "performance: {}\n",
        "{performance: {embeddings: {batch_size: 3}}}",
        "performance: {embeddings: {batch_size: 3, fp16: true}}\nother: 1\n",
        "performance:\r\n  embeddings:\r\n    batch_size: 3\r\n",
        "---\nperformance:\n  embeddings:\n    batch_size:\n      3\n...\n",
        "directory_filtering:\n  skip_large_directories: [a,\n    b]\nallowed_roots:\n- x\n",
    ]
)
_CHANGES = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([BATCH, CACHE]), st.integers(1, 99)),
        st.tuples(st.just(SKIPPED), st.lists(st.text(max_size=8), max_size=3).map(tuple)),
        st.tuples(st.just("performance.embeddings.model"), st.text(min_size=1, max_size=120)),
        st.tuples(st.sampled_from([BATCH, CACHE, SKIPPED]), st.none()),
    ),
    max_size=6,
)


@given(_TEXTS, _CHANGES)
@example("", [("performance.embeddings.model", "\x85")])
def test_a_rewritten_file_says_what_was_asked_and_nothing_else_changes(text, changes):
    """Against a plain dictionary: after any changes the file holds the old values and the new ones."""
    expected = flat(yaml.safe_load(text) or {})
    for key, value in changes:
        text = without(text, key) if value is None else with_value(text, key, value)
        expected.pop(key, None)
        if value is not None:
            expected[key] = list(value) if isinstance(value, tuple) else value

    assert flat(yaml.safe_load(text) or {}) == expected


def flat(tree: dict, prefix: str = "") -> dict:
    """Return a tree as dotted keys, empty sections left out."""
    result = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            result |= flat(value, f"{prefix}{key}.")
        elif value is not None:
            result[f"{prefix}{key}"] = value
    return result
