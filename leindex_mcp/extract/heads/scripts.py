"""Heads in Python, Ruby, Lua, Bash, Perl and their kin."""

from __future__ import annotations

from leindex_mcp.extract.heads.grammar import FUNCTION, TYPE, VALUE, Grammar, grammar

_PYTHON = grammar(
    (FUNCTION, r"(?:async[ \t]+)?(?:c?p?def)[ \t]+(?:inline[ \t]+)?<name>(?=[ \t]*[(\[])"),
    (TYPE, r"(?:cdef[ \t]+)?class[ \t]+<name>(?=[ \t]*[:(\[])"),
    (TYPE, r"type[ \t]+<name>(?=[ \t]*(?:=|\[))"),
    (VALUE, r"(?<=\n)<name>(?=[ \t]*(?:=(?!=)|:[ \t]*[\w\"'][^=\n]{0,200}(?:=|$)))"),
)
_RUBY = grammar(
    (FUNCTION, r"(?:private[ \t]+|protected[ \t]+|public[ \t]+|private_class_method[ \t]+|module_function[ \t]+)?def[ \t]+(?:[\w:]+\.)?([^\W\d]\w*[?!]?)"),
    (TYPE, r"(?:class|module)[ \t]+(?:::)?(?:\w+::)*<Name>"),
    (VALUE, r"(?:\w+::)*<Name>(?=[ \t]*(?:\|\||&&)?=(?![=~>]))"),
    (VALUE, r"(?:attr_(?:reader|writer|accessor)|c?m?attr_(?:reader|writer|accessor)|class_attribute|thread_mattr_accessor|alias_method|scope|delegate)[ \t(]+:([^\W\d]\w*[?!]?)"),
    (VALUE, r"alias[ \t]+:?([^\W\d]\w*[?!]?)(?=[ \t]+:?\w)"),
    (FUNCTION, r"define_(?:singleton_)?method[ \t(]+:([^\W\d]\w*[?!]?)"),
)
_LUA = grammar(
    (FUNCTION, r"(?:local[ \t]+)?function[ \t]+(?:\w+[.:])*<name>(?=[ \t]*\()"),
    (FUNCTION, r"(?:local[ \t]+)?(?:\w+\.)*<name>(?=[ \t]*=[ \t]*function\b)"),
    (VALUE, r"(?<=\n)(?:local[ \t]+)?(?:\w+\.)*<name>(?=[ \t]*(?:,[ \t]*\w+[ \t]*)*=(?!=))"),
)
_BASH = grammar(
    (FUNCTION, r"(?:function[ \t]+)([^\W\d][\w:.@-]*)(?=[ \t]*(?:\(|\{|$|\n))"),
    (FUNCTION, r"([^\W\d][\w:.@-]*)(?=[ \t]*\([ \t]*\))"),
    (VALUE, r"(?:export|readonly|declare|typeset)[ \t]+(?:-\w+[ \t]+)*<name>(?==)"),
    (VALUE, r"alias[ \t]+(?:-\w+[ \t]+)*([\w.-]+)(?==)"),
    (VALUE, r"(?<=\n)<name>(?=\+?=)"),
)
_PERL = grammar(
    (FUNCTION, r"sub[ \t]+(?:\w+::)*<name>"),
    (TYPE, r"package[ \t]+(?:\w+::)*<name>"),
    (VALUE, r"(?<=\n)our[ \t]+[$@%]<name>(?=[ \t]*=)"),
    (VALUE, r"use[ \t]+constant[ \t]+<name>"),
)
_R = grammar(
    (FUNCTION, r"([^\W\d][\w.]*)(?=[ \t]*(?:<-|=)[ \t]*function\b)"),
    (VALUE, r"(?<=\n)([^\W\d][\w.]*)(?=[ \t]*<-)"),
    (TYPE, r"set(?:Ref)?Class\([ \t]*['\"]<name>"),
    (FUNCTION, r"set(?:Generic|Method)\([ \t]*['\"]<name>"),
)
_JULIA = grammar(
    (FUNCTION, r"(?:@\w+[ \t]+)*(?:function|macro)[ \t]+(?:[\w.]+\.)?([^\W\d]\w*!?)"),
    (TYPE, r"(?:mutable[ \t]+)?(?:struct|abstract[ \t]+type|primitive[ \t]+type|module|baremodule)[ \t]+<name>"),
    (FUNCTION, r"(?<=\n)(?:[\w.]+\.)?([^\W\d]\w*!?)(?=\([^()\n]{0,200}\)[ \t]*(?:where[^=\n]{1,80})?=(?!=))"),
    (VALUE, r"const[ \t]+<name>(?=[ \t]*=)"),
)
_NIM = grammar(
    (FUNCTION, r"(?:proc|func|method|iterator|macro|template|converter)[ \t]+`?<name>"),
    (TYPE, r"(?:type[ \t]+)?<Name>(?=\*?(?:\[[^\]\n]*\])?[ \t]*(?:\{[^}\n]*\}[ \t]*)?=[ \t]*(?:ref[ \t]+|ptr[ \t]+)?(?:object|enum|distinct|tuple|concept)\b)"),
)
_GDSCRIPT = grammar(
    (FUNCTION, r"(?:static[ \t]+)?func[ \t]+<name>"),
    (TYPE, r"(?:class|class_name|enum)[ \t]+<name>"),
    (VALUE, r"(?<=\n)(?:@\w+(?:\([^)\n]*\))?[ \t]+)?(?:const|var|signal)[ \t]+<name>"),
)
_VIM = grammar(
    (FUNCTION, r"(?:export[ \t]+)?(?:fu(?:n(?:c(?:tion)?)?)?|def)!?[ \t]+(?:[sg]:)?(?:\w+[#.])*<name>(?=[ \t]*\()"),
    (VALUE, r"com(?:mand)?!?[ \t]+(?:-\S+[ \t]+)*<Name>"),
)
_POWERSHELL = grammar(
    (FUNCTION, r"(?i:function|filter)[ \t]+(?:\w+:)?([^\W\d][\w-]*)"),
    (TYPE, r"(?i:class|enum)[ \t]+<name>"),
)
_FISH = grammar((FUNCTION, r"function[ \t]+([\w.-]+)"), (VALUE, r"set[ \t]+-\w+[ \t]+<name>"))
_TCL = grammar((FUNCTION, r"proc[ \t]+(?:\w*::)*<name>"), (TYPE, r"namespace[ \t]+eval[ \t]+(?:\w*::)*<name>"))

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
