"""Lines from a client are mended, and only where they must be."""

from __future__ import annotations

import io
import json

from hypothesis import given
from hypothesis import strategies as st

from leindex_mcp.client.wire import MendedInput, mended

ANY_TEXT = st.text(st.characters(exclude_categories=()) | st.sampled_from("\\u\ud83d\ude00d8"))


@given(ANY_TEXT)
def test_every_json_string_becomes_text(text):
    """Whatever Python can spell in JSON can be encoded; oracle: half pairs replaced in the text itself."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    assert json.loads(mended(json.dumps(text).encode())).replace("\ufffd", "?") == whole.replace(
        "\ufffd", "?"
    )


@given(st.lists(st.text()), st.integers(1, 50))
def test_good_lines_pass_byte_for_byte(texts, size):
    """However small the pieces that the reader asks for."""
    lines = b"".join(json.dumps(text).encode() + b"\n" for text in texts)

    assert io.BufferedReader(MendedInput(io.BytesIO(lines)), size).read() == lines
