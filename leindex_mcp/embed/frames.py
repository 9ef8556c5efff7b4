"""Frames on a pipe between a server and its worker: a JSON header, then bytes."""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO, NamedTuple

_SIZES = struct.Struct(">II")  # of the header and of the bytes behind it


class Frame(NamedTuple):
    """One message."""

    header: dict[str, Any]
    payload: bytes = b""


def write_frame(pipe: BinaryIO, frame: Frame) -> None:
    """Send a frame; text that is no Unicode, such as half a surrogate pair, arrives as it was.

    Raises:
        OSError: The other side is gone.
    """
    header = json.dumps(frame.header, ensure_ascii=True).encode()
    pipe.write(_SIZES.pack(len(header), len(frame.payload)) + header + frame.payload)
    pipe.flush()


def read_frame(pipe: BinaryIO) -> Frame | None:
    """Return the next frame, or None when the other side is gone, be it in the middle of one."""
    sizes = pipe.read(_SIZES.size)
    if len(sizes) < _SIZES.size:
        return None
    header_bytes, payload_bytes = _SIZES.unpack(sizes)
    body = pipe.read(header_bytes + payload_bytes)
    if len(body) < header_bytes + payload_bytes:
        return None
    return Frame(json.loads(body[:header_bytes]), body[header_bytes:])
