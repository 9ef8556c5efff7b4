r"""What comes in from a client, mended so that every readable request gets an answer.

JSON may spell half a surrogate pair (`\ud800`), which is no text: the protocol library drops such a message
without a reply, and the client waits for ever. Here each half becomes the replacement character.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import BinaryIO

from typing_extensions import Buffer

_ESCAPE = re.compile(
    rb"""\\ (?: u[dD][89abAB].. \\ u[dD][c-fC-F]..   # a whole pair
            | (?P<half> u[dD][89a-fA-F].. )         # half of one
            | . )                                   # any other escape""",
    re.VERBOSE | re.DOTALL,
)


def mended(line: bytes) -> bytes:
    """Return a line of JSON with every half of a surrogate pair replaced."""
    return _ESCAPE.sub(lambda escape: rb"\ufffd" if escape["half"] else escape[0], line)


class MendedInput(io.RawIOBase):
    """A binary stream of lines, each mended before it is read.

    Args:
        source: What the client writes to.
        on_end: Called when it has ended.
    """

    def __init__(self, source: BinaryIO, on_end: Callable[[], None] = lambda: None) -> None:
        self._source = source
        self._on_end = on_end
        self._pending = memoryview(b"")

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def readinto(self, into: Buffer, /) -> int:
        """Fill *into* from the current line; 0 at the end."""
        if not self._pending:
            self._pending = memoryview(mended(self._source.readline()))
            if not self._pending:
                self._on_end()
        target = memoryview(into).cast("B")
        size = min(len(target), len(self._pending))
        target[:size] = self._pending[:size]
        self._pending = self._pending[size:]
        return size
