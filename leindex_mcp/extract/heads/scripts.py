"""Heads in Python, Ruby, Lua, Bash, Perl and their kin."""

from __future__ import annotations

from leindex_mcp.extract.heads.grammar import FUNCTION, TYPE, VALUE, Grammar, grammar

_PYTHON = grammar(
    (FUNCTION, r"(?:async )?(?:c?p?def) (?:inline )?<name>(?= ?[(\[])"),
    (TYPE, r"(?:cdef )?class <name>(?= ?[:(\[])"),
    (TYPE, r"type <name>(?= ?(?:=|\[))"),
    (VALUE, r"<start><name>(?= ?(?:=(?!=)|: ?[\w\"'][^=\n]{0,200}(?:=|$)))"),
    quote='"""',
)
_RUBY = grammar(
    (FUNCTION, r"(?:private |protected |public |private_class_method |module_function )?def (?:[\w:]+\.)?([^\W\d]\w*[?!]?)"),
    (TYPE, r"(?:class|module) (?:::)?(?:\w+::)*<Name>"),
    (VALUE, r"(?:\w+::)*<Name>(?= ?(?:\|\||&&)?=(?![=~>]))"),
    (VALUE, r"(?:attr_(?:reader|writer|accessor)|c?m?attr_(?:reader|writer|accessor)|class_attribute|thread_mattr_accessor|alias_method|scope|delegate)[ \t(]+:([^\W\d]\w*[?!]?)"),
    (VALUE, r"alias :?([^\W\d]\w*[?!]?)(?= :?\w)"),
    (FUNCTION, r"define_(?:singleton_)?method[ \t(]+:([^\W\d]\w*[?!]?)"),
)
_LUA = grammar(
    (FUNCTION, r"(?:local )?function (?:\w+[.:])*<name>(?= ?\()"),
    (FUNCTION, r"(?:local )?(?:\w+\.)*<name>(?= ?= ?function\b)"),
    (VALUE, r"<start>(?:local )?(?:\w+\.)*<name>(?= ?(?:, ?\w+ ?)*=(?!=))"),
)
_BASH = grammar(
    (FUNCTION, r"(?:function )([^\W\d][\w:.@-]*)(?= ?(?:\(|\{|$|\n))"),
    (FUNCTION, r"([^\W\d][\w:.@-]*)(?= ?\( ?\))"),
    (VALUE, r"(?:export|readonly|declare|typeset) (?:-\w+ )*<name>(?==)"),
    (VALUE, r"alias (?:-\w+ )*([\w.-]+)(?==)"),
    (VALUE, r"<start><name>(?=\+?=)"),
)
_PERL = grammar(
    (FUNCTION, r"sub (?:\w+::)*<name>"),
    (TYPE, r"package (?:\w+::)*<name>"),
    (VALUE, r"<start>our [$@%]<name>(?= ?=)"),
    (VALUE, r"use constant <name>"),
)
_R = grammar(
    (FUNCTION, r"([^\W\d][\w.]*)(?= ?(?:<-|=) ?function\b)"),
    (VALUE, r"<start>([^\W\d][\w.]*)(?= ?<-)"),
    (TYPE, r"set(?:Ref)?Class\( ?['\"]<name>"),
    (FUNCTION, r"set(?:Generic|Method)\( ?['\"]<name>"),
)
_JULIA = grammar(
    (FUNCTION, r"(?:@\w+ )*(?:function|macro) (?:[\w.]+\.)?([^\W\d]\w*!?)"),
    (TYPE, r"(?:mutable )?(?:struct|abstract type|primitive type|module|baremodule) <name>"),
    (FUNCTION, r"<start>(?:[\w.]+\.)?([^\W\d]\w*!?)(?=\([^()\n]{0,200}\) ?(?:where[^=\n]{1,80})?=(?!=))"),
    (VALUE, r"const <name>(?= ?=)"),
)
_NIM = grammar(
    (FUNCTION, r"(?:proc|func|method|iterator|macro|template|converter) `?<name>"),
    (TYPE, r"(?:type )?<Name>(?=\*?(?:\[[^\]\n]*\])? ?(?:\{[^}\n]*\} ?)?= ?(?:ref |ptr )?(?:object|enum|distinct|tuple|concept)\b)"),
)
_GDSCRIPT = grammar(
    (FUNCTION, r"(?:static )?func <name>"),
    (TYPE, r"(?:class|class_name|enum) <name>"),
    (VALUE, r"<start>(?:@\w+(?:\([^)\n]*\))? )?(?:const|var|signal) <name>"),
)
_VIM = grammar(
    (FUNCTION, r"(?:export )?(?:fu(?:n(?:c(?:tion)?)?)?|def)!? (?:[sg]:)?(?:\w+[#.])*<name>(?= ?\()"),
    (VALUE, r"com(?:mand)?!? (?:-\S+ )*<Name>"),
)
_POWERSHELL = grammar(
    (FUNCTION, r"(?i:function|filter) (?:\w+:)?([^\W\d][\w-]*)"),
    (TYPE, r"(?i:class|enum) <name>"),
)
_FISH = grammar((FUNCTION, r"function ([\w.-]+)"), (VALUE, r"set -\w+ <name>"))
_TCL = grammar((FUNCTION, r"proc (?:\w*::)*<name>"), (TYPE, r"namespace eval (?:\w*::)*<name>"))

GRAMMARS: dict[str, Grammar] = {
    "bash": _BASH,
    "crystal": _RUBY,
    "cython": _PYTHON,
    "fish": _FISH,
    "gdscript": _GDSCRIPT,
    "jupyter": _PYTHON,
    "julia": _JULIA,
    "lua": _LUA,
    "nim": _NIM,
    "perl": _PERL,
    "powershell": _POWERSHELL,
    "python": _PYTHON,
    "r": _R,
    "ruby": _RUBY,
    "starlark": _PYTHON,
    "bazel": _PYTHON,
    "tcl": _TCL,
    "vim": _VIM,
}
