"""Where a transformer runs: the device, its kind of numbers, and how much it takes at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

_MEGABYTE = 1 << 20
_MEGABYTES_A_TEXT = 100  # the guide's rule: floor(GPU memory in MB / 100) texts a call
_MOST_TEXTS_ON_CPU = 8  # more are no faster there, and a question waits for the call before it


@dataclass(frozen=True, slots=True)
class Wish:
    """What the settings ask for."""

    device: str = "auto"
    enable_gpu: bool = True
    fp16: bool = True
    batch_size: int = 32
    truncate_dim: int | None = None  #: numbers of a vector that are kept

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name, as a frame carries them."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Hardware:
    """What torch can use on this machine."""

    free_bytes: tuple[int, ...] = ()  #: of each CUDA or ROCm device
    is_rocm: bool = False
    has_mps: bool = False
    has_xpu: bool = False
    cpu_has_bf16: bool = False
    trouble: str = "torch sees none"  #: why there is no GPU, when there is none


@dataclass(frozen=True, slots=True)
class Placement:
    """Where and how a model runs."""

    device: str  #: as torch names it
    reason: str
    dtype: str  #: float32, float16 or bfloat16
    max_texts: int  #: texts a call, each as long as the model takes


def place(wish: Wish, hardware: Hardware) -> Placement:
    """Choose the device; what cannot be had becomes the CPU, and the reason says so."""
    device, reason = _choose(wish, hardware)
    if device == "cpu":
        return on_cpu(wish, hardware, reason)
    dtype = "float16" if wish.fp16 and not device.startswith("xpu") else "float32"
    most = wish.batch_size
    if device.startswith("cuda"):
        free_megabytes = hardware.free_bytes[int(device.partition(":")[2] or 0)] // _MEGABYTE
        most = min(most, max(free_megabytes // _MEGABYTES_A_TEXT, 1))
    return Placement(device, reason, dtype, most)


def on_cpu(wish: Wish, hardware: Hardware, reason: str) -> Placement:
    """Return the placement that always can be had."""
    dtype = "bfloat16" if wish.fp16 and hardware.cpu_has_bf16 else "float32"
    return Placement("cpu", reason, dtype, min(wish.batch_size, _MOST_TEXTS_ON_CPU))


def probe() -> Hardware:
    """Ask torch what it can use; a driver that fails is no GPU, and its words are kept."""
    import torch  # noqa: PLC0415  # seconds to import

    return seen_by(torch)


def seen_by(torch: Any) -> Hardware:  # noqa: ANN401  # untyped, and a faulty one in tests
    """Return what this torch can use."""
    trouble = "torch sees none"
    free_bytes: tuple[int, ...] = ()
    if torch.version.cuda is None and torch.version.hip is None:
        trouble = f"torch {torch.__version__} is built without CUDA and ROCm"
    else:
        try:
            count = torch.cuda.device_count() if torch.cuda.is_available() else 0
            free_bytes = tuple(torch.cuda.mem_get_info(index)[0] for index in range(count))
        except (RuntimeError, AssertionError) as error:
            trouble = first_line(error)
    return Hardware(
        free_bytes,
        is_rocm=torch.version.hip is not None,
        has_mps=bool(torch.backends.mps.is_available()),
        has_xpu=bool(hasattr(torch, "xpu") and torch.xpu.is_available()),
        cpu_has_bf16=_has_fast_bf16(torch),
        trouble=trouble,
    )


def first_line(error: BaseException) -> str:
    """Return what an error says, as far as it fits a sentence."""
    said = str(error).strip().splitlines()
    return said[0][:200] if said else type(error).__name__


def _choose(wish: Wish, hardware: Hardware) -> tuple[str, str]:
    """Return a device and why."""
    if wish.device == "cpu":
        return "cpu", "asked for"
    if not wish.enable_gpu:
        return "cpu", "enable_gpu is false"
    if wish.device == "auto":
        return _best(hardware)
    return _asked_for(wish.device, hardware)


def _best(hardware: Hardware) -> tuple[str, str]:
    """Return the GPU with most free memory, or the next best that there is."""
    if hardware.free_bytes:
        index = max(range(len(hardware.free_bytes)), key=hardware.free_bytes.__getitem__)
        kind = "ROCm" if hardware.is_rocm else "CUDA"
        free = hardware.free_bytes[index] / 1e9
        return _cuda(index, hardware), f"{kind}, {free:.1f} GB free"
    if hardware.has_mps:
        return "mps", "Apple GPU"
    if hardware.has_xpu:
        return "xpu", "Intel GPU, experimental"
    return "cpu", f"no GPU: {hardware.trouble}"


def _asked_for(device: str, hardware: Hardware) -> tuple[str, str]:
    """Return the device that the settings name, if it is there."""
    kind, _, number = device.partition(":")
    is_there = {
        "cuda": bool(hardware.free_bytes),
        "rocm": bool(hardware.free_bytes) and hardware.is_rocm,
        "mps": hardware.has_mps,
        "xpu": hardware.has_xpu,
    }[kind]
    if not is_there:
        return "cpu", f"{device} was asked for, and is not there: {hardware.trouble}"
    if kind in {"mps", "xpu"}:
        return kind, "asked for" if kind == "mps" else "asked for, experimental"
    index = int(number or 0)
    if index >= len(hardware.free_bytes):
        return "cpu", f"{device} was asked for, and there are {len(hardware.free_bytes)}, counted from 0"
    return _cuda(index, hardware), "asked for"


def _cuda(index: int, hardware: Hardware) -> str:
    """Name a device; the only one needs no number."""
    return "cuda" if len(hardware.free_bytes) == 1 else f"cuda:{index}"


def _has_fast_bf16(torch: Any) -> bool:  # noqa: ANN401  # untyped; a faulty one in tests
    """Tell whether the CPU multiplies bfloat16 itself; where it does not, that is slower than float32."""
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, check, bool)() for check in checks)
