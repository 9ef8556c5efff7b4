"""Every setting changes something that can be seen; each test fails when its key is ignored."""

from __future__ import annotations

import itertools
import logging
import re
import threading
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from leindex_mcp import FileStatCache, LeIndex, LeIndexError, ParallelScanner, indexing
from leindex_mcp.config.editing import get
from leindex_mcp.config.loading import variable
from leindex_mcp.embed import model_folder
from leindex_mcp.embed.device import Hardware, Placement, place
from leindex_mcp.embed.encoder import wish_of
from leindex_mcp.embed.static_encoder import StaticEncoder
from leindex_mcp.embed.word_table import UntrainedTable
from leindex_mcp.scan.parallel_scanner import WalkManner
from leindex_mcp.settings import KEYS, Settings

Observe = Callable[[Path], object]

TREE = {
    **{f"src/part_{number}.py": f"def part_{number}():\n    return {number}\n" for number in range(6)},
    "dist/out.py": "def built():\n    pass\n",
    "big.py": "# a long file\n" * 400,
    ".gitignore": "*.log\n",
    **{f"run_{number}/debug.log": "kept out, time and again\n" for number in range(4)},
}


@pytest.fixture
def root(make_tree) -> Path:
    """A project that every setting has a say in."""
    return make_tree(TREE)


@pytest.fixture
def log(caplog) -> Callable[[Path], str]:
    """Return what a run logs with `profile`."""

    def log(root: Path) -> str:
        with caplog.at_level(logging.DEBUG, logger="leindex"):
            LeIndex(root).index(profile=True)
        return caplog.text

    return log


def second_pass(root: Path):
    """Return the report of a second run in one process."""
    project = LeIndex(root)
    project.index()
    return project.index()


def commits(root: Path) -> int:
    """Return how many commits a first run needs: each one tells its progress."""
    done = []
    LeIndex(root).index(on_progress=lambda files, _total, doing: doing == "indexing" and done.append(files))
    return len(set(done))


def outcome(root: Path) -> str:
    """Return the error that a run ends with, or `fine`."""
    try:
        LeIndex(root).index()
    except LeIndexError as exc:
        return type(exc).__name__
    return "fine"


def files(root: Path) -> set[str]:
    """Return what would be indexed."""
    return set(LeIndex(root).files())


def model_problem(root: Path) -> bool:
    """Return whether the model that the settings name can be had."""
    return LeIndex(root).index().embedding is None


def placement(root: Path) -> Placement:
    """Return where a transformer runs on a machine with one small GPU."""
    wish = wish_of(LeIndex(root).settings.performance.embeddings)
    return place(wish, Hardware(free_bytes=(4_000_000_000,), cpu_has_bf16=True))


def fingerprint(root: Path) -> str:
    """Return what an index is made with when the model is a transformer."""
    settings = LeIndex(root).settings.performance.embeddings
    return model_folder.fingerprint(root, settings.truncate_dim)


def remedy(root: Path) -> str:
    """Return what is said of a model of the hub that is not here: nobody answers at that port."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        patch.setenv(variable("performance.embeddings.model"), "nobody/nothing")
        embedding = LeIndex(root).index().embedding
    return embedding.problem if embedding else ""


SEEN: dict[str, tuple[str, str, Observe]] = {
    "performance.file_stat_cache.enabled": (
        "true",
        "false",
        lambda root: second_pass(root).stat_cache_hit_rate > 0,
    ),
    "performance.file_stat_cache.max_size": (
        "100",
        "1",
        lambda root: second_pass(root).stat_cache_hit_rate,
    ),
    "performance.file_stat_cache.ttl_seconds": (
        "300",
        "0",
        lambda root: second_pass(root).stat_cache_hit_rate > 0,
    ),
    "performance.parallel_scanner.timeout_seconds": ("300", "0.000001", outcome),
    "performance.parallel_processor.batch_size": ("100", "1", commits),
    "performance.embeddings.model": ("default", "/nowhere", model_problem),
    "performance.embeddings.batch_size": ("32", "7", placement),
    "performance.embeddings.enable_gpu": ("true", "false", placement),
    "performance.embeddings.device": ("auto", "cpu", placement),
    "performance.embeddings.fp16": ("true", "false", placement),
    "performance.embeddings.truncate_dim": ("64", "128", fingerprint),
    "performance.embeddings.allow_download": ("true", "false", remedy),
    "performance.pattern_trie.cache_size": ("1000", "0", lambda root: second_pass(root).pattern_hit_rate),
    "performance.pattern_trie.enabled": ("true", "false", lambda root: second_pass(root).pattern_hit_rate),
    "directory_filtering.skip_large_directories": ("[]", "dist", files),
    "file_filtering.max_file_size": ("1000000", "1000", files),
    "allowed_roots": ("", "/nowhere", outcome),
}


@pytest.mark.parametrize("key", SEEN)
def test_two_values_of_a_setting_are_told_apart(root, monkeypatch, key):
    """What a user sets must show: in what is found, in a report, or in what is said."""
    one, other, observe = SEEN[key]
    seen = []
    for turn, value in enumerate((one, other)):
        monkeypatch.setenv("LEINDEX_HOME", str(root.parent / f"home-{turn}"))
        monkeypatch.setenv(variable(key), value)
        seen.append(observe(root))

    assert seen[0] != seen[1]


@pytest.mark.parametrize(
    ("key", "value", "line"),
    [
        ("performance.profile", "small", r"Content extraction: \d+\.\ds \(parallel, 2 workers\)"),
        ("performance.profile", "large", r"Embedding generation: \d+\.\ds \(batch=64, "),
        ("performance.parallel_processor.max_workers", "3", r"Content extraction: .* 3 workers\)"),
        ("performance.embeddings.batch_size", "7", r"Embedding generation: .*\(batch=7, "),
    ],
)
def test_the_profile_of_a_run_names_the_setting(root, monkeypatch, log, key, value, line):
    """The guide's six lines carry the settings that they were made with."""
    monkeypatch.setenv(variable(key), value)

    assert re.search(line, log(root))


def test_auto_follows_the_number_of_files_that_the_index_holds(root, monkeypatch):
    """Before the first run nothing is counted and the defaults hold; a new process knows the count."""
    monkeypatch.setenv(variable("performance.profile"), "auto")
    project = LeIndex(root)
    before = project.settings.performance.parallel_processor.max_workers

    project.index()

    after = project.settings.performance.parallel_processor.max_workers
    in_a_new_process = LeIndex(root).settings.performance.parallel_processor.max_workers
    assert (before, after, in_a_new_process) == (4, 2, 2)


def test_a_damaged_index_does_not_keep_a_project_from_opening(root):
    """The count of files is a hint; whoever wants to rebuild has to get in."""
    project = LeIndex(root)
    project.index()
    (project.store.directory / "HEAD").write_text("nonsense")

    assert LeIndex(root).index(force=True).files > 0


def test_every_setting_has_an_observation():
    """A key that is added without one would be a key that does nothing."""
    elsewhere = {
        "performance.profile",  # the lines of a run, above
        "performance.parallel_processor.max_workers",  # as above, and at the barrier below
        "performance.parallel_scanner.max_workers",  # the slow disk, below
    }

    assert set(SEEN) | elsewhere == set(KEYS)


@pytest.mark.parametrize("name", ["enable_gpu", "device", "fp16", "truncate_dim", "allow_download"])
def test_a_key_of_transformers_says_that_the_built_in_model_does_not_read_it(root, monkeypatch, name):
    """A setting that is accepted and does nothing must not look as if it did."""
    key = f"performance.embeddings.{name}"
    with_built_in = get(LeIndex(root).loaded, key).line()
    monkeypatch.setenv(variable("performance.embeddings.model"), "sentence-transformers/all-MiniLM-L6-v2")

    assert "no effect" in with_built_in
    assert "no effect" not in get(LeIndex(root).loaded, key).line()


def test_workers_are_as_many_as_the_setting_says(root, tmp_path):
    """The first three batches meet at a barrier that fewer workers never open; a fourth is never seen."""
    workers = 3
    encoder = MeetingEncoder(workers)
    processor = {"max_workers": workers, "batch_size": 1}
    settings = Settings.model_validate({"performance": {"parallel_processor": processor}})
    project = LeIndex(root, settings=settings, home=tmp_path / "indexes")
    parts = indexing.Parts(root, settings, lambda: encoder, project.store, FileStatCache(), project.pin)

    report = anyio.run(indexing.index, parts)

    assert report.indexed > workers
    assert encoder.most_at_once == workers


@pytest.mark.parametrize("workers", [1, 3])
def test_the_walkers_of_a_slow_disk_are_as_many_as_the_setting_says(make_tree, workers):
    """One loop walks until listings prove slow; here every listing counts as slow."""
    root = make_tree({f"part_{number}/a.py": "a = 1\n" for number in range(100)})
    settings = Settings.model_validate({"performance": {"parallel_scanner": {"max_workers": workers}}})

    result = ParallelScanner(root, settings, manner=WalkManner(slow_listing_seconds=0)).scan()

    assert result.statistics.walkers == workers
    assert len(result.records) == 100


class MeetingEncoder(StaticEncoder):
    """An encoder whose first calls wait for each other, and that counts how many go on at once."""

    def __init__(self, parties: int) -> None:
        super().__init__(UntrainedTable())
        self.most_at_once = 0
        self._meeting = threading.Barrier(parties)
        self._calls = itertools.count()
        self._parties = parties
        self._inside = 0
        self._lock = threading.Lock()

    def encode_chunks(self, chunks, counts):
        """Meet the others, then encode."""
        with self._lock:
            self._inside += 1
            self.most_at_once = max(self.most_at_once, self._inside)
        if next(self._calls) < self._parties:
            self._meeting.wait(timeout=10)
        try:
            return super().encode_chunks(chunks, counts)
        finally:
            with self._lock:
                self._inside -= 1


def test_the_six_lines_of_the_guide_stand_on_the_logger_of_the_guide(root, log):
    """`getLogger('leindex').setLevel(logging.DEBUG)` and `index(profile=True)`, as the guide writes."""
    text = log(root)

    for line in [
        r"File scanning: \d+\.\ds \(\d+ files\)",
        r"Pattern matching: \d+\.\ds \(\d+\.\d% cache hits\)",
        r"Content extraction: \d+\.\ds \(parallel, 4 workers\)",
        r"Embedding generation: \d+\.\ds \(batch=32, CPU\)",
        r"Index update: \d+\.\ds",
        r"Total indexing time: \d+\.\ds",
    ]:
        assert re.search(line, text)
    assert re.findall(r"^(\w+) +(leindex)", text, flags=re.MULTILINE) == [("DEBUG", "leindex")] * 6
