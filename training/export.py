"""Write a trained run as the product's two files, or as folders that model2vec reads.

`python -m training.export NAME VERSION` replaces the shipped table;
`python -m training.export --model2vec DIR` converts it (with the packages tokenizers and safetensors).
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leindex_mcp.embed import table_file
from leindex_mcp.embed.table_file import read_table, write_table
from training.places import HERE, PREPARED, RUNS

SHIPPED = Path(table_file.__file__).parent / "model"
NAME = "leindex-words"
MAX_BYTES = 10_000_000  # of the wheel, for both files
_STEPS = 127
_CAMEL = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"  # where `words.split` parts an identifier


def rounded(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return int8 rows and the scale of each: at most half a step wrong, 1/254 of the row's largest."""
    scales = np.maximum(np.abs(vectors).max(axis=1), 1e-12) / _STEPS
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales.astype(np.float32)


def ship(run: Path, version: str, target: Path = SHIPPED) -> None:
    """Round the table of *run* and write it with its description.

    Raises:
        ValueError: It is too large for the wheel.
    """
    table = np.load(run / "table.npz")
    steps, scales = rounded(table["vectors"])
    words = str(table["vocabulary"]).split("\n")
    weights = {side: table[side].astype(np.float32) for side in ("document_weights", "question_weights")}
    digest = json.loads((PREPARED / "report.json").read_text())["digest"]
    facts = {"name": NAME, "version": version, "training_data_digest": digest}
    write_table(target, words, {"vectors": steps, "scales": scales, **weights}, facts)
    size = sum(path.stat().st_size for path in target.iterdir())
    if size > MAX_BYTES:
        raise ValueError(
            f"{size} bytes are more than the {MAX_BYTES} that the wheel has room for: take fewer words"
        )
    print(f"{target}: {len(words)} words, {size / 1e6:.2f} MB")


def write_model2vec(table: Path, target: Path) -> None:
    """Write `target/document` and `target/question`: the same words, weighed for either side.

    What such a model cannot express: the damping of repeated words, and the vectors drawn for unknown words
    that hold no known piece (here they count for nothing).
    """
    shipped = read_table(table)
    vectors = shipped.vectors.astype(np.float32) * shipped.scales[:, None]
    sides = {"document": shipped.document_weights, "question": shipped.question_weights}
    for side, weights in sides.items():
        folder = target / side
        folder.mkdir(parents=True, exist_ok=True)
        rows = np.concatenate([np.zeros((1, vectors.shape[1]), np.float32), vectors * weights[:, None]])
        safetensors = importlib.import_module("safetensors.numpy")
        safetensors.save_file({"embeddings": rows.astype(np.float32)}, folder / "model.safetensors")
        _tokenizer(shipped.words).save(str(folder / "tokenizer.json"))
        config = {
            "model_type": "model2vec",
            "architectures": ["StaticModel"],
            "normalize": True,
            "hidden_dim": rows.shape[1],
        }
        (folder / "config.json").write_text(json.dumps(config, indent=2))
        (folder / "README.md").write_text(
            f"---\nlibrary_name: model2vec\nlicense: mit\n---\n\n{_readme(side)}\n"
        )


def _readme(side: str) -> str:
    card = (HERE.parent / "docs" / "model.md").read_text()
    return f"The {side} side of the word table of leindex-mcp.\n\n{card}"


def _tokenizer(words: list[str]) -> object:
    """Return a tokenizer that splits as `words.split` does, unknown words into known prefixes."""
    tokenizers = importlib.import_module("tokenizers")
    vocabulary = {"[UNK]": 0} | {word: row for row, word in enumerate(words, 1)}
    model = tokenizers.models.WordPiece(
        vocabulary, unk_token="[UNK]", continuing_subword_prefix="", max_input_chars_per_word=1000
    )
    tokenizer = tokenizers.Tokenizer(model)
    normalizers, pre_tokenizers = tokenizers.normalizers, tokenizers.pre_tokenizers
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Replace(tokenizers.Regex(_CAMEL), " "), normalizers.Lowercase()]
    )
    word = tokenizers.Regex(r"[a-z\x{80}-\x{10ffff}]+|[0-9]+")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(word, behavior="removed", invert=True)
    return tokenizer


def main(*arguments: str) -> None:
    """Ship a run, or convert what is shipped."""
    if arguments[:1] == ("--model2vec",):
        write_model2vec(SHIPPED, Path(arguments[1]))
    else:
        name, version = arguments
        ship(RUNS / name, version)


if __name__ == "__main__":
    main(*sys.argv[1:])
