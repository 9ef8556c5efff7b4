"""Settings come from files, environment and session; each knows from where, and bad ones are reported."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.config.loading import LoadedSettings, Origin, index_home, load, user_config_file, variable
from leindex_mcp.settings import KEYS, PROFILES, Settings, profile_for, value_of

BATCH = "performance.embeddings.batch_size"
WORKERS = "performance.parallel_scanner.max_workers"
SIZE = "file_filtering.max_file_size"
SKIPPED = "directory_filtering.skip_large_directories"


@pytest.fixture
def read(tmp_path):
    """Load settings from the text of the user's and the project's file."""

    def read(user: str = "", project: str = "", **rest) -> LoadedSettings:
        (tmp_path / "user.yaml").write_text(user)
        (tmp_path / ".leindex.yaml").write_text(project)
        rest = {"environment": {}, **rest}
        return load(tmp_path, user_file=tmp_path / "user.yaml", **rest)

    return read


def test_without_any_source_every_value_is_the_default(tmp_path):
    """The settings work out of the box, as the guide promises, and say that they are defaults."""
    loaded = load(None, environment={}, user_file=tmp_path / "absent.yaml")

    assert loaded.settings == Settings()
    assert loaded.problems == ()
    assert set(loaded.origins.values()) == {Origin("default")}
    assert set(loaded.origins) == set(KEYS)


def test_each_source_wins_over_the_ones_before_it(read, tmp_path):
    """Precedence is default, profile, user file, project file, environment, session."""
    name = variable(BATCH)
    user = "performance: {profile: huge}\n"
    user_batch = "performance:\n  profile: huge\n  embeddings:\n    batch_size: 2\n"
    project = "performance:\n  embeddings:\n    batch_size: 3\n"
    environment = {name: "4"}

    steps = [
        read(),
        read(user),
        read(user_batch),
        read(user_batch, project),
        read(user_batch, project, environment=environment),
        read(user_batch, project, environment=environment, session={BATCH: 5}),
    ]

    assert [step.settings.performance.embeddings.batch_size for step in steps] == [32, 128, 2, 3, 4, 5]
    assert [str(step.origins[BATCH]) for step in steps] == [
        "default",
        "profile huge",
        f"file {tmp_path / 'user.yaml'}:4",
        f"file {tmp_path / '.leindex.yaml'}:3",
        f"environment {name}",
        "session",
    ]
    assert [problem for step in steps for problem in step.problems] == []


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        (
            "performance:\n  parallel_scanner:\n    max_worker: 3\n",
            "3:5",
            ["unknown key", f"did you mean `{WORKERS}`?"],
        ),
        ("max_workers: 3\n", "1:1", [WORKERS, "performance.parallel_processor.max_workers"]),
        (
            "performance:\n  embeddings: {batch_size: 0}\n",
            "2:28",
            [f"`{BATCH}` is 0", "1 to 4096", "texts a model call"],
        ),
        ("performance:\n  embeddings: {batch_size: '8'}\n", "2:28", ['is "8"', "1 to 4096"]),
        ("performance:\n  embeddings: {batch_size: true}\n", "2:28", ["is true", "1 to 4096"]),
        ("performance:\n  embeddings: {device: gpu}\n", "2:24", ['is "gpu"', "auto, cpu, cuda"]),
        ("performance:\n  parallel_processor: {batch_size: often}\n", "2:36", ["1 to 10000 or auto"]),
        ("performance:\n  parallel_scanner: {timeout_seconds: 0}\n", "2:39", ["above 0 to 86400"]),
        ("performance:\n  file_stat_cache: {ttl_seconds: .nan}\n", "2:34", ["is nan", "0 to 86400"]),
        ("performance:\n  profile: tiny\n", "2:12", ["small, medium, large, huge, auto"]),
        ("performance:\n  pattern_trie: {enabled: 3}\n", "2:27", ["is 3", "true or false"]),
        ("performance: 3\n", "1:14", ["`performance` must hold"]),
        ("- a\n", "1:1", ["the file must hold"]),
        (
            "file_filtering: {max_file_size: 1, max_file_size: 2}\n",
            "1:36",
            ["given twice", "line 1 counts"],
        ),
        ("directory_filtering: {skip_large_directories: [a, 3]}\n", "1:47", ["is [a, 3]", "a list of texts"]),
        ("a: [1\n", "2:1", ["cannot be used"]),
        ("\tx: 1\n", "1:1", ["cannot be used"]),
        ("a: &a [x]\nb: *a\n", "2:4", ["aliases"]),
        ("a: " + "[" * 500, "1:23", ["nested too deeply"]),
        ("performance: {profile: !!python/object:os.system x}\n", "1:24", ["cannot be read"]),
        ("performance: {embeddings: {batch_size: " + "9" * 5000 + "}}\n", "1:40", ["cannot be read"]),
    ],
)
def test_a_bad_line_is_reported_with_its_place_and_the_rest_applies(read, text, place, words):
    """Whatever a file says, the server starts: the sentence names file, line, column, key and range."""
    loaded = read(user=text)

    (problem,) = loaded.problems
    assert problem.startswith(loaded.sources.user_file.as_posix() + f":{place}: ")
    assert [word for word in words if word not in problem] == []
    assert loaded.settings == (Settings() if "twice" not in problem else loaded.settings)


def test_a_file_of_nothing_but_nonsense_is_given_up(read):
    """Each unknown key costs a search for the nearest one: a file full of them would stall the start."""
    loaded = read("".join(f"unknown_number_{number}: 1\n" for number in range(1_000)))

    assert len(loaded.problems) == 51
    assert loaded.problems[-1].endswith("the rest is not read")


def test_a_file_nested_beyond_the_parsers_own_limit_is_reported(read):
    """Some releases of the parser refuse a thousand brackets before they hand over the first of them."""
    loaded = read("a: " + "[" * 5000)

    (problem,) = loaded.problems
    assert problem.startswith(loaded.sources.user_file.as_posix() + ":1:")
    assert "nest" in problem
    assert loaded.settings == Settings()


def test_good_lines_beside_bad_ones_still_apply(read):
    """One typo must not throw away the rest of a file."""
    loaded = read("performance:\n  embeddings:\n    batch_size: 0\n    fp16: false\nnonsense: 1\n")

    assert loaded.settings.performance.embeddings.fp16 is False
    assert loaded.settings.performance.embeddings.batch_size == 32
    assert len(loaded.problems) == 2


def test_a_file_that_cannot_be_a_settings_file_is_reported(read, tmp_path):
    """A directory, a wrong encoding and a huge file are problems, not crashes."""
    user = tmp_path / "other.yaml"
    seen = []
    for content in (b"\xff\xfe\x00", b"#" * 1_000_001, None):
        if content is None:
            user.unlink()
            user.mkdir()
        else:
            user.write_bytes(content)
        loaded = load(None, environment={}, user_file=user)
        seen.append((loaded.settings == Settings(), [p.startswith(f"{user}:1:1: ") for p in loaded.problems]))

    assert seen == [(True, [True])] * 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_named_pipe_in_place_of_the_project_file_is_not_waited_for(tmp_path):
    """A project could otherwise hang the server that opens it."""
    os.mkfifo(tmp_path / ".leindex.yaml")

    loaded = load(tmp_path, environment={}, user_file=tmp_path / "absent")

    assert "not a regular file" in loaded.problems[0]


def test_a_project_file_that_is_a_link_is_not_followed(tmp_path):
    """A project could otherwise have a file outside it read, and quoted in a problem."""
    (tmp_path / "secret").write_text("performance: {profile: small}\n")
    root = tmp_path / "root"
    root.mkdir()
    (root / ".leindex.yaml").symlink_to(tmp_path / "secret")

    loaded = load(root, environment={}, user_file=tmp_path / "absent")

    assert loaded.settings == Settings()
    assert "symbolic link" in loaded.problems[0]


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("allowed_roots: [/]", "allowed_roots"),
        ("performance: {embeddings: {model: /tmp/model}}", "performance.embeddings.model"),
        ("performance: {embeddings: {allow_download: true}}", "performance.embeddings.allow_download"),
        ("file_filtering: {max_file_size: 1000001}", SIZE),
    ],
)
def test_a_project_file_cannot_widen_what_is_read_or_downloaded(read, line, key):
    """Whoever wrote the project is not the person whose files are read."""
    loaded = read(project=line)

    assert loaded.settings == Settings()
    assert f"`{key}`: a project's file may" in loaded.problems[0]
    assert value_of(read(user=line).settings, key) != value_of(Settings(), key)


def test_a_project_file_may_narrow_what_is_read(read):
    """A lower size limit counts; skipped directories are added to those of the user, none is removed."""
    loaded = read(
        user="directory_filtering: {skip_large_directories: [a, b]}",
        project="file_filtering: {max_file_size: 10}\ndirectory_filtering: {skip_large_directories: [b, c]}",
    )

    assert value_of(loaded.settings, SKIPPED) == ("a", "b", "c")
    assert value_of(loaded.settings, SIZE) == 10
    assert loaded.problems == ()


def test_every_key_but_the_widening_ones_can_be_set_by_a_project(read):
    """The guide's whole tree works in `.leindex.yaml`."""
    text = """
performance:
  profile: large
  file_stat_cache: {enabled: false, max_size: 1, ttl_seconds: 2}
  parallel_scanner: {max_workers: 3, timeout_seconds: 4}
  parallel_processor: {max_workers: 5, batch_size: 6}
  embeddings: {batch_size: 7, enable_gpu: false, device: cpu, fp16: false, truncate_dim: 64}
  pattern_trie: {enabled: false, cache_size: 8}
directory_filtering: {skip_large_directories: [x]}
file_filtering: {max_file_size: 9}
"""
    loaded = read(project=text)

    defaults = [key for key, origin in loaded.origins.items() if origin.kind == "default"]
    assert loaded.problems == ()
    assert defaults == [
        "performance.embeddings.model",
        "performance.embeddings.allow_download",
        "allowed_roots",
    ]


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        (BATCH, "8", 8),
        ("performance.parallel_processor.batch_size", "auto", "auto"),
        ("performance.file_stat_cache.ttl_seconds", "1.5", 1.5),
        ("performance.embeddings.fp16", "false", False),
        ("performance.embeddings.model", "123", "123"),
        (SKIPPED, "a, b", ("a", "b")),
        (SKIPPED, "[a, 'b, c']", ("a", "b, c")),
        (SKIPPED, "**/dist/**", ("**/dist/**",)),
        ("allowed_roots", "/x", ("/x",)),
        (BATCH, "", 32),
    ],
)
def test_an_environment_variable_sets_its_key(key, text, value, tmp_path):
    """Two underscores stand for a dot; a list may be written with commas; an empty variable is unset."""
    loaded = load(None, environment={variable(key): text}, user_file=tmp_path / "absent")

    assert value_of(loaded.settings, key) == value
    assert loaded.problems == ()


def test_an_unknown_variable_is_reported_with_the_nearest_name(tmp_path):
    """A misspelt variable would otherwise be ignored in silence; the two that are no settings are known."""
    environment = {
        "LEINDEX_PERFORMANCE__EMBEDDING__BATCH_SIZE": "8",
        "LEINDEX_HOME": "x",
        "LEINDEX_ROOT": "y",
    }

    loaded = load(None, environment=environment, user_file=tmp_path / "absent")

    (problem,) = loaded.problems
    assert problem.startswith("environment LEINDEX_PERFORMANCE__EMBEDDING__BATCH_SIZE: unknown variable")
    assert f"did you mean `{variable(BATCH)}`?" in problem


def test_a_bad_variable_and_an_unknown_session_key_are_reported(tmp_path):
    """Both are sources like the files: what is wrong in them is said, the rest applies."""
    loaded = load(
        None,
        environment={variable(BATCH): "many"},
        user_file=tmp_path / "absent",
        session={"performance.x": 1, WORKERS: 7},
    )

    assert value_of(loaded.settings, WORKERS) == 7
    assert [problem.partition(":")[0] for problem in loaded.problems] == [
        f"environment {variable(BATCH)}",
        "session",
    ]


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_sets_what_the_guide_says_and_no_more(read, name):
    """The four profiles are the guide's, key by key; a value given beside the profile stands."""
    loaded = read(f"performance: {{profile: {name}, embeddings: {{batch_size: 9}}}}")

    from_profile = {key for key, origin in loaded.origins.items() if origin == Origin("profile", name)}
    assert from_profile == set(PROFILES[name]) - {BATCH}
    assert all(value_of(loaded.settings, key) == PROFILES[name][key] for key in from_profile)
    assert value_of(loaded.settings, BATCH) == 9


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (0, "small"),
        (9_999, "small"),
        (10_000, "medium"),
        (50_000, "large"),
        (100_000, "huge"),
        (10**9, "huge"),
    ],
)
def test_auto_picks_the_profile_by_the_number_of_files(read, files, name):
    """The guide names its profiles by the number of files; `auto` counts them."""
    loaded = read("performance: {profile: auto}").for_files(files)

    assert profile_for(files) == name
    assert loaded.origins[WORKERS] == Origin("profile", f"auto ({name})")
    assert value_of(loaded.settings, WORKERS) == PROFILES[name][WORKERS]


def test_auto_means_the_defaults_until_files_are_counted(read):
    """Before the first scan nothing is known, and the guide's middle profile equals its defaults."""
    loaded = read("performance: {profile: auto}")

    assert loaded.origins[WORKERS] == Origin("default")


def test_the_guides_default_file_changes_nothing(read):
    """The guide prints its defaults as a file; loading it gives our defaults."""
    guide = """
performance:
  # File stat caching
  file_stat_cache:
    enabled: true
    max_size: 10000
    ttl_seconds: 300
  parallel_scanner:
    max_workers: 4
    timeout_seconds: 300
  parallel_processor:
    max_workers: 4
    batch_size: 100
  embeddings:
    batch_size: 32
    enable_gpu: true
    device: "auto"
    fp16: true
  pattern_trie:
    enabled: true
    cache_size: 1000
"""
    loaded = read(guide)

    assert loaded.settings == Settings()
    assert loaded.problems == ()


def test_indexes_and_user_settings_have_their_places(home, monkeypatch):
    """`LEINDEX_HOME` moves the indexes; without it they lie in the user's cache directory."""
    assert index_home() == home / "leindex"
    assert index_home({"LEINDEX_HOME": "~/x"}) == home / "x"
    monkeypatch.delenv("LEINDEX_HOME")
    assert "leindex" in index_home().parts
    assert user_config_file().parts[-2:] == ("leindex", "config.yaml")


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_no_text_of_a_file_stops_the_server(text):
    """`load` reports and never raises, whatever stands in the file."""
    path = Path(os.environ["HOME"]) / "fuzz.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))

    loaded = load(None, environment={}, user_file=path)

    assert isinstance(loaded.settings, Settings)


@given(st.sampled_from(sorted(KEYS)), st.text(max_size=30))
def test_no_value_of_a_variable_stops_the_server(key, text):
    """`load` reports and never raises, whatever stands in the environment."""
    loaded = load(None, environment={variable(key): text}, user_file=Path("absent"))

    assert loaded.problems or loaded.origins[key].kind in ("environment", "default")
