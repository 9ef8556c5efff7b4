"""Heads in schemas, queries, build files and hardware descriptions."""

from __future__ import annotations

from leindex_mcp.extract.heads.grammar import FUNCTION, TYPE, VALUE, Grammar, grammar

_SQL_CREATE = r"(?i:create)\s+(?i:or\s+replace\s+|temp\s+|temporary\s+|unique\s+|materialized\s+|recursive\s+|definer\s*=\s*\S+\s+)*"
_SQL_NAME = r"(?i:if\s+not\s+exists\s+)?(?:[\"`\[]?\w+[\"`\]]?\.)*[\"`\[]?<name>"
_SQL = grammar(
    (TYPE, rf"{_SQL_CREATE}(?i:table|view|type|domain|schema|sequence)\s+{_SQL_NAME}"),
    (FUNCTION, rf"{_SQL_CREATE}(?i:function|procedure|trigger)\s+{_SQL_NAME}"),
    (VALUE, rf"{_SQL_CREATE}(?i:index)\s+(?i:concurrently\s+)?{_SQL_NAME}"),
)
_PROTO = grammar(
    (TYPE, r"(?:message|service|enum) <name>(?=\s*\{)"),
    (FUNCTION, r"rpc <name>"),
)
_THRIFT = grammar((TYPE, r"(?:struct|union|exception|enum|service|typedef \S+) <name>"))
_GRAPHQL = grammar(
    (TYPE, r"(?:extend )?(?:type|interface|enum|input|union|scalar) <name>"),
    (FUNCTION, r"(?:query|mutation|subscription|fragment|directive) @?<name>"),
)
_PRISMA = grammar((TYPE, r"(?:model|enum|type|view) <name>(?= ?\{)"))
_TERRAFORM = grammar(
    (VALUE, r"(?:resource|data) \"[^\"\n]+\" \"([\w-]+)"),
    (VALUE, r"(?:variable|output|module|provider) \"([\w-]+)"),
)
_CMAKE = grammar(
    (FUNCTION, r"(?i:function|macro) ?\( ?<name>"),
    (VALUE, r"(?i:add_executable|add_library|add_custom_target) ?\(\s*([\w.-]+)"),
)
_MAKE = grammar(
    (FUNCTION, r"(?!\.)([\w.-]+)(?= ?::?(?!=))"),
    (VALUE, r"(?:export |override )?<name>(?= ?[:?+]?=)"),
    lead="",
)
_SOLIDITY = grammar(
    (TYPE, r"(?:abstract )?(?:contract|interface|library|struct|enum|error|event) <name>"),
    (FUNCTION, r"(?:function|modifier) <name>"),
)
_VERILOG = grammar(
    (TYPE, r"(?:module|interface|package|class|program) (?:automatic )?<name>"),
    (FUNCTION, r"(?:function|task) (?:automatic )?(?:[\w\[\]:]+ )*?<name>(?= ?[(;])"),
)
_FORTRAN = grammar(
    (FUNCTION, r"(?i:(?:pure|elemental|recursive|impure|integer|real|logical|module|double precision) )*(?i:subroutine|function) <name>"),
    (TYPE, r"(?i:module|program|submodule ?\([^)\n]*\)) (?!(?i:procedure|subroutine|function)\b)<name>"),
    (TYPE, r"(?i:type)(?: ?,[^:\n]{1,80})? ?:: ?<name>"),
)
_PASCAL = grammar(
    (FUNCTION, r"(?i:class )?(?i:procedure|function|constructor|destructor) (?:\w+\.)*<name>"),
    (TYPE, r"<name>(?= ?= ?(?i:packed )?(?i:class|record|interface)\b)"),
)
_NIX = grammar((VALUE, r"(?:[\w-]+\.)*([^\W\d][\w'-]*)(?= ?=[ \t])"))

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
