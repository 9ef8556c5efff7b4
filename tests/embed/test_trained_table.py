"""Tables from files: what is checked on loading, and what unknown words mean."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pytest
from embed.tables import write_random_table

from leindex_mcp.embed.encoder import load_encoder
from leindex_mcp.embed.static_encoder import StaticEncoder
from leindex_mcp.embed.table_file import DESCRIPTION, TENSORS
from leindex_mcp.embed.trained_table import TrainedTable
from leindex_mcp.errors import EncoderError
from leindex_mcp.settings import EmbeddingsSettings

WORDS = ["read", "line", "parser", "größe", "config"]


@pytest.fixture
def folder(tmp_path):
    """A table of five words."""
    write_random_table(tmp_path / "table", WORDS)
    return tmp_path / "table"


def test_a_directory_in_the_settings_is_a_model(folder):
    """Users train on their own code and point the setting at the result."""
    encoder = load_encoder(EmbeddingsSettings(model=str(folder)))

    rows = encoder.encode(["read the config", "unheard"])

    assert rows.shape == (2, 128)
    assert encoder.fingerprint.startswith("random-1-128-")


def test_the_table_on_disk_is_the_one_in_the_fingerprint(tmp_path):
    """Vectors of two tables must never be compared, however alike their names."""
    for seed in (0, 1):
        write_random_table(tmp_path / str(seed), WORDS, seed=seed)

    first, second = (TrainedTable.load(tmp_path / str(seed)) for seed in (0, 1))

    assert first.fingerprint != second.fingerprint
    assert first.fingerprint != TrainedTable.load(tmp_path / "0", dim=64).fingerprint


def test_known_words_have_the_file_s_vectors_times_their_weight(folder):
    """Documents weigh words by what was learned; here word i by i + 1."""
    table = TrainedTable.load(folder)

    read, line = table.document_vectors(["read", "line"]).astype(float)
    asked_read, asked_line = table.question_vectors(["read", "line"]).astype(float)

    assert read @ asked_read / np.linalg.norm(read) / np.linalg.norm(asked_read) > 0.99
    lengths = np.linalg.norm(line) / np.linalg.norm(read)
    assert lengths == pytest.approx(2 * np.linalg.norm(asked_line) / np.linalg.norm(asked_read), rel=0.02)


def test_an_unknown_word_means_what_its_known_pieces_mean(folder):
    """Compound words without an inner capital are common in code: `readline`, `configparser`."""
    table = TrainedTable.load(folder)
    read, line, parser = table.document_vectors(["read", "line", "parser"])

    assert np.array_equal(table.document_vectors(["readline"])[0], read + line)
    assert np.array_equal(table.document_vectors(["xparsers"])[0], parser)


def test_a_word_without_known_pieces_still_finds_itself(folder):
    """Names made up by a project are what its users ask for; nothing maps to zero."""
    encoder = StaticEncoder(TrainedTable.load(folder))

    asked = encoder.encode_question("zzyzx")
    same, other = encoder.encode(["zzyzx", "qux"])

    assert asked @ same > 0.99
    assert abs(asked @ other) < 0.4


@pytest.mark.parametrize("dim", [64, 128])
def test_a_table_can_be_cut_to_fewer_dimensions(folder, dim):
    """Tables are trained so that the first numbers of a vector are a smaller model."""
    rows = StaticEncoder(TrainedTable.load(folder, dim)).encode(["read", "", "xyz"])

    assert rows.shape == (3, dim)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(3), abs=1e-6)


def test_more_dimensions_than_there_are_is_an_error(folder):
    """A silent cut to what is there would clash with the index."""
    with pytest.raises(EncoderError, match="ask for fewer"):
        TrainedTable.load(folder, dim=256)


def spoil_byte(folder):
    """Flip one bit of a vector."""
    path = folder / TENSORS
    octets = bytearray(path.read_bytes())
    octets[-1] ^= 1
    path.write_bytes(bytes(octets))


def cut_tensors(folder):
    """Lose the end of the tensors, as a full disk does."""
    path = folder / TENSORS
    path.write_bytes(path.read_bytes()[:-100])


def empty_tensors(folder):
    """Leave nothing of the tensors."""
    (folder / TENSORS).write_bytes(b"")


def wrong_dimension(folder):
    """Describe another table."""
    path = folder / DESCRIPTION
    path.write_text(json.dumps(json.loads(path.read_text()) | {"dim": 64}))


def no_json(folder):
    """Break the description."""
    (folder / DESCRIPTION).write_text("{")


@pytest.mark.parametrize(
    "spoil",
    [spoil_byte, cut_tensors, empty_tensors, wrong_dimension, no_json],
)
def test_a_damaged_table_is_refused_in_one_sentence_that_helps(folder, spoil):
    """Wrong vectors would be silently wrong answers."""
    spoil(folder)

    with pytest.raises(EncoderError) as caught:
        load_encoder(EmbeddingsSettings(model=str(folder)))

    assert str(folder) in str(caught.value)
    assert "performance.embeddings.model" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("missing", [TENSORS, DESCRIPTION])
def test_a_folder_without_a_table_is_refused_by_what_it_lacks(folder, missing):
    """Most likely the wrong folder was named; nothing is damaged."""
    (folder / missing).unlink()

    with pytest.raises(EncoderError, match=rf"holds no word table \(no {missing}\)"):
        load_encoder(EmbeddingsSettings(model=str(folder)))


def test_a_table_that_cannot_be_opened_for_want_of_descriptors_is_not_called_damaged(folder, monkeypatch):
    """To install the package again would not help."""

    def refuse(_path: Path) -> bytes:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(Path, "read_bytes", refuse)

    with pytest.raises(EncoderError, match=r"reading the word table .* failed: .*ulimit -n"):
        load_encoder(EmbeddingsSettings(model=str(folder)))


def test_a_model_that_is_not_there_is_an_error_that_says_what_to_set():
    """A typo in the settings must not fall back to another model in silence."""
    with pytest.raises(EncoderError, match=r"no model '/no/such'.*performance\.embeddings\.model"):
        load_encoder(EmbeddingsSettings(model="/no/such"))


def test_untrained_can_be_asked_for_by_name():
    """Tests and comparisons need the model without a table, whatever the package ships."""
    assert load_encoder(EmbeddingsSettings(model="untrained")).fingerprint == "untrained-1"
