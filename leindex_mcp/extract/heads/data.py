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
    (TYPE, r"(?:message|service|enum)[ \t]+<name>(?=\s*\{)"),
    (FUNCTION, r"rpc[ \t]+<name>"),
)
_THRIFT = grammar((TYPE, r"(?:struct|union|exception|enum|service|typedef[ \t]+\S+)[ \t]+<name>"))
_GRAPHQL = grammar(
    (TYPE, r"(?:extend[ \t]+)?(?:type|interface|enum|input|union|scalar)[ \t]+<name>"),
    (FUNCTION, r"(?:query|mutation|subscription|fragment|directive)[ \t]+@?<name>"),
)
_PRISMA = grammar((TYPE, r"(?:model|enum|type|view)[ \t]+<name>(?=[ \t]*\{)"))
_TERRAFORM = grammar(
    (VALUE, r"(?:resource|data)[ \t]+\"[^\"\n]+\"[ \t]+\"([\w-]+)"),
    (VALUE, r"(?:variable|output|module|provider)[ \t]+\"([\w-]+)"),
)
_CMAKE = grammar(
    (FUNCTION, r"(?i:function|macro)[ \t]*\([ \t]*<name>"),
    (VALUE, r"(?i:add_executable|add_library|add_custom_target)[ \t]*\(\s*([\w.-]+)"),
)
_MAKE = grammar(
    (FUNCTION, r"(?!\.)([\w.-]+)(?=[ \t]*::?(?!=))"),
    (VALUE, r"(?:export[ \t]+|override[ \t]+)?<name>(?=[ \t]*[:?+]?=)"),
    lead="",
)
_SOLIDITY = grammar(
    (TYPE, r"(?:abstract[ \t]+)?(?:contract|interface|library|struct|enum|error|event)[ \t]+<name>"),
    (FUNCTION, r"(?:function|modifier)[ \t]+<name>"),
)
_VERILOG = grammar(
    (TYPE, r"(?:module|interface|package|class|program)[ \t]+(?:automatic[ \t]+)?<name>"),
    (FUNCTION, r"(?:function|task)[ \t]+(?:automatic[ \t]+)?(?:[\w\[\]:]+[ \t]+)*?<name>(?=[ \t]*[(;])"),
)
_FORTRAN = grammar(
    (FUNCTION, r"(?i:(?:pure|elemental|recursive|impure|integer|real|logical|module|double[ \t]+precision)[ \t]+)*(?i:subroutine|function)[ \t]+<name>"),
    (TYPE, r"(?i:module|program|submodule[ \t]*\([^)\n]*\))[ \t]+(?!(?i:procedure|subroutine|function)\b)<name>"),
    (TYPE, r"(?i:type)(?:[ \t]*,[^:\n]{1,80})?[ \t]*::[ \t]*<name>"),
)
_PASCAL = grammar(
    (FUNCTION, r"(?i:class[ \t]+)?(?i:procedure|function|constructor|destructor)[ \t]+(?:\w+\.)*<name>"),
    (TYPE, r"<name>(?=[ \t]*=[ \t]*(?i:packed[ \t]+)?(?i:class|record|interface)\b)"),
)
_NIX = grammar((VALUE, r"(?:[\w-]+\.)*([^\W\d][\w'-]*)(?=[ \t]*=[ \t])"))

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
