r"""A notation in which patterns over lines of code stay readable.

===============  ===================================================
a blank          blanks within the line, at least one: ``[ \t]++``
a blank and a ?  blanks within the line, or none: ``[ \t]*+``
``<name>``       a part: a pattern that is given under this name
===============  ===================================================

Blanks in character classes and after a backslash mean themselves.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])+\]|(?<!\?P)<(\w+)>(?![=!])| \??")


def expand(pattern: str, parts: Mapping[str, str]) -> str:
    """Translate *pattern* to a regular expression; parts may hold parts.

    Raises:
        KeyError: A part is not given.
    """

    def token(match: re.Match[str]) -> str:
        if match[1]:
            return expand(parts[match[1]], parts)
        return {" ": r"[ \t]++", " ?": r"[ \t]*+"}.get(match[0], match[0])

    return _TOKEN.sub(token, pattern)
