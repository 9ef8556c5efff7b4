"""The encoder that adds up word vectors: what its rows are, and what they depend on."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp import words
from leindex_mcp.embed.static_encoder import (
    FILE_MEAN_WEIGHT,
    PATH_PARTS,
    STEM_WEIGHT,
    Files,
    StaticEncoder,
    definition_text,
    path_text,
    with_file_means,
)
from leindex_mcp.embed.word_table import UntrainedTable, drawn_signs
from leindex_mcp.records import Chunk

ENCODER = StaticEncoder(UntrainedTable())
TEXTS = ["def read_lines(path): return open(path)", "", "class Parser: pass", "...", "读取 größe"]


def file_chunks(relative: str, texts: list[str]) -> list[Chunk]:
    """Make the chunks of a file, ten lines each."""
    return [
        Chunk(relative, ordinal, 10 * ordinal + 1, 10 * ordinal + 10, text, None, None)
        for ordinal, text in enumerate(texts)
    ]


def encoded(chunks: list[Chunk]) -> np.ndarray:
    """Encode chunks as indexing does."""
    return ENCODER.encode_chunks(chunks, words.count([chunk.text for chunk in chunks]))


@given(st.lists(st.text(), max_size=4))
def test_every_row_has_norm_one_whatever_the_text(texts):
    """Search takes products for cosines, so no text may map to zero, not even an empty one."""
    rows = ENCODER.encode(texts)

    assert rows.shape == (len(texts), ENCODER.dim)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(len(texts)), abs=1e-6)


@given(st.text())
def test_every_question_has_norm_one(text):
    """The same promise for questions, with and without document frequencies."""
    for idf in (None, lambda word: float(len(word))):
        assert np.linalg.norm(ENCODER.encode_question(text, idf)) == pytest.approx(1, abs=1e-6)


def test_nothing_to_encode_keeps_the_dimension():
    """Empty batches are concatenated with others."""
    assert ENCODER.encode([]).shape == (0, ENCODER.dim)
    assert encoded([]).shape == (0, ENCODER.dim)


def test_a_word_has_the_same_signs_on_every_machine_and_run():
    """Vectors are stored, and questions of later processes are compared with them."""
    signs = drawn_signs(["parse", "read"], 256)

    assert set(np.unique(signs)) == {-1, 1}
    assert np.packbits(signs[0, :64] > 0).tobytes().hex() == "798092804811786c"
    assert abs(int(signs[0] @ signs[1])) < 64
    assert ENCODER.fingerprint == "untrained-1"


def test_texts_that_share_words_are_alike_and_others_are_not():
    """What drawn signs can promise: keyword search, told from chance by 256 dimensions."""
    asked = ENCODER.encode_question("reading the lines of a path")
    alike, other = ENCODER.encode(["def read_lines(path): ...", "class Parser(Token): ..."])

    assert asked @ alike > 0.4
    assert abs(asked @ other) < 0.25


def test_rare_words_and_no_stop_words_decide_what_a_question_means():
    """Document frequencies come from the index; grammar's words are in every file."""
    readers, parsers = ENCODER.encode(["reader", "parser"])
    rarity = {"reader": 0.01, "parser": 9.0}

    asked = ENCODER.encode_question("how does the reader use a parser", lambda word: rarity.get(word, 1.0))

    assert asked @ parsers > 3 * (asked @ readers) > 0
    assert asked @ ENCODER.encode(["does"])[0] < 0.25
    assert ENCODER.encode_question("how does") @ ENCODER.encode(["does"])[0] > 0.5


def test_a_files_vectors_are_the_same_to_the_bit_in_any_batch():
    """A file re-indexed alone must not differ from the same file in a full index."""
    draw = random.Random(5)
    texts = [" ".join(f"word{chr(97 + draw.randrange(26))}x" for _ in range(300)) for _ in range(40)]
    files = [file_chunks(f"src/file_{i}.py", [*TEXTS, *texts[i::7]]) for i in range(7)]

    together = encoded([chunk for chunks in files for chunk in chunks])
    apart = np.concatenate([encoded(chunks) for chunks in files])

    assert np.array_equal(together, apart)


def test_a_chunk_leans_towards_the_mean_of_its_file():
    """A chunk that says little is found by what its file is about; worth .01 to .02 on development cases."""
    rows = np.eye(3, dtype=np.float32)
    files = Files.of([*file_chunks("a.py", ["1", "2"]), *file_chunks("b.py", ["3"])])

    moved = with_file_means(rows, files)

    mean = np.array([1, 1, 0]) / np.sqrt(2)
    assert moved == pytest.approx(rows + FILE_MEAN_WEIGHT * np.array([mean, mean, [0, 0, 1]]), abs=1e-6)


def test_files_are_told_apart_by_their_path():
    """Chunks come file by file; the boundaries are where the path changes."""
    files = Files.of([*file_chunks("a.py", ["", ""]), *file_chunks("b.py", [""])])

    assert files.relatives == ["a.py", "b.py"]
    assert files.starts.tolist() == [0, 2]
    assert files.of_chunk.tolist() == [0, 0, 1]


def test_a_chunk_is_found_by_the_name_of_its_file():
    """Half of all questions name the file in other words; the stem counts three times in all."""
    chunks = [*file_chunks("src/net/retry_policy.py", ["x = 1"]), *file_chunks("src/net/pool.py", ["x = 1"])]
    asked = ENCODER.encode_question("retries policy")

    named, other = encoded(chunks)

    assert path_text("a/b/c/d_e.py").split() == ["b", "c", "d_e", *["d_e"] * STEM_WEIGHT]
    assert len(path_text("a/b/c/d.py").split()) == PATH_PARTS + STEM_WEIGHT
    assert asked @ named > asked @ other + 0.4


def test_a_chunk_is_found_by_the_names_that_it_defines():
    """A name says in two words what its body does in fifty; worth .02 to .03 on development cases."""
    text = "\n".join(f"line_{number} = step({number})" for number in range(20))
    chunks = [
        Chunk("src/a.py", 0, 1, 20, text, "python", "retry_policy", ("retry_policy", "give_up")),
        Chunk("src/b.py", 0, 1, 20, text, "python", "buffer_pool", ("buffer_pool", "clear")),
    ]
    asked = ENCODER.encode_question("retries policy")

    named, other = encoded(chunks)

    assert definition_text(chunks[0]) == "retry_policy retry_policy give_up"
    assert asked @ named > asked @ other + 0.2


@pytest.mark.parametrize("batch_size", [1, 2, 100])
async def test_batches_come_back_in_order(batch_size):
    """The guide's call: one row a text, whatever the batches."""
    rows = await ENCODER.encode_batch(texts=TEXTS, batch_size=batch_size, device="auto")

    assert np.array_equal(rows, ENCODER.encode(TEXTS))


async def test_no_texts_are_no_rows():
    """An empty call still knows the dimension."""
    assert (await ENCODER.encode_batch([])).shape == (0, ENCODER.dim)
