"""The two files of a trained word table: tensors that are mapped, and a description that vouches for them.

`word_table.safetensors` holds, for n words,
    vocabulary        uint8    the words in UTF-8, a line end between two
    vectors           int8     (n, dim)
    scales            float32  (n,)      vector i is `vectors[i] * scales[i]`
    document_weights  float32  (n,)      above 0: what the word weighs in a document ...
    question_weights  float32  (n,)      ... and in a question, where it replaces idf
`word_table.json` holds `name`, `version`, `dim`, `training_data_digest`, and the `sha256` of the former.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from leindex_mcp.errors import EncoderError
from leindex_mcp.process.shortage import sentence_of

TENSORS = "word_table.safetensors"
DESCRIPTION = "word_table.json"
_HEADER_LENGTH_BYTES = 8
_TYPES: Mapping[str, np.dtype[np.generic]] = {
    "U8": np.dtype(np.uint8),
    "I8": np.dtype(np.int8),
    "F32": np.dtype("<f4"),
}


class Description(BaseModel):
    """What the makers of a table say of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    version: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    dim: int = Field(ge=1, le=4096)
    training_data_digest: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table as it lies on disk; the arrays are mapped, not read."""

    description: Description
    words: list[str]
    vectors: NDArray[np.int8]  #: (n, dim)
    scales: NDArray[np.float32]  #: (n,)
    document_weights: NDArray[np.float32]  #: (n,)
    question_weights: NDArray[np.float32]  #: (n,)


def read_table(directory: Path) -> TableFile:
    """Map the table in *directory*, having checked that it is the one its description speaks of.

    Raises:
        EncoderError: A file is missing, or is not what it should be.
    """
    try:
        description = Description.model_validate_json((directory / DESCRIPTION).read_bytes())
        octets = np.asarray(np.memmap(directory / TENSORS, np.uint8, "r"))
        return _table(description, octets)
    except FileNotFoundError as error:
        raise EncoderError(
            f"{directory} holds no word table (no {Path(error.filename).name}): set "
            "performance.embeddings.model to `default` or to the directory of a table"
        ) from error
    except (OSError, ValidationError, ValueError, KeyError, TypeError) as error:
        if shortage := sentence_of(error):
            raise EncoderError(f"reading the word table in {directory} failed: {shortage}") from error
        problem = " ".join(str(error).split())
        raise EncoderError(
            f"the word table in {directory} is damaged ({problem}): install it again, or set "
            "performance.embeddings.model to `default`"
        ) from error


def write_table(
    directory: Path,
    words: Sequence[str],
    tensors: Mapping[str, NDArray[np.generic]],
    facts: Mapping[str, str],
) -> None:
    """Write a table that `read_table` accepts.

    Args:
        tensors: `vectors`, `scales`, `document_weights` and `question_weights`.
        facts: `name`, `version` and `training_data_digest`.
    """
    vocabulary = np.frombuffer("\n".join(words).encode(), np.uint8)
    octets = _serialised({"vocabulary": vocabulary, **tensors})
    directory.mkdir(parents=True, exist_ok=True)
    (directory / TENSORS).write_bytes(octets)
    dim = tensors["vectors"].shape[1]
    described = {**facts, "dim": dim, "sha256": hashlib.sha256(octets).hexdigest()}
    (directory / DESCRIPTION).write_text(json.dumps(described, indent=2) + "\n")


def _table(description: Description, octets: NDArray[np.uint8]) -> TableFile:
    if hashlib.sha256(octets.data).hexdigest() != description.sha256:
        raise ValueError("its sha256 is not the one described")
    tensors = _tensors(octets)
    words = tensors["vocabulary"].tobytes().decode().split("\n")
    vectors = tensors["vectors"].astype(np.int8, copy=False)
    if vectors.shape != (len(words), description.dim):
        raise ValueError(f"vectors of shape {vectors.shape} for {len(words)} words")
    return TableFile(
        description=description,
        words=words,
        vectors=vectors,
        scales=_per_word(tensors, "scales", len(words)),
        document_weights=_per_word(tensors, "document_weights", len(words)),
        question_weights=_per_word(tensors, "question_weights", len(words)),
    )


def _per_word(tensors: Mapping[str, NDArray[np.generic]], name: str, n_words: int) -> NDArray[np.float32]:
    numbers = tensors[name].astype(np.float32, copy=False)
    if numbers.shape != (n_words,):
        raise ValueError(f"{name} of shape {numbers.shape} for {n_words} words")
    if not (np.isfinite(numbers).all() and (numbers > 0).all()):
        raise ValueError(f"{name} that are not above 0")
    return numbers


def _tensors(octets: NDArray[np.uint8]) -> dict[str, NDArray[np.generic]]:
    """Return views of the tensors in a safetensors file: a length, a JSON header, the data."""
    data_start = _HEADER_LENGTH_BYTES + int(octets[:_HEADER_LENGTH_BYTES].view("<u8")[0])
    header = json.loads(octets[_HEADER_LENGTH_BYTES:data_start].tobytes())
    header.pop("__metadata__", None)
    tensors: dict[str, NDArray[np.generic]] = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        data = octets[data_start + start : data_start + end]
        tensors[name] = data.view(_TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def _serialised(tensors: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Return a safetensors file, widest numbers first so that each tensor is aligned."""
    ordered = sorted(tensors.items(), key=lambda item: -item[1].itemsize)
    names = {dtype: name for name, dtype in _TYPES.items()}
    header, data, offset = {}, [], 0
    for name, tensor in ordered:
        octets = np.ascontiguousarray(tensor).tobytes()
        entry = {"dtype": names[tensor.dtype], "shape": tensor.shape}
        header[name] = {**entry, "data_offsets": (offset, offset + len(octets))}
        data.append(octets)
        offset += len(octets)
    written = json.dumps(header).encode()
    written += b" " * (-len(written) % _HEADER_LENGTH_BYTES)  # the data, too, begins aligned
    return b"".join([len(written).to_bytes(_HEADER_LENGTH_BYTES, "little"), written, *data])
