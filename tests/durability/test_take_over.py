"""Many servers on one project: one writes, the others hear how far it is, and go on where it died."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack

import pytest

from leindex_mcp import LeIndex

FILES = {f"walk_{number}.py": f"def walk_{number}(tree):\n    return {number}\n" for number in range(12)}
WRITER = """
import sys, time
from leindex_mcp import LeIndex
from leindex_mcp.extract.document import read_document
from leindex_mcp.indexing import embedded
from leindex_mcp.scan.parallel_scanner import ParallelScanner
project = LeIndex(sys.argv[1])
encoder = project._models.of(None)
records = ParallelScanner(project.root, project.settings).scan().records[:5]
documents = [read_document(project.root, record, 1_000_000) for record in records]
with project.store.writer() as writer:
    writer.begin(encoder=encoder.fingerprint, dim=encoder.dim)
    writer.commit(embedded(encoder, documents, time.time_ns() + 10**12))  # read long after they were written
    writer.report_progress(5, 12)
    print("committed", flush=True)
    sys.stdin.read()
"""
CLIENT = """
import sys
from leindex_mcp import LeIndex
project = LeIndex(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
print(project.index().indexed, flush=True)
"""
PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}


def test_a_run_that_waits_goes_on_where_the_writer_died(make_tree):
    """It says for whom it waits; what the dead one had committed is not done again."""
    project = LeIndex(make_tree(FILES))
    heard = []

    with subprocess.Popen([sys.executable, "-c", WRITER, str(project.root)], **PIPES) as writer:
        assert writer.stdout.readline() == "committed\n"

        def tell(done: int, total: int | None, doing: str) -> None:
            if doing.startswith("waiting"):
                heard.append((done, total, doing))
                writer.kill()

        report = project.index(on_progress=tell)

    assert heard[0] == (5, 12, f"waiting for process {writer.pid}")
    assert (report.files, report.indexed) == (12, 7)
    assert project.check().problems == ()


@pytest.mark.slow
def test_index_in_four_clients_does_the_work_once(make_tree):
    """All ask at the same moment, of a project that nobody has indexed."""
    root = make_tree(FILES)

    with ExitStack() as running:
        command = [sys.executable, "-c", CLIENT, str(root)]
        clients = [
            running.enter_context(subprocess.Popen(command, env=os.environ, **PIPES)) for _ in range(4)
        ]
        assert [client.stdout.readline() for client in clients] == ["ready\n"] * 4
        for client in clients:
            client.stdin.write("go\n")
            client.stdin.flush()
        indexed = sorted(int(client.stdout.readline()) for client in clients)

    assert indexed == [0, 0, 0, 12]
    assert LeIndex(root).check().problems == ()
