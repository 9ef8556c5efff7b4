"""A file becomes one document: chunks that cover it, with language, symbols, definitions and imports."""

from __future__ import annotations

from pathlib import Path

from anyio import CapacityLimiter
from hypothesis import given, settings
from hypothesis import strategies as st

from leindex_mcp.extract.document import extract_text, read_document, read_documents
from leindex_mcp.records import Document, FileRecord, Fingerprint, Skipped, SkipReason

NOTHING = Fingerprint(0, 0, 0, 0)
MAX_BYTES = 100_000


def record(relative: str) -> FileRecord:
    """Record a file whose fingerprint does not matter."""
    return FileRecord(relative, NOTHING)


def extract(text: str, relative: str = "a.py") -> Document:
    """Extract a text."""
    return extract_text(record(relative), text, 7)


def test_a_small_module_is_one_chunk_with_all_that_is_known():
    """The whole record, once."""
    document = extract("from a.b import c\n\n\nclass Store:\n    def open(self): ...\n", "pkg/store.py")

    (chunk,) = document.chunks
    assert (chunk.relative, chunk.ordinal, chunk.start_line, chunk.end_line) == ("pkg/store.py", 0, 1, 5)
    assert (chunk.language, chunk.symbol) == ("python", "Store")
    assert [(item.name, item.line) for item in document.definitions] == [("Store", 4), ("open", 5)]
    assert document.import_stems == ("b", "c")
    assert (document.language, document.content_hash, document.skip) == ("python", 7, None)


@given(st.lists(st.text(st.sampled_from("ab :()\t"), max_size=60), max_size=120).map("\n".join))
def test_chunks_hold_every_line_that_says_something(text: str):
    """Only blank lines may be left out."""
    document = extract(text)

    lines = text.split("\n")
    covered = {line for chunk in document.chunks for line in range(chunk.start_line, chunk.end_line + 1)}
    assert {number for number, line in enumerate(lines, 1) if line.strip()} <= covered
    assert [chunk.ordinal for chunk in document.chunks] == list(range(len(document.chunks)))
    for chunk in document.chunks:
        assert chunk.text.removesuffix("\n") == "\n".join(lines[chunk.start_line - 1 : chunk.end_line])
        assert chunk.text.strip()


@settings(max_examples=200)
@given(
    relative=st.sampled_from(["a.py", "a.cpp", "a.ts", "a.go", "a.rb", "a.ipynb", "a.sql", "a.md", "a"]),
    text=st.text(max_size=300),
)
def test_any_text_under_any_name_becomes_a_document(relative: str, text: str):
    """No file may stop a run."""
    document = extract(text, relative)

    assert bool(document.chunks) == bool(text.strip()) or relative == "a.ipynb"


def test_a_file_without_words_has_no_chunks():
    """Empty modules are files of the index without rows of their own."""
    for text in ("", "\n", " \n\t\n" * 2_000):
        assert extract(text).chunks == ()


def test_line_ends_of_windows_and_of_old_macs_count_as_lines():
    """Line numbers are those of an editor."""
    document = extract("a = 1\r\nb = 2\rdef f(): pass\n")

    assert document.chunks[0].text == "a = 1\nb = 2\ndef f(): pass\n"
    assert document.definitions[-1].line == 3


def body(name: str, lines: int) -> str:
    """Write a method of a known length."""
    return f"    def {name}(self):\n" + "        work()\n" * lines


def test_a_chunk_that_begins_at_a_definition_carries_its_name():
    """An answer names what it shows."""
    document = extract("class Store:\n" + body("open", 60) + body("close", 60) + body("check", 60))

    assert [chunk.symbol for chunk in document.chunks] == ["Store", "close", "check"]


def test_a_chunk_within_a_definition_carries_the_name_around_it():
    """The middle of a long function is still that function."""
    document = extract("class Store:\n" + body("open", 300) + body("close", 5))

    symbols = [chunk.symbol for chunk in document.chunks]
    assert symbols[0] == "Store"
    assert set(symbols[1:-1]) == {"open"}


def test_a_chunk_outside_of_all_definitions_has_the_first_one_it_holds_or_none():
    """Imports at the top belong to what follows; prose to nothing."""
    assert extract("import os\n\ndef f(): pass\n").chunks[0].symbol == "f"
    assert extract("Title\n=====\n", "a.rst").chunks[0].symbol is None


def test_a_chunk_knows_the_names_that_its_lines_define():
    """Encoders weigh them above other words; each name belongs to one chunk."""
    document = extract("class Store:\n" + body("open", 60) + body("close", 60) + body("check", 60))

    assert [chunk.defines for chunk in document.chunks] == [("Store", "open"), ("close",), ("check",)]


def test_a_read_document_carries_the_fingerprint_of_what_was_read(make_tree):
    """The scan's may be older."""
    root = make_tree({"a.py": "x = 1\n"})

    document = read_document(root, record("a.py"), MAX_BYTES)

    assert isinstance(document, Document)
    assert document.record.fingerprint.size_bytes == 6
    assert document.record.fingerprint.mtime_ns == (root / "a.py").stat().st_mtime_ns


def test_a_binary_file_is_remembered_without_chunks(make_tree):
    """It must not be read again in each run."""
    root = make_tree({"a.py": b"\0\1"})

    document = read_document(root, record("a.py"), MAX_BYTES)

    assert isinstance(document, Document)
    assert (document.skip, document.chunks, document.language) == (SkipReason.BINARY, (), None)
    assert document.content_hash


async def test_a_batch_gives_one_result_a_record_in_order(make_tree):
    """One unreadable file must not cost the others."""
    root = make_tree({"a/one.py": "x = 1\n", "b/two.md": "# Two\n", "b/three.bin": b"\0"})
    relatives = ["a/one.py", "b/gone.py", "b/two.md", "b/three.bin"]
    limiter = CapacityLimiter(1)

    results = await read_documents(
        root, [record(relative) for relative in relatives], max_bytes=MAX_BYTES, limiter=limiter
    )

    assert [
        result.relative if isinstance(result, Skipped) else result.record.relative for result in results
    ] == relatives
    assert [isinstance(result, Skipped) for result in results] == [False, True, False, False]
    assert results[2] == read_document(root, record("b/two.md"), MAX_BYTES)


async def test_a_batch_of_nothing_is_nothing():
    """The last batch of a run may be empty."""
    assert await read_documents(Path(), [], max_bytes=1, limiter=CapacityLimiter(1)) == []
