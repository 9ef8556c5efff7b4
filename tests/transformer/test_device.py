"""Where a transformer runs: a table of wishes and machines, and torches that fail."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from leindex_mcp.embed.device import Hardware, Wish, place, seen_by

GB = 1_000_000_000
BARE = Hardware(trouble="torch sees none")
ONE = Hardware(free_bytes=(8 * GB,))
TWO = Hardware(free_bytes=(8 * GB, 16 * GB))
AMD = replace(ONE, is_rocm=True)
APPLE = Hardware(has_mps=True)
INTEL = Hardware(has_xpu=True)


@pytest.mark.parametrize(
    ("device", "hardware", "chosen", "reason"),
    [
        ("auto", BARE, "cpu", "no GPU: torch sees none"),
        ("auto", ONE, "cuda", "CUDA, 8.0 GB free"),
        ("auto", TWO, "cuda:1", "16.0 GB free"),
        ("auto", AMD, "cuda", "ROCm"),
        ("auto", APPLE, "mps", "Apple"),
        ("auto", INTEL, "xpu", "experimental"),
        ("cpu", TWO, "cpu", "asked for"),
        ("cuda", ONE, "cuda", "asked for"),
        ("cuda:0", ONE, "cuda", "asked for"),
        ("cuda", TWO, "cuda:0", "asked for"),
        ("cuda:1", TWO, "cuda:1", "asked for"),
        ("cuda:2", TWO, "cpu", "there are 2, counted from 0"),
        ("cuda", BARE, "cpu", "is not there"),
        ("rocm", AMD, "cuda", "asked for"),
        ("rocm", ONE, "cpu", "is not there"),
        ("mps", APPLE, "mps", "asked for"),
        ("mps", ONE, "cpu", "is not there"),
        ("xpu", INTEL, "xpu", "experimental"),
    ],
)
def test_the_device_is_the_best_that_is_there_or_the_one_asked_for(device, hardware, chosen, reason):
    """What cannot be had becomes the CPU, and the reason is told: the guide promises graceful fall-back."""
    placement = place(Wish(device=device), hardware)

    assert placement.device == chosen
    assert reason in placement.reason


def test_a_gpu_that_is_switched_off_is_not_used():
    """`enable_gpu: false` wins over every device."""
    assert place(Wish(enable_gpu=False), TWO).device == "cpu"
    assert place(Wish(device="cuda", enable_gpu=False), TWO).reason == "enable_gpu is false"


@pytest.mark.parametrize(
    ("fp16", "hardware", "dtype"),
    [
        (True, ONE, "float16"),
        (True, APPLE, "float16"),
        (True, INTEL, "float32"),
        (True, replace(BARE, cpu_has_bf16=True), "bfloat16"),
        (True, BARE, "float32"),
        (False, ONE, "float32"),
        (False, replace(BARE, cpu_has_bf16=True), "float32"),
    ],
)
def test_half_precision_is_what_the_device_is_fast_with(fp16, hardware, dtype):
    """bfloat16 on a CPU without it is slower than float32."""
    assert place(Wish(fp16=fp16), hardware).dtype == dtype


@pytest.mark.parametrize(
    ("megabytes", "asked", "texts"),
    [(4096, 64, 40), (8192, 128, 81), (24_576, 256, 245), (24_576, 32, 32), (50, 32, 1)],
)
def test_a_small_gpu_takes_fewer_texts_by_the_rule_of_the_guide(megabytes, asked, texts):
    """floor(GPU_memory_MB / 100), never more than the setting."""
    hardware = Hardware(free_bytes=(megabytes * 2**20,))

    assert place(Wish(batch_size=asked), hardware).max_texts == min(texts, max(megabytes // 100, 1))


def test_a_cpu_takes_eight_texts_at_most():
    """The guide's advice is 8 to 16; more is no faster there, and a question would wait longer."""
    assert place(Wish(batch_size=128), BARE).max_texts == 8
    assert place(Wish(batch_size=4), BARE).max_texts == 4


def no() -> bool:
    """Stand for a check that finds nothing."""
    return False


def missing_driver() -> bool:
    """Fail as torch does where the driver is missing."""
    raise RuntimeError("Found no NVIDIA driver on your system.\nPlease check that you have an NVIDIA GPU")


class Torch:
    """A torch that was built for CUDA, on a machine as it is told."""

    __version__ = "2.13.0"
    version = SimpleNamespace(cuda="12.8", hip=None)
    backends = SimpleNamespace(mps=SimpleNamespace(is_available=no))
    cpu = SimpleNamespace(_is_avx512_bf16_supported=no)

    def __init__(self, is_available, free_bytes=()):
        self.cuda = SimpleNamespace(
            is_available=is_available,
            device_count=lambda: len(free_bytes),
            mem_get_info=lambda index: (free_bytes[index], 80 * GB),
        )


def test_a_missing_driver_is_no_gpu_and_its_words_are_kept():
    """The first line says what a user can search for."""
    seen = seen_by(Torch(missing_driver))

    assert seen.free_bytes == ()
    assert place(Wish(), seen).reason == "no GPU: Found no NVIDIA driver on your system."


def test_the_memory_that_is_free_is_what_counts():
    """Another program may hold the rest."""
    assert seen_by(Torch(lambda: True, (3 * GB, 5 * GB))).free_bytes == (3 * GB, 5 * GB)


def test_rocm_is_torchs_cuda():
    """A torch for AMD says `cuda` and carries `version.hip`."""
    torch = Torch(lambda: True, (GB,))
    torch.version = SimpleNamespace(cuda=None, hip="6.4")

    assert seen_by(torch).is_rocm


def test_a_torch_without_gpu_support_says_so():
    """The commonest reason on Linux: a CPU-only wheel."""
    torch = Torch(missing_driver)
    torch.version = SimpleNamespace(cuda=None, hip=None)

    assert "built without CUDA and ROCm" in seen_by(torch).trouble
