"""What a transformer does when its device fails: faulty models at the place where the real one is loaded."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest

from leindex_mcp.embed.device import Hardware, Wish
from leindex_mcp.embed.transformer_encoder import TransformerEncoder
from leindex_mcp.errors import EncoderError

GPU = Hardware(free_bytes=(8_000_000_000,))
TEXTS = [f"def part_{number}(): return {'x' * (number * 7 % 50)}" for number in range(40)]


class OutOfMemoryError(RuntimeError):
    """What torch raises, by the same name."""


class Model:
    """A model that works: a vector drawn from each text."""

    max_tokens = 64

    def __init__(self, placement):
        self.placement = placement
        self.calls = []

    def forward(self, texts, prompt):
        """Return rows of any norm."""
        self.calls.append(len(texts))
        return np.array([self.row(f"{prompt} {text}") for text in texts], np.float32)

    def row(self, text):
        """Return what the text alone decides."""
        return np.random.default_rng(zlib.crc32(text.encode())).normal(size=4) * 3

    def most_tokens(self):
        """Know nothing of memory."""
        return

    def release(self):
        """Keep nothing."""


class SmallMemory(Model):
    """A GPU that holds so many texts at once; a CPU holds all."""

    holds = 3

    def forward(self, texts, prompt):
        """Run out of memory above the limit, in torch's words."""
        if self.placement.device != "cpu" and len(texts) > self.holds:
            raise OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return super().forward(texts, prompt)


class NoMemory(SmallMemory):
    """A GPU that holds nothing."""

    holds = 0


class MetalMemory(SmallMemory):
    """Apple's GPU says it in words only."""

    def forward(self, texts, prompt):
        """Run out of memory as MPS does."""
        try:
            return super().forward(texts, prompt)
        except OutOfMemoryError:
            raise RuntimeError("MPS backend out of memory (MPS allocated: 8 GB)") from None


class Lost(Model):
    """A GPU that falls off the bus after two calls."""

    def forward(self, texts, prompt):
        """Fail as CUDA does, for good."""
        if self.placement.device != "cpu" and len(self.calls) > 1:
            raise RuntimeError("CUDA error: device-side assert triggered\nmore")
        return super().forward(texts, prompt)


class NotANumber(Model):
    """A model that overflows in half precision."""

    def forward(self, texts, prompt):
        """Give one NaN in 16 bits."""
        rows = super().forward(texts, prompt)
        if self.placement.dtype != "float32":
            rows[0, 0] = np.nan
        return rows


class NotANumberOnGpu(Model):
    """A GPU that computes wrongly, whatever the numbers."""

    def forward(self, texts, prompt):
        """Give infinity on the GPU."""
        rows = super().forward(texts, prompt)
        return rows if self.placement.device == "cpu" else rows * np.inf


class NeverANumber(Model):
    """Weights that are broken."""

    def forward(self, texts, prompt):
        """Give NaN everywhere."""
        return super().forward(texts, prompt) * np.nan


class OtherLength(Model):
    """A model that changes its mind about its dimension."""

    def forward(self, texts, prompt):
        """Give longer rows after the first call."""
        rows = super().forward(texts, prompt)
        return rows if len(self.calls) == 1 else np.hstack([rows, rows])


class BrokenCpu(Model):
    """Nothing works."""

    def forward(self, texts, prompt):
        """Fail everywhere."""
        del texts, prompt
        raise RuntimeError("could not create a primitive")


def encoder(kind, *, wish=None, hardware=GPU):
    """Return an encoder over a faulty model, and the models that it loaded."""
    loaded = []

    def load(folder, placement):
        loaded.append(kind(placement))
        return loaded[-1]

    made = TransformerEncoder(Path("/models/one"), wish or Wish(), load=load, hardware=hardware)
    made.loaded = loaded
    return made


EXPECTED = encoder(Model).encode(TEXTS)


@pytest.mark.parametrize(
    ("kind", "device", "dtype", "said"),
    [
        (SmallMemory, "cuda", "float16", "out of memory on cuda with"),
        (NoMemory, "cpu", "float32", "cuda failed: out of memory with one text: on the CPU"),
        (Lost, "cpu", "float32", "cuda failed: CUDA error: device-side assert triggered: on the CPU"),
        (
            NotANumber,
            "cuda",
            "float32",
            "float16 on cuda gave vectors with numbers that are none: float32",
        ),
        (NotANumberOnGpu, "cpu", "float32", "cuda gave vectors with numbers that are none: on the CPU"),
    ],
)
def test_whatever_fails_the_rows_are_the_same_and_the_reason_is_kept(kind, device, dtype, said):
    """Within 1e-3, in the order of the texts, nothing lost: the table of fall-backs of issue 8."""
    faulty = encoder(kind, wish=Wish(batch_size=4))

    rows = faulty.encode(TEXTS)

    assert np.allclose(rows, EXPECTED, atol=1e-3)
    assert (faulty.placement.device, faulty.placement.dtype) == (device, dtype)
    assert said in " / ".join(faulty.fallbacks)


def test_apples_gpu_says_that_memory_ran_out_in_words():
    """There is no class for it on MPS."""
    faulty = encoder(MetalMemory, hardware=Hardware(has_mps=True))

    assert np.allclose(faulty.encode(TEXTS), EXPECTED, atol=1e-3)
    assert faulty.placement.device == "mps"


class DeceptiveMemory(SmallMemory):
    """A GPU that seems to have room, by what the last call took, and has none."""

    def most_tokens(self):
        """Promise more than is there."""
        return 10_000


@pytest.mark.parametrize("kind", [SmallMemory, DeceptiveMemory])
def test_a_batch_that_does_not_fit_is_halved_until_it_does_and_stays_so(kind):
    """The next call does not try what failed before, whatever is measured meanwhile."""
    faulty = encoder(kind)

    faulty.encode(TEXTS)
    faulty.loaded[0].calls.clear()
    notes = len(faulty.fallbacks)
    faulty.encode(TEXTS)

    assert max(faulty.loaded[0].calls) <= SmallMemory.holds
    assert len(faulty.fallbacks) == notes


def test_the_move_to_the_cpu_happens_once():
    """A GPU that failed is not tried again before the worker starts anew."""
    faulty = encoder(Lost)

    faulty.encode(TEXTS)
    faulty.encode(TEXTS)

    assert [model.placement.device for model in faulty.loaded] == ["cuda", "cpu"]


def test_what_was_encoded_before_a_failure_is_not_encoded_again():
    """A GPU that disappears in the middle loses one batch of time, and no row."""
    faulty = encoder(Lost, wish=Wish(batch_size=4))

    faulty.encode(TEXTS)

    on_gpu, on_cpu = (sum(model.calls) for model in faulty.loaded)
    assert on_gpu - 1 + on_cpu == len(TEXTS)  # one text was tried when the model was loaded


def test_a_gpu_that_fails_while_loading_is_left_at_once():
    """`Torch not compiled with CUDA enabled` comes as an AssertionError."""

    def load(folder, placement):
        if placement.device != "cpu":
            raise AssertionError("Torch not compiled with CUDA enabled")
        return Model(placement)

    faulty = TransformerEncoder(Path("/m"), Wish(), load=load, hardware=GPU)

    assert faulty.placement.device == "cpu"
    assert "not compiled with CUDA" in faulty.placement.reason


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (NeverANumber, "numbers that are none: choose another model"),
        (BrokenCpu, "fails on the CPU too: could not create a primitive"),
        (OtherLength, r"shape \(\d+, 8\) where \(\d+, 4\) was due"),
    ],
)
def test_beyond_the_last_way_back_there_is_one_sentence(kind, sentence):
    """The built-in model goes on; the sentence names the folder and what to do."""
    with pytest.raises(EncoderError, match=sentence) as raised:
        encoder(kind).encode(TEXTS)

    assert "/models/one" in str(raised.value)


def test_vectors_can_be_cut_to_their_first_numbers():
    """`truncate_dim`, for models that were trained for it; rows have norm 1 again."""
    short = encoder(Model, wish=Wish(truncate_dim=2)).encode(TEXTS)

    whole = EXPECTED[:, :2] / np.linalg.norm(EXPECTED[:, :2], axis=1, keepdims=True)
    assert np.allclose(short, whole, atol=1e-6)


def test_a_question_is_told_to_the_model_as_one():
    """Models have a prompt for each."""
    made = encoder(Model)

    assert not np.allclose(made.encode(["x"], "question"), made.encode(["x"]))


class Measured(Model):
    """A GPU on which ten times the seed fits."""

    def most_tokens(self):
        """Say so after each call."""
        return 10_000


def test_measured_memory_replaces_the_rule_of_thumb_up_to_the_setting():
    """floor(MB / 100) only seeds the batch; the setting stays the limit."""
    tight = Hardware(free_bytes=(200 * 2**20,))
    texts = ["y" * 1000] * 64
    largest = []

    for kind in (Model, Measured):
        made = encoder(kind, wish=Wish(batch_size=16), hardware=tight)
        made.encode(texts)
        largest.append(max(made.loaded[0].calls))

    assert largest == [2, 16]


def test_between_is_called_after_each_batch():
    """A worker answers questions there."""
    calls = []

    encoder(Model, wish=Wish(batch_size=1)).encode(["z" * 1000] * 5, between=lambda: calls.append(1))

    assert len(calls) == 5
