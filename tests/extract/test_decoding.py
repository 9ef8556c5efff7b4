"""Bytes become the text that an editor shows, or are called binary."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.extract.decoding import decode, unify_line_ends

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r"))
LATIN = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=8)


@given(TEXT)
def test_utf8_text_comes_back_as_it_was_written(text: str):
    """UTF-8 is what nearly every source file is."""
    expected = text.removeprefix("\ufeff")

    assert decode(text.encode()) == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
@given(text=TEXT)
def test_a_byte_order_mark_decides(encoding: str, text: str):
    """Editors on Windows write marks; the mark itself is no text."""
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE], ids=["little", "big"])
def test_both_byte_orders_of_utf16_are_read(mark: bytes):
    """The codec named utf-16 writes only the order of this machine."""
    order = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"

    assert decode(mark + "größe = 1\n".encode(order)) == "größe = 1\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@given(text=LATIN)
def test_utf16_without_a_mark_is_known_by_its_zeros(encoding: str, text: str):
    """Such files come from Visual Studio and PowerShell redirections."""
    assert decode(text.encode(encoding)) == text


def test_text_in_an_8_bit_encoding_is_read_as_latin_1():
    """Old sources must be found by their plain words, whatever their umlauts become."""
    assert decode("naïve café = 1\n".encode("latin-1")) == "naïve café = 1\n"


@pytest.mark.parametrize(
    "data",
    [
        b"text\0more",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        codecs.BOM_UTF16_LE + b"\x00\xd8\x00",
        b"\xff\xfea",
        bytes(range(1, 256)) * 4,
    ],
    ids=["nul", "png", "broken utf-16", "odd utf-16", "random without nul"],
)
def test_what_is_no_text_is_binary(data: bytes):
    """A NUL decides, as it does for git; without one, control bytes do."""
    assert decode(data) is None


def test_an_empty_file_is_text():
    """Empty modules are sources."""
    assert decode(b"") == ""
    assert decode(codecs.BOM_UTF8) == ""


@given(st.text(st.sampled_from("ab\r\n")))
def test_line_ends_keep_the_number_of_lines(text: str):
    r"""Editors count ``\n``, ``\r\n`` and ``\r``; nothing else ends a line."""
    count = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))

    assert unify_line_ends(text).split("\n") == text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    assert len(unify_line_ends(text).split("\n")) == count
    assert "\r" not in unify_line_ends(text)


def test_other_separators_do_not_end_a_line():
    """``str.splitlines`` would count form feeds and U+2028; editors and git do not."""
    text = "a\fb\vc\u2028d\x85e\x1cf\n"

    assert decode(text.encode()) == text
