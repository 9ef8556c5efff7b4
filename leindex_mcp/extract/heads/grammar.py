"""A grammar: one compiled pattern that finds every head of a definition in a text."""

from __future__ import annotations

import re
from dataclasses import dataclass

from leindex_mcp.records import DefinitionKind

TYPE = DefinitionKind.TYPE
FUNCTION = DefinitionKind.FUNCTION
VALUE = DefinitionKind.VALUE

_NAME = r"([^\W\d]\w*)"
_UPPER = r"([A-Z]\w*)"


@dataclass(frozen=True, slots=True)
class Grammar:
    """The heads of one family of languages."""

    pattern: re.Pattern[str]  #: begins with a newline; exactly one group takes part in a match: the name
    kinds: tuple[DefinitionKind, ...]  #: of group i + 1


def grammar(*heads: tuple[DefinitionKind, str], lead: str = r"[ \t]*+") -> Grammar:
    r"""Join alternatives to one pattern, in which each line is tried once.

    Every match begins with the newline before its line: the engine leaps from one to the next. *lead* is
    what may stand before every head. In a head, ``<name>`` is the defined name, ``<Name>`` the same with a
    capital; a head without either brings one group of its own. Possessive repeats (``*+``) and bounds keep
    hostile text linear.
    """
    alternatives = "|".join(_with_groups(head) for _, head in heads)
    pattern = re.compile(rf"\n{lead}(?:{alternatives})")
    if pattern.groups != len(heads):
        raise ValueError("every head needs exactly one group")
    return Grammar(pattern, tuple(kind for kind, _ in heads))


def _with_groups(head: str) -> str:
    return head.replace("<name>", _NAME).replace("<Name>", _UPPER)
