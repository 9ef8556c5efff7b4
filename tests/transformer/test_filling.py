"""Static first, transformer behind: what answers when, what is embedded, and what survives."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import anyio.to_thread
import pytest
from mcp import Client

from leindex_mcp import LeIndex
from leindex_mcp.embed import encoder, vector_cache, worker_encoder, worker_process
from leindex_mcp.server import make_server

TREE = {
    f"part_{number}/code_{number}.py": f"def part_{number}():\n    '''Do thing {number}.'''\n"
    for number in range(12)
}


@pytest.fixture
def root(make_tree) -> Path:
    """A project of twelve files, each of one chunk; the higher its number, the older it is."""
    root = make_tree(TREE)
    for number in range(12):
        path = root / f"part_{number}/code_{number}.py"
        os.utime(path, ns=(10**18 - number * 10**12,) * 2)
    return root


@pytest.fixture
def project(root, worker):
    """The project, with a transformer in its settings; its worker ends with the test."""
    project = LeIndex(root)
    yield project
    close(project)


def close(project: LeIndex) -> None:
    """End the worker of a project."""
    project._models.close()  # noqa: SLF001  # a test starts dozens of them


def is_transformers(project: LeIndex) -> bool:
    """Tell whether the vectors that answer are those of the transformer."""
    return project.stats().encoder.startswith("transformer-")


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something is so; the time limit of the test ends what never is."""
    while not condition():
        time.sleep(0.005)  # nothing to wait on: it happens in another process


def test_index_waits_for_the_transformer_and_lets_it_answer(project, worker):
    """On the command line and in Python nobody else would do it."""
    report = project.index()

    assert is_transformers(project)
    assert len(worker.embedded()) == report.chunks == 12
    assert (report.embedding.chunks_done, report.device) == (12, "cpu")
    assert project.search("part 3", mode="semantic")
    assert project.check().problems == ()


def test_the_built_in_model_answers_while_vectors_are_made_and_one_switch_ends_it(project, worker):
    """A search meanwhile is fresh, whole, and uses the model that is ready."""
    worker.gate.touch()
    indexing = threading.Thread(target=project.index)
    indexing.start()
    wait_for(lambda: project.store.exists() and project.pin() and project.pin().head.complete)

    with_built_in = project.answer(request("part 3"))
    stats = project.stats()
    worker.gate.unlink()
    indexing.join()

    assert stats.encoder.startswith("leindex-words")
    assert not stats.embedding.is_answering
    assert with_built_in.state.state == "fresh"
    assert with_built_in[0].path == "part_3/code_3.py"
    assert is_transformers(project)


def request(query: str):
    """Return a question with everything else as it is by default."""
    from leindex_mcp.request import Request

    return Request.checked(query)


def test_the_most_recently_changed_files_come_first(project, worker):
    """What somebody works on is what they ask about."""
    project.index()

    assert worker.embedded() == [f"def part_{number}():" for number in range(12)]


def test_the_same_texts_elsewhere_are_not_embedded_again(project, worker, tmp_path):
    """Issue 8: two worktrees of one repository, the second embeds at most 2 % of its chunks."""
    project.index()
    first = len(worker.embedded())
    shutil.copytree(project.root, tmp_path / "worktree")

    second = LeIndex(tmp_path / "worktree")
    second.index()

    assert is_transformers(second)
    assert len(worker.embedded()) == first
    assert second.stats().embedding.cache_hit_rate == 1
    close(second)


def test_renaming_a_folder_embeds_nothing(project, worker):
    """The key is the text, not the path."""
    project.index()
    (project.root / "part_3").rename(project.root / "moved")
    first = len(worker.embedded())

    project.index()

    assert len(worker.embedded()) == first
    assert project.search("part 3")[0].path == "moved/code_3.py"


def test_an_edit_is_found_at_once_and_embedded_behind(project, worker):
    """No pass waits for the model; the state says what share has a vector."""
    project.index()
    (project.root / "new.py").write_text("def entirely_new():\n    pass\n")

    answer = project.search("entirely new")

    assert answer[0].path == "new.py"
    assert answer.state.detail == "92% of the chunks have a vector, the rest is found by keyword"
    project.index()
    assert project.search("entirely new").state.detail == ""
    assert worker.embedded()[12:] == ["def entirely_new():"]


def test_with_few_vectors_left_the_answer_is_by_keyword(project):
    """After a change of most files, those that kept a vector must not stand before all others."""
    project.index()
    for number in range(10):
        (project.root / f"part_{number}/code_{number}.py").write_text(f"def changed_{number}(): pass\n")

    answer = project.search("changed 7")

    assert answer[0].path == "part_7/code_7.py"
    assert "17% of the chunks" in answer.state.detail


def test_deleted_files_leave_nothing_to_embed(project, worker):
    """The fill is over when there is nothing left without a vector."""
    project.index()
    shutil.rmtree(project.root / "part_1")

    report = project.index()

    assert report.removed == 1
    assert report.embedding.chunks_done == report.chunks == 11


def test_a_question_that_waits_too_long_is_answered_by_keyword(project, worker, monkeypatch):
    """The deadline of a server; the state says why."""
    project.index()
    project._models.behind.close()  # noqa: SLF001  # as after ten idle minutes
    monkeypatch.setattr(worker_encoder, "QUESTION_SECONDS", 0.01)
    worker.fail("slow to load")

    answer = project.answer(request("part 3"))

    worker.fail("")
    assert answer[0].path == "part_3/code_3.py"
    assert (
        answer.state.detail == "answered by keyword alone: the model is still loading: ask again in a moment"
    )


def test_a_search_in_python_waits_for_the_model(project, worker):
    """A process that ends after its answer has nobody to ask again."""
    project.index()
    close(project)

    assert project.search("part 3").state.detail == ""


def test_a_worker_that_dies_twice_leaves_keyword_search_and_says_so(project, worker):
    """The degraded mode."""
    project.index()
    worker.fail("die")

    answer = project.answer(request("part 3"))

    assert answer[0].path == "part_3/code_3.py"
    assert "the embedding worker died twice (of signal 9)" in answer.state.detail


def break_weights(folder: Path) -> None:
    """Leave what an interrupted copy leaves."""
    (folder / "model.safetensors").write_bytes(b"\0\0\0")


def no_torch(folder: Path) -> None:
    """Take the extra away; `None` in place of a module's place is what `find_spec` says then."""
    encoder.find_spec = lambda _name: None


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (break_weights, "is not whole, model.safetensors is cut short: copy it again"),
        (shutil.rmtree, "set performance.embeddings.model to"),
        (no_torch, "needs torch and sentence_transformers: pip install 'leindex-mcp[transformers]'"),
    ],
)
def test_a_model_that_cannot_be_used_is_one_sentence_and_the_built_in_one_answers(
    project, model_folder, harm, sentence, monkeypatch
):
    """Missing extra, missing model, half-written folder: nothing else stops."""
    monkeypatch.setattr(encoder, "find_spec", encoder.find_spec)  # put back afterwards
    harm(model_folder)

    report = project.index()

    assert sentence in report.embedding.problem
    assert project.stats().encoder.startswith("leindex-words")
    assert project.search("part 3")[0].path == "part_3/code_3.py"


@pytest.mark.parametrize("fault", ["error", "die", "cannot load"])
def test_a_model_that_fails_is_told_and_the_index_stays_as_it_is(project, worker, fault):
    """NaN, a crash, weights that do not load: the worker says it, or its death does."""
    worker.fail(fault)

    report = project.index()

    assert report.embedding.problem
    assert not is_transformers(project)
    assert project.search("part 3")[0].path == "part_3/code_3.py"
    assert f"model problem: {report.embedding.problem}" in shown(project)


def test_a_transformer_that_fails_after_the_switch_is_not_said_to_be_replaced(project, worker):
    """Its vectors are what is indexed, so that the built-in model cannot answer."""
    project.index()
    worker.fail("die")
    (project.root / "new.py").write_text("def entirely_new(): pass\n")
    project.index()

    assert "died twice" in shown(project)
    assert "answers are by keyword where it is needed" in shown(project)
    assert "built-in" not in shown(project)


def shown(project: LeIndex) -> str:
    """Return the statistics as text."""
    from leindex_mcp.report.report_text import stats_lines

    return stats_lines(project.stats())


def test_statistics_tell_device_fallbacks_and_the_share_of_the_cache(project, worker):
    """What a user looks at to see whether the GPU works."""
    worker.fail("fallback")
    project.index()

    lines = shown(project)

    assert "vectors of 100% of the chunks; it answers" in lines
    assert "device: cpu (a fake one, float32)" in lines
    assert "fall-back: half at once" in lines
    assert "vector cache: 0% of what was looked up was there" in lines


def test_a_project_without_a_transformer_has_no_cache_and_no_lines(make_tree, home):
    """Nothing of this costs anybody who does not ask for it."""
    project = LeIndex(make_tree(TREE))
    project.index()

    assert project.stats().embedding is None
    assert not (home / "leindex" / "vectors").exists()


def test_a_cache_too_small_for_the_project_is_said_before_anything_is_embedded(project, worker, monkeypatch):
    """Vectors that drive each other out would be made again for ever."""
    project._models.cache._max_bytes = 100  # noqa: SLF001  # a project of millions of chunks is not at hand

    assert "do not fit the cache" in project.index().embedding.problem
    assert worker.embedded() == []


def test_another_transformer_is_never_compared_with_the_first(project, model_folder, worker):
    """Until its own vectors are there, the built-in model answers."""
    project.index()
    close(project)
    (model_folder / "config.json").write_text('{"model_type": "other"}')
    worker.gate.touch()
    other = LeIndex(project.root)

    answer = other.search("part 3")

    assert answer[0].path == "part_3/code_3.py"
    assert other.stats().encoder.startswith("leindex-words")
    worker.gate.unlink()
    close(other)


def test_two_processes_do_not_fill_one_root_twice(project, worker):
    """The second finds the lock taken and leaves it to the first."""
    worker.gate.touch()
    first = threading.Thread(target=project.index)
    first.start()
    wait_for((project.store.directory / "fill.lock").exists)
    other = LeIndex(project.root)

    other.index()

    assert not is_transformers(other)
    worker.gate.unlink()
    first.join()
    assert is_transformers(other)
    assert len(worker.embedded()) == 12
    close(other)


def test_an_index_killed_while_it_embeds_goes_on_from_there(root, worker, monkeypatch, model_folder):
    """Kill -9: what was made is in the cache."""
    for number in range(200):
        (root / f"more_{number}.py").write_text(f"def more_{number}(): pass\n")
    first = subprocess.Popen([sys.executable, "-c", script_of(root, "indexer.index()")])
    wait_for(lambda: len(worker.embedded()) >= 32)
    worker.gate.touch()
    first.send_signal(signal.SIGKILL)
    first.wait()
    worker.gate.unlink()
    before = len(worker.embedded())

    project = LeIndex(root)
    project.index()

    assert is_transformers(project)
    assert len(set(worker.embedded())) == 212
    assert len(worker.embedded()) <= 212 + before - 32 + 64  # one request at most is made again
    close(project)


def script_of(root: Path, lines: str) -> str:
    """Return a program that has `indexer`, and whose worker is the fake one."""
    return (
        f"from leindex_mcp.embed import encoder, worker_process\n"
        f"worker_process.COMMAND = {worker_process.COMMAND!r}\nencoder.find_spec = lambda name: name\n"
        f"from leindex_mcp import LeIndex\nindexer = LeIndex({str(root)!r})\n{lines}"
    )


def test_the_logging_lines_of_the_guide_show_the_device(root, worker):
    """`Using device: cuda` and `GPU=cuda`, with a level and no handler, though the model is elsewhere."""
    worker.fail("is on a GPU")
    snippet = "import logging\nlogging.getLogger('leindex').setLevel(logging.DEBUG)\n"

    done = subprocess.run(
        [sys.executable, "-c", script_of(root, snippet + "indexer.index(profile=True)")],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "[INFO] Using device: cuda (a fake one)\n" in done.stderr
    assert re.search(r"\[DEBUG\] Embedding generation: \d+\.\ds \(batch=32, GPU=cuda\)\n", done.stderr)


def test_a_fall_back_is_a_warning_of_the_process_that_asked(project, worker, caplog):
    """Nobody sees what the worker logs."""
    worker.fail("fallback")
    project.index()

    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "half at once"
    ]


async def test_a_server_answers_while_vectors_are_made_and_switches_behind(root, worker):
    """Over the protocol: search at once, coverage in `stats`, the transformer when it is ready."""
    worker.gate.touch()
    async with Client(make_server([root])) as client:

        async def ask(tool, **arguments):
            return (await client.call_tool(tool, arguments)).content[0].text

        answer = await ask("search", query="part 3")
        meanwhile = await ask("stats")
        worker.gate.unlink()
        project = LeIndex(root)
        await anyio.to_thread.run_sync(wait_for, lambda: is_transformers(project))
        after = await ask("stats")
        with_transformer = await ask("search", query="part 3")

    assert "part_3/code_3.py" in answer
    assert "vectors of 0% of the chunks; until all are made the built-in model answers" in meanwhile
    assert "encoder: transformer-" in after
    assert with_transformer.startswith("index: fresh, 12 files\n")


def test_the_cache_that_cannot_be_written_is_told(project, monkeypatch, home):
    """A full disk: the built-in model goes on."""
    (home / "leindex").mkdir(exist_ok=True)
    (home / "leindex" / "vectors").write_text("in the way")

    assert "vector cache" in project.index().embedding.problem
    assert vector_cache.MAX_BYTES > 0


def overwrite(path: Path) -> None:
    """Leave a file that is no database."""
    path.write_bytes(b"nonsense" * 1000)


def damage_pages(path: Path) -> None:
    """Leave a database whose inner pages are gone."""
    content = bytearray(path.read_bytes())
    content[4096:] = bytes(len(content) - 4096)
    path.write_bytes(content)


def put_a_directory_there(path: Path) -> None:
    """Leave a path that no database can be opened at, as on a disk that is full or read-only."""
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("harm", [overwrite, damage_pages, put_a_directory_there])
def test_a_cache_that_is_damaged_or_cannot_be_used_stops_neither_index_nor_search(project, harm):
    """It holds nothing that cannot be made again; an edit is found all the same."""
    project.index()
    close(project)
    for path in project._models.cache.path.parent.glob("*-*wal"):  # noqa: SLF001  # where the last writes may be
        path.unlink()
    harm(project._models.cache.path)  # noqa: SLF001  # as above
    (project.root / "new.py").write_text("def entirely_new():\n    pass\n")

    answer = project.search("entirely new")
    project.index()

    assert answer[0].path == "new.py"
    assert project.search("part 3")[0].path == "part_3/code_3.py"


async def test_a_server_goes_on_with_a_fill_when_the_index_is_up_to_date(root, worker, monkeypatch):
    """The server before it was stopped, or the model was named since: nobody has to call `index`."""
    with monkeypatch.context() as without_model:
        without_model.delenv("LEINDEX_PERFORMANCE__EMBEDDINGS__MODEL")
        LeIndex(root).index()
    async with Client(make_server([root])) as client:
        await client.call_tool("search", {"query": "part 3"})

        project = LeIndex(root)
        await anyio.to_thread.run_sync(wait_for, lambda: is_transformers(project))
