"""Bytes of a file as text whose lines end in a bare newline, or the verdict that they are binary."""

from __future__ import annotations

import codecs

# UTF-32 first: its little-endian mark begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SNIFF_BYTES = 8000  # what git inspects before it calls a file binary
_UTF16_ZEROS = 0.4  # share of the high bytes that are zero in mostly Latin text; the low bytes never are
_CONTROLS = bytes(code for code in range(32) if code not in b"\t\n\f\r\x1b") + b"\x7f"
_CONTROL_SHARE = 0.02  # 8-bit text holds next to no control bytes, random bytes one in ten


def decode(data: bytes) -> str | None:
    r"""Return the text of *data* with every line end as ``\n``, or None when it is binary.

    UTF-8, UTF-16 and UTF-32 by byte order mark; UTF-8; UTF-16 without a mark when its zeros say so;
    Latin-1 for the rest. A NUL means binary.
    """
    text = _decode(data)
    if text is None or "\0" in text:
        return None
    return unify_line_ends(text)


def unify_line_ends(text: str) -> str:
    r"""Replace ``\r\n`` and ``\r`` by ``\n``: the number of lines stays what an editor shows."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _decode(data: bytes) -> str | None:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding)
    if b"\0" in data:
        encoding_16 = _utf16_without_mark(data[:_SNIFF_BYTES])
        text = None if encoding_16 is None else _strictly(data, encoding_16)
        # A handful of small numbers has zeros like UTF-16, and is no text.
        return None if text is None or _is_riddled_with_controls(text.encode("latin-1", "replace")) else text
    text = _strictly(data, "utf-8")
    if text is not None:
        return text
    return None if _is_riddled_with_controls(data) else data.decode("latin-1")


def _is_riddled_with_controls(data: bytes) -> bool:
    return len(data) - len(data.translate(None, _CONTROLS)) > _CONTROL_SHARE * len(data)


def _strictly(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _utf16_without_mark(sample: bytes) -> str | None:
    """Name the byte order in which nearly half of the bytes, and only the high ones, are zero."""
    pairs = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd >= _UTF16_ZEROS * pairs and not even:
        return "utf-16-le"
    if even >= _UTF16_ZEROS * pairs and not odd:
        return "utf-16-be"
    return None
