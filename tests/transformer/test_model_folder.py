"""A transformer's folder: found, whole or not, and told from others, without torch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from leindex_mcp.embed import model_folder


def test_a_whole_folder_has_no_problem(model_folder_path):
    """What `problem` asks for is there."""
    assert model_folder.problem(model_folder_path) is None


@pytest.fixture
def model_folder_path(model_folder: Path) -> Path:
    """The folder, under a name that does not hide the module."""
    return model_folder


def cut(folder: Path) -> None:
    """Leave what an interrupted copy leaves."""
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-3])


def cut_within_the_head(folder: Path) -> None:
    """Leave what a copy that was interrupted early leaves."""
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5])


def name_a_second_part(folder: Path) -> None:
    """Leave out one of two shards."""
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (cut, "model.safetensors is cut short"),
        (cut_within_the_head, "model.safetensors is cut short"),
        (lambda folder: (folder / "model.safetensors").unlink(), "other forms are not loaded"),
        (lambda folder: (folder / "config.json").unlink(), "config.json is missing"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer.json is missing"),
        (name_a_second_part, "model-00002.safetensors is missing"),
    ],
)
def test_a_folder_that_is_half_written_says_what_is_missing(model_folder_path, damage, sentence):
    """It is told before torch is started, in the words of the file that is wrong."""
    damage(model_folder_path)

    assert sentence in model_folder.problem(model_folder_path)


def test_a_model_is_the_same_wherever_it_lies(model_folder_path, tmp_path):
    """Two clones, two users, one cache of vectors."""
    shutil.copytree(model_folder_path, tmp_path / "elsewhere")

    assert model_folder.fingerprint(tmp_path / "elsewhere", None) == model_folder.fingerprint(
        model_folder_path, None
    )


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_another_training_or_configuration_is_another_model(model_folder_path, name):
    """Vectors of two models are never compared: a byte in any file that counts is enough."""
    before = model_folder.fingerprint(model_folder_path, None)
    path = model_folder_path / name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))

    assert model_folder.fingerprint(model_folder_path, None) != before


def test_large_weights_are_told_apart_by_samples(tmp_path):
    """Reading gigabytes at every start would take seconds; a training changes all of them."""
    prints = []
    for filler in (b"\0", b"\1"):
        folder = tmp_path / filler.hex()
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(filler * 3_000_000)
        prints.append(model_folder.fingerprint(folder, None))

    assert prints[0] != prints[1]


def test_shorter_vectors_are_another_model(model_folder_path):
    """They have another length."""
    assert model_folder.fingerprint(model_folder_path, 64) != model_folder.fingerprint(
        model_folder_path, None
    )


def test_a_hub_id_is_found_where_the_hub_keeps_it(model_folder_path, tmp_path):
    """The revision that `main` named when it was fetched."""
    repository = tmp_path / "hub" / "models--one--two"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("abc123")
    shutil.copytree(model_folder_path, repository / "snapshots" / "abc123")

    found = model_folder.find("one/two", {"HF_HUB_CACHE": str(tmp_path / "hub")})

    assert found == repository / "snapshots" / "abc123"
    assert model_folder.find("one/three", {"HF_HUB_CACHE": str(tmp_path / "hub")}) is None


@pytest.mark.parametrize(
    ("model", "is_id"),
    [
        ("a/b", True),
        ("sentence-transformers/all-MiniLM-L6-v2", True),
        ("/a/b", False),
        ("a", False),
        ("a/b/c", False),
    ],
)
def test_what_looks_like_a_hub_id(model, is_id):
    """`organisation/name`, and no path."""
    assert model_folder.is_hub_id(model) is is_id
