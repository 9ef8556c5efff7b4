"""The worker as its server sees it: started, waited for, killed, and given up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from anyio import CancelScope
from anyio.lowlevel import checkpoint

from leindex_mcp.embed import worker_process
from leindex_mcp.embed.device import Wish
from leindex_mcp.embed.vector_cache import VectorCache
from leindex_mcp.embed.worker_encoder import WorkerEncoder
from leindex_mcp.embed.worker_process import WorkerProcess
from leindex_mcp.errors import EncoderBusyError, EncoderError

WISH = Wish().as_dict()


@pytest.fixture
def process(worker, model_folder):
    """A worker that is stopped after the test."""
    process = WorkerProcess(model_folder, WISH)
    yield process
    process.close()


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something is so; the time limit of the test ends what never is."""
    while not condition():
        time.sleep(0.005)  # nothing to wait on: it happens in another process


def kill(process: WorkerProcess) -> None:
    """Kill the worker, and wait until its server has noticed."""
    pid = process.pid
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: process.pid != pid)


def test_texts_go_there_and_their_vectors_come_back(process):
    """In order, whatever the text holds."""
    texts = ["one", "", "\ud800 half a pair", "two\n" * 1000]

    rows = process.encode(texts, "document")

    assert rows.shape == (4, 64)
    assert np.array_equal(process.encode(texts[::-1], "document"), rows[::-1])
    assert process.encode([], "document").shape == (0, 64)


def test_many_threads_share_one_worker(process):
    """Each gets its own answer."""
    found = {}

    def ask(number):
        found[number] = process.encode([f"text {number}"], "document")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    for number in range(8):
        assert np.array_equal(found[number], process.encode([f"text {number}"], "document"))


def test_a_question_does_not_wait_for_documents(process, worker):
    """While documents are at the gate, the question is answered."""
    process.start()
    worker.gate.touch()
    documents = threading.Thread(target=process.encode, args=(["a"], "document"))
    documents.start()

    assert process.encode(["q"], "question", timeout_seconds=20).shape == (1, 64)

    assert documents.is_alive()
    worker.gate.unlink()
    documents.join()


def test_a_question_gives_up_while_the_model_is_loading(process, worker):
    """The answer is then by keyword, and says why."""
    worker.fail("slow to load")

    with pytest.raises(EncoderBusyError, match="still loading"):
        process.encode(["q"], "question", timeout_seconds=0.01)
    worker.fail("")


def test_a_worker_that_is_killed_is_started_again(process):
    """Once: the next question finds another."""
    first = process.encode(["a"], "document")
    kill(process)

    assert np.array_equal(process.encode(["a"], "document"), first)


def test_a_worker_killed_under_a_request_answers_it_after_its_restart(process, worker):
    """Nobody who asks sees that it died."""
    process.start()
    worker.gate.touch()
    found = []
    asking = threading.Thread(target=lambda: found.append(process.encode(["a"], "document")))
    asking.start()
    wait_for(lambda: process._waiting)  # noqa: SLF001  # the request has to be under way
    os.kill(process.pid, signal.SIGKILL)
    worker.gate.unlink()
    asking.join(20)

    assert found[0].shape == (1, 64)


def test_after_the_second_death_it_is_left_alone_for_ten_minutes(worker, model_folder):
    """A machine without memory is not made to load a model again and again."""
    now = 0.0
    process = WorkerProcess(model_folder, WISH, clock=lambda: now)
    worker.fail("die")
    with pytest.raises(EncoderError, match=r"died twice .of signal 9.*tried again after ten minutes"):
        process.encode(["a"], "document")
    worker.fail("")
    with pytest.raises(EncoderError, match="died twice"):
        process.encode(["a"], "document")

    now = 601.0

    assert process.encode(["a"], "document").shape == (1, 64)
    process.close()


def test_a_model_that_cannot_be_loaded_is_said_once_and_not_tried_at_every_question(worker, model_folder):
    """Loading takes seconds; the sentence is the worker's."""
    process = WorkerProcess(model_folder, WISH)
    worker.fail("cannot load")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        process.start()
    worker.fail("")

    with pytest.raises(EncoderError, match="cannot be loaded"):
        process.start()
    wait_for(lambda: process.pid is None)


def test_an_idle_worker_ends_by_itself_and_that_is_no_death(worker, model_folder):
    """The memory of the model is given back; the next question loads it again."""
    process = WorkerProcess(model_folder, WISH)
    worker.fail("leave")  # with exit status 0, as at the end of the idle time
    for _ in range(3):
        process.encode(["a"], "document")
        wait_for(lambda: process.pid is None)
    worker.fail("")

    assert process.encode(["a"], "document").shape == (1, 64)
    process.close()


def test_another_length_than_before_is_an_error(worker, model_folder, tmp_path):
    """The folder was replaced under the same name; vectors of two models are never mixed."""
    encoder = WorkerEncoder(model_folder, Wish(), VectorCache(tmp_path / "vectors"))
    encoder.fill(["a"])
    worker.fail("wrong dimension")

    with pytest.raises(EncoderError, match="vectors of 128 numbers and 64 before: fetch or copy it again"):
        encoder.fill(["b"])
    encoder.close()


async def test_encode_batch_of_a_transformer_is_the_guides_call(worker, model_folder, tmp_path):
    """Order kept, progress told, another device than the settings name has a worker of its own."""
    encoder = WorkerEncoder(model_folder, Wish(), VectorCache(tmp_path / "vectors"))
    texts = [f"text {number} " * (1 + number % 2 * 100) for number in range(100)]
    told = []

    rows = await encoder.encode_batch(
        texts=texts, batch_size=16, device="auto", on_progress=lambda *far: told.append(far)
    )

    assert np.array_equal(rows, encoder.encode(texts))
    assert told == [(16, 100), (32, 100), (48, 100), (65, 100), (100, 100)]
    assert np.array_equal(await encoder.encode_batch(texts[:3], device="cpu"), rows[:3])
    encoder.close()


async def test_the_longest_texts_of_all_go_together_and_a_cancellation_is_heard_after_one_batch(
    worker, model_folder, tmp_path
):
    """Long texts among short ones would make each batch as slow as they are."""
    encoder = WorkerEncoder(model_folder, Wish(), VectorCache(tmp_path / "vectors"))
    texts = ["short"] * 60
    for number in (3, 31, 59):
        texts[number] = f"long {number}\n" * 200

    with CancelScope() as scope:
        await encoder.encode_batch(texts, batch_size=3, on_progress=lambda *_: scope.cancel())
        await checkpoint()

    assert sorted(worker.embedded()) == ["long 3", "long 31", "long 59"]
    encoder.close()


def test_the_worker_dies_with_its_server(worker, model_folder, tmp_path):
    """Kill -9 of the server leaves no process with a model behind: the pipe ends."""
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from leindex_mcp.embed import worker_process\n"
        f"worker_process.COMMAND = {worker_process.COMMAND!r}\n"
        "from leindex_mcp.embed.device import Wish\n"
        f"process = worker_process.WorkerProcess(Path({str(model_folder)!r}), Wish().as_dict())\n"
        "process.start()\nprint(process.pid, flush=True)\ntime.sleep(60)\n"
    )
    server = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    pid = int(server.stdout.readline())
    server.kill()
    server.communicate()

    wait_for(lambda: not is_running(pid))


def is_running(pid: int) -> bool:
    """Tell whether a process is there, a zombie not counted."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
