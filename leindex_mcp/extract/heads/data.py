"""Heads in schemas, queries, build files and hardware descriptions."""

from __future__ import annotations

from leindex_mcp.extract.heads.grammar import Grammar, grammar

_SQL = grammar(
    types=r"<create>(?i:table|view|type|domain|schema|sequence)\s+<qualified>",
    functions=r"<create>(?i:function|procedure|trigger)\s+<qualified>",
    values=r"<create>(?i:index)\s+(?i:concurrently\s+)?<qualified>",
    create=r"""
        (?i:create)\s+(?i:or\s+replace\s+|temp\s+|temporary\s+|unique\s+|materialized\s+|recursive\s+
            |definer\s*=\s*\S+\s+)*
    """,
    qualified=r'(?i:if\s+not\s+exists\s+)?(?:["`\[]?\w+["`\]]?\.)*["`\[]?<name>',
)
_PROTO = grammar(types=r"(?:message|service|enum) <name>(?=\s*\{)", functions=r"rpc <name>")
_THRIFT = grammar(types=r"(?:struct|union|exception|enum|service|typedef \S+) <name>")
_GRAPHQL = grammar(
    types=r"(?:extend )?(?:type|interface|enum|input|union|scalar) <name>",
    functions=r"(?:query|mutation|subscription|fragment|directive) @?<name>",
    quote='"""',
)
_PRISMA = grammar(types=r"(?:model|enum|type|view) <name>(?= ?\{)")
_TERRAFORM = grammar(
    values=r"""
        (?:resource|data) "[^"\n]+" "([\w-]+)
        (?:variable|output|module|provider) "([\w-]+)
    """
)
_CMAKE = grammar(
    functions=r"(?i:function|macro) ?\( ?<name>",
    values=r"(?i:add_executable|add_library|add_custom_target) ?\(\s*([\w.-]+)",
)
_MAKE = grammar(
    functions=r"(?!\.)([\w.-]++)(?= ?::?(?!=))",
    values=r"(?:export |override )?<name>(?= ?[:?+]?=)",
    lead="",
)
_SOLIDITY = grammar(
    types=r"(?:abstract )?(?:contract|interface|library|struct|enum|error|event) <name>",
    functions=r"(?:function|modifier) <name>",
)
_VERILOG = grammar(
    types=r"(?:module|interface|package|class|program) (?:automatic )?<name>",
    functions=r"(?:function|task) (?:automatic )?(?:[\w\[\]:]+ )*?<name>(?= ?[(;])",
)
_FORTRAN = grammar(
    types=r"""
        (?i:module|program|submodule ?\([^)\n]*\)) (?!(?i:procedure|subroutine|function)\b)<name>
        (?i:type)(?: ?,[^:\n]{1,80})? ?:: ?<name>
    """,
    functions=r"""
        (?i:(?:pure|elemental|recursive|impure|integer|real|logical|module|double precision) )*
            (?i:subroutine|function) <name>
    """,
)
_PASCAL = grammar(
    types=r"<name>(?= ?= ?(?i:packed )?(?i:class|record|interface)\b)",
    functions=r"(?i:class )?(?i:procedure|function|constructor|destructor) (?:\w+\.)*<name>",
)
_NIX = grammar(values=r"(?:[\w-]+\.)*([^\W\d][\w'-]*+)(?= ?=[ \t\n])")

GRAMMARS: dict[str, Grammar] = {
    "cmake": _CMAKE,
    "fortran": _FORTRAN,
    "graphql": _GRAPHQL,
    "just": _MAKE,
    "make": _MAKE,
    "nix": _NIX,
    "pascal": _PASCAL,
    "prisma": _PRISMA,
    "proto": _PROTO,
    "solidity": _SOLIDITY,
    "sql": _SQL,
    "systemverilog": _VERILOG,
    "terraform": _TERRAFORM,
    "thrift": _THRIFT,
}
