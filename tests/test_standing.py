"""What answers while a run is going on: a whole snapshot stays until the run has left a view to map."""

from __future__ import annotations

from leindex_mcp import LeIndex
from leindex_mcp.embed.encoder import load_encoder
from leindex_mcp.extract.document import read_document
from leindex_mcp.indexing import embedded
from leindex_mcp.records import Batch, FileRecord, Fingerprint
from leindex_mcp.settings import EmbeddingsSettings
from leindex_mcp.store import Writer

ENCODER = load_encoder(EmbeddingsSettings())
TREE = {"walk.py": "def walk(tree):\n    return tree\n", "climb.py": "def climb(stairs):\n    return 1\n"}


def begin(project: LeIndex) -> Writer:
    """Begin as a run does that has told how much there is to do."""
    writer = project.store.writer()
    writer.begin(encoder=ENCODER.fingerprint, dim=ENCODER.dim)
    writer.report_progress(0, 2)
    return writer


def batch(project: LeIndex, relative: str) -> Batch:
    """Return what one file says now."""
    record = FileRecord(relative, Fingerprint(0, 0, 0, 0))
    return embedded(ENCODER, [read_document(project.root, record, 1_000_000)])


def test_a_run_that_will_leave_a_view_makes_no_search_read_the_tables(make_tree):
    """After each commit of another process, a search used to read and derive the whole index: seconds."""
    project = LeIndex(make_tree(TREE))
    project.index()
    before = project.pin()
    (project.root / "walk.py").write_text("def crawl(floor):\n    return floor\n")

    with begin(project) as writer:
        committed = writer.commit(batch(project, "walk.py"))
        assert project.pin() is before
        assert project.search("crawl floor")[0].symbol == "crawl"
        assert [hit.symbol for hit in project.search("walk tree") if hit.path == "walk.py"] != ["walk"]

    assert project.pin().head.version == committed.version


def test_a_first_run_is_seen_batch_by_batch(make_tree):
    """There is nothing whole to answer from meanwhile."""
    project = LeIndex(make_tree(TREE))

    with begin(project) as writer:
        for number, relative in enumerate(TREE, 1):
            writer.commit(batch(project, relative))
            assert project.pin().head.files == number


def test_a_run_that_died_without_leaving_a_view_is_read_from_the_tables(make_tree):
    """Its note may still be there; the lock tells that nobody writes."""
    project = LeIndex(make_tree(TREE))
    project.index()
    before = project.pin()
    with begin(project) as writer:
        writer.commit(batch(project, "walk.py"))
        assert project.pin() is before
        note = (project.store.directory / "writer.json").read_bytes()
    (project.store.directory / "writer.json").write_bytes(note)

    assert project.pin().head.version == before.head.version + 1
