"""Heads in Python, Ruby, Lua, Bash, Perl and their kin."""

from __future__ import annotations

from leindex_mcp.extract.heads.grammar import Grammar, grammar

_PYTHON = grammar(
    types=r"""
        (?:cdef )?class <name>(?= ?[:(\[])
        type <name>(?= ?[=\[])
    """,
    functions=r"(?:async )?c?p?def (?:inline )?<name>(?= ?[(\[])",
    values=r"<start><name>(?= ?(?:=(?!=)|: ?[\w\"'][^=\n]{0,200}(?:=|$)))",
    quote='"""',
)
_RUBY = grammar(
    types=r"(?:class|module) (?:::)?(?:\w+::)*<Name>",
    functions=r"""
        (?:private |protected |public |private_class_method |module_function )?def (?:[\w:]+\.)?<method>
        define_(?:singleton_)?method[ \t(]+:<method>
    """,
    values=r"""
        (?:\w+::)*<Name>(?= ?(?:\|\||&&)?=(?![=~>]))
        (?:(?:\w+_)?attr_(?:reader|writer|accessor)|class_attribute|alias_method|scope|delegate)
            [ \t(]+:<method>
        alias :?<method>(?= :?\w)
    """,
    method=r"([^\W\d]\w*+[?!]?)",
)
_LUA = grammar(
    functions=r"""
        (?:local )?function (?:\w+[.:])*<name>(?= ?\()
        (?:local )?(?:\w+\.)*<name>(?= ?= ?function\b)
    """,
    values=r"<start>(?:local )?(?:\w+\.)*<name>(?= ?(?:, ?\w+ ?)*=(?!=))",
)
_BASH = grammar(
    functions=r"""
        function <command>(?= ?[({\n])
        <command>(?= ?\( ?\))
    """,
    values=r"""
        (?:export|readonly|declare|typeset) (?:-\w+ )*<name>(?==)
        alias (?:-\w+ )*([\w.-]+)(?==)
        <start><name>(?=\+?=)
    """,
    command=r"([^\W\d][\w:.@-]*+)",
)
_PERL = grammar(
    types=r"package (?:\w+::)*<name>",
    functions=r"sub (?:\w+::)*<name>",
    values=r"""
        <start>our [$@%]<name>(?= ?=)
        use constant <name>
    """,
)
_R = grammar(
    types=r"set(?:Ref)?Class\( ?['\"]<name>",
    functions=r"""
        <dotted>(?= ?(?:<-|=) ?function\b)
        set(?:Generic|Method)\( ?['\"]<name>
    """,
    values=r"<start><dotted>(?= ?<-)",
    dotted=r"([^\W\d][\w.]*+)",
)
_JULIA = grammar(
    types=r"(?:mutable )?(?:struct|abstract type|primitive type|module|baremodule) <name>",
    functions=r"""
        (?:@\w+ )*(?:function|macro) (?:\w+\.)*<banged>
        <start>(?:\w+\.)*<banged>(?=\([^()\n]{0,200}\) ?(?:where[^=\n]{1,80})?=(?!=))
    """,
    values=r"const <name>(?= ?=)",
    quote='"""',
    banged=r"([^\W\d]\w*+!?)",
)
_NIM = grammar(
    types=r"""
        (?:type )?<Name>(?=\*?(?:\[[^\]\n]*\])? ?(?:\{[^}\n]*\} ?)?= ?(?:ref |ptr )?
            (?:object|enum|distinct|tuple|concept)\b)
    """,
    functions=r"(?:proc|func|method|iterator|macro|template|converter) `?<name>",
)
_GDSCRIPT = grammar(
    types=r"(?:class|class_name|enum) <name>",
    functions=r"(?:static )?func <name>",
    values=r"<start>(?:@\w+(?:\([^)\n]*\))? )?(?:const|var|signal) <name>",
)
_VIM = grammar(
    functions=r"(?:export )?(?:fu(?:n(?:c(?:tion)?)?)?|def)!? (?:[sg]:)?(?:\w+[#.])*<name>(?= ?\()",
    values=r"com(?:mand)?!? (?:-\S+ )*<Name>",
)
_POWERSHELL = grammar(
    types=r"(?i:class|enum) <name>",
    functions=r"(?i:function|filter) (?:\w+:)?([^\W\d][\w-]*+)",
)
_FISH = grammar(functions=r"function ([\w.-]+)", values=r"set -\w+ <name>")
_TCL = grammar(types=r"namespace eval (?:\w*::)*<name>", functions=r"proc (?:\w*::)*<name>")

GRAMMARS: dict[str, Grammar] = {
    "bash": _BASH,
    "bazel": _PYTHON,
    "crystal": _RUBY,
    "cython": _PYTHON,
    "fish": _FISH,
    "gdscript": _GDSCRIPT,
    "julia": _JULIA,
    "lua": _LUA,
    "nim": _NIM,
    "perl": _PERL,
    "powershell": _POWERSHELL,
    "python": _PYTHON,
    "r": _R,
    "ruby": _RUBY,
    "starlark": _PYTHON,
    "tcl": _TCL,
    "vim": _VIM,
}
