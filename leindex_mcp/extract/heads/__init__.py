"""Heads of definitions: how each family of languages writes that a name begins to mean something."""

from __future__ import annotations

from leindex_mcp.extract.heads import braces, data, functional, scripts, systems
from leindex_mcp.extract.heads.grammar import Grammar

GRAMMARS: dict[str, Grammar] = {
    **systems.GRAMMARS,
    **braces.GRAMMARS,
    **scripts.GRAMMARS,
    **functional.GRAMMARS,
    **data.GRAMMARS,
}
