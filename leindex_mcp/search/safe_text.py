"""Foreign text made harmless: what a terminal or a reader would obey or could not see becomes visible."""

from __future__ import annotations

import re

# Controls but tab, the C1 range (8-bit escapes), soft hyphen, fillers that look like nothing, zero-width and
# bidirectional marks, line and paragraph separators, variation selectors, surrogates, annotations, and tags.
_HIDDEN = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_BACKTICKS = re.compile("`+")


def visible(line: str) -> str:
    """Return one line with every control, invisible or direction-changing character written as `<U+202E>`."""
    if line.isascii() and line.isprintable():
        return line
    return _HIDDEN.sub(lambda found: f"<U+{ord(found[0]):04X}>", line)


def fence_for(text: str) -> str:
    """Return a fence longer than any run of backticks in the text, three at least."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    return "`" * max(3, longest + 1)
