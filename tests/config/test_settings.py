"""The settings tree has the guide's keys and defaults, and every value a range."""

from __future__ import annotations

import math
import pickle

import pytest
from pydantic import ValidationError

from leindex_mcp.config.checking import allowed, refusals, shown, unknown
from leindex_mcp.settings import KEYS, PROFILES, Settings, is_marked, value_of

GUIDE = {
    "performance.file_stat_cache.enabled": True,
    "performance.file_stat_cache.max_size": 10_000,
    "performance.file_stat_cache.ttl_seconds": 300,
    "performance.parallel_scanner.max_workers": 4,
    "performance.parallel_scanner.timeout_seconds": 300,
    "performance.parallel_processor.max_workers": 4,
    "performance.parallel_processor.batch_size": 100,
    "performance.embeddings.batch_size": 32,
    "performance.embeddings.enable_gpu": True,
    "performance.embeddings.device": "auto",
    "performance.embeddings.fp16": True,
    "performance.pattern_trie.enabled": True,
    "performance.pattern_trie.cache_size": 1000,
}


@pytest.mark.parametrize("key", GUIDE)
def test_a_key_of_the_guide_has_the_guides_default(key):
    """The guide's 'Default Configuration' is the contract."""
    assert value_of(Settings(), key) == GUIDE[key]


def test_keys_beyond_the_guide_are_the_ones_the_design_names():
    """Adding a key is a decision; its documentation, trust and test go with it."""
    assert set(KEYS) - set(GUIDE) == {
        "performance.profile",
        "performance.embeddings.model",
        "performance.embeddings.truncate_dim",
        "performance.embeddings.allow_download",
        "directory_filtering.skip_large_directories",
        "file_filtering.max_file_size",
        "allowed_roots",
    }


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_holds_known_keys_and_allowed_values(name):
    """A profile is applied without a person seeing its values, so they must be right."""
    assert refusals(PROFILES[name]) == {}
    assert [key for key in PROFILES[name] if is_marked(key, "widens")] == []


def test_the_guides_profile_tables():
    """The numbers of the guide's four profile blocks, columns in its order."""
    short = {
        "cache": "performance.file_stat_cache.max_size",
        "scan": "performance.parallel_scanner.max_workers",
        "process": "performance.parallel_processor.max_workers",
        "embed": "performance.embeddings.batch_size",
    }
    table = {name: [values[short[column]] for column in short] for name, values in PROFILES.items()}

    assert table == {
        "small": [5000, 2, 2, 16],
        "medium": [10_000, 4, 4, 32],
        "large": [50_000, 8, 8, 64],
        "huge": [100_000, 16, 16, 128],
    }
    rest = {name: set(values) - set(short.values()) for name, values in PROFILES.items()}
    assert rest["small"] == rest["medium"] == set()
    assert rest["large"] == {"performance.embeddings.enable_gpu"}
    assert {key: PROFILES["huge"][key] for key in rest["huge"]} == {
        "performance.file_stat_cache.ttl_seconds": 600,
        "performance.parallel_scanner.timeout_seconds": 600,
        "performance.parallel_processor.batch_size": 200,
        "performance.embeddings.enable_gpu": True,
        "performance.embeddings.fp16": True,
    }


def test_settings_are_values():
    """They are shared between threads and sent to workers: frozen, equal by value, picklable."""
    settings = Settings()

    with pytest.raises(ValidationError):
        settings.allowed_roots = ("/",)
    assert pickle.loads(pickle.dumps(settings)) == settings
    with pytest.raises(ValidationError):
        Settings(nonsense=1)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "value", [math.inf, math.nan, -1, 10**30, pytest.param(object(), id="object"), {}, b"x"]
)
def test_no_key_takes_a_value_out_of_all_reason(key, value):
    """Each key refuses nonsense with a sentence that names the key and what is allowed."""
    (sentence,) = refusals({key: value}).values()

    assert sentence.startswith(f"`{key}` is ")
    assert sentence.endswith(f"allowed: {allowed(key)}")


def test_words_for_ranges():
    """What `config get` and problems say is allowed."""
    assert allowed("performance.file_stat_cache.max_size") == "1 to 10000000 (entries)"
    assert allowed("performance.parallel_scanner.timeout_seconds") == (
        "above 0 to 86400 (seconds one walk may take)"
    )
    assert allowed("performance.profile") == "small, medium, large, huge, auto or null"
    assert allowed("performance.embeddings.enable_gpu") == "true or false"


def test_a_value_is_shown_as_yaml_writes_it_and_cut_when_long():
    """A refused value may be a pasted file, or hold what no terminal can print."""
    assert [shown(value) for value in (None, True, 1.0, ("a", "b"), "x", "\ud800")] == [
        "null",
        "true",
        "1",
        "[a, b]",
        "x",
        "\\ud800",
    ]
    assert len(shown("x" * 1000)) == 80


def test_an_endless_unknown_key_is_refused_quickly():
    """The search for the nearest name is quadratic; a megabyte must not stall the server."""
    sentence = unknown("x" * 1_000_000)

    assert len(sentence) < 200
