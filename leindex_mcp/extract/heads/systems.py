"""Heads in C, C++, Go, Rust, Swift, Zig and their kin."""

from __future__ import annotations

from leindex_mcp.extract.heads.grammar import FUNCTION, TYPE, VALUE, Grammar, grammar

# Parentheses with one level inside, bounded: a parameter list, however many lines it takes.
_PARAMETERS = r"\((?:[^(){};]|\([^(){};]{0,200}+\)){0,600}+\)"
_NO_STATEMENT = r"(?!(?:return|else|new|delete|throw|case|goto|typedef|using|do|if|for|while|switch|co_\w+|sizeof)\b)"
# One word of a type, with its template arguments, pointers and references.
_TYPE_WORD = r"(?:[\w:]+(?:<[^;{}()\n]{0,120}>)?[ \t]*[*&]*[ \t]+[*&]*)"
_C_TYPES = (TYPE, r"(?:typedef[ \t]+)?(?:struct|union|enum)\s+(?:[A-Z_]+\s+)?<name>\s*(?=\{)")
_C_MACROS = (
    (FUNCTION, r"#[ \t]*define[ \t]+<name>(?=\()"),
    (VALUE, r"#[ \t]*define[ \t]+<name>(?=[ \t]+\S)"),
)
_C_TYPEDEFS = (
    (TYPE, r"typedef\b[^;{}()\n]{1,200}?<name>(?=[ \t]*(?:\[[^\]\n]*\])?;)"),
    (TYPE, rf"typedef\b[^;{{}}()\n]{{1,200}}\([ \t]*(?:\w+[ \t]*)?\*[ \t]*<name>(?=\))"),
    (TYPE, r"\}[ \t]*(?:\w+\([^)\n]*\)[ \t]*)?<name>(?=[ \t]*;)"),
)
_C = grammar(
    *_C_MACROS,
    _C_TYPES,
    *_C_TYPEDEFS,
    (FUNCTION, rf"{_NO_STATEMENT}(?:\w[\w \t*]{{0,150}}?[ \t*]|)<name>[ \t]*(?={_PARAMETERS}\s*(?:[\w()]+\s*)?\{{)"),
    (VALUE, rf"{_NO_STATEMENT}\w[\w \t*]{{0,150}}?[ \t*]<name>[ \t]*(?={_PARAMETERS}[^;{{}}()=]{{0,80}}(?:\([^()]{{0,80}}\))?;)"),
    (VALUE, r"(?:static|const|extern)[ \t][\w \t*]{1,100}?[ \t*]<name>[ \t]*(?=(?:\[[^\]\n]*\][ \t]*)*(?:=|;))"),
    lead="",
)
_CPP = grammar(
    *_C_MACROS,
    (TYPE, r"(?:template[ \t]*<[^;{}]{0,200}?>\s*)?(?:typedef[ \t]+)?(?:class|struct|union|enum(?:[ \t]+(?:class|struct))?)\s+(?:[A-Z_0-9]+(?:\([^)\n]*\))?\s+)?<name>(?=[^;(){}=]{0,300}+\{)"),
    *_C_TYPEDEFS,
    (TYPE, r"(?:template[ \t]*<[^;{}]{0,200}?>\s*)?(?:using|concept)\s+<name>(?=\s*=)"),
    (FUNCTION, rf"{_NO_STATEMENT}{_TYPE_WORD}{{1,8}}(?:[\w<>,]+::)*~?<name>[ \t]*(?={_PARAMETERS}[^;{{}}()=]{{0,200}}(?:\([^;{{}}]{{0,200}})?\{{)"),
    (VALUE, rf"{_NO_STATEMENT}{_TYPE_WORD}{{1,8}}(?:[\w<>,]+::)*~?<name>[ \t]*(?={_PARAMETERS}[^;{{}}()]{{0,120}}(?:\([^;{{}}]{{0,120}}\)[^;{{}}()]{{0,60}})?;)"),
    (VALUE, rf"(?:static|const|constexpr|extern|inline)[ \t]+{_TYPE_WORD}{{1,6}}<name>[ \t]*(?=(?:\[[^\]\n]*\][ \t]*)*(?:=|;|\{{))"),
)
_GO = grammar(
    (FUNCTION, r"func[ \t]+(?:\([^()\n]{0,200}\)[ \t]*)?<name>(?=[ \t]*[(\[])"),
    (TYPE, r"type[ \t]+<name>(?=[ \t\[=])"),
    (TYPE, r"\t<name>(?=(?:\[[^\]\n]*\])?[ \t]+(?:struct|interface)[ \t]*\{)"),
    (VALUE, r"(?:var|const)[ \t]+<name>(?=[ \t=,])"),
    (VALUE, r"\t<Name>(?=(?:[ \t]+[\w.*\[\]]+)?[ \t]+=[ \t])"),
    lead="",
)
_RUST = grammar(
    (FUNCTION, r"(?:(?:default|const|async|unsafe|extern(?:[ \t]+\"[^\"\n]*\")?)[ \t]+)*fn[ \t]+(?:r#)?<name>(?=[ \t]*[(<])"),
    (TYPE, r"(?:unsafe[ \t]+)?(?:auto[ \t]+)?(?:struct|enum|union|trait|type)[ \t]+<name>(?=[ \t]*[^\w \t])"),
    (TYPE, r"mod[ \t]+<name>(?=[ \t]*\{)"),
    (FUNCTION, r"macro_rules![ \t]*<name>"),
    (VALUE, r"(?:const|static(?:[ \t]+mut)?)[ \t]+<name>(?=[ \t]*:)"),
    (VALUE, r"(?:unsafe[ \t]+)?impl\b(?:<[^{;]{0,300}?>)?[ \t]+(?:[^{;\n]{0,200}?[ \t]for[ \t]+)?(?:&(?:'\w+[ \t]+)?)?(?:mut[ \t]+)?(?:dyn[ \t]+)?(?:\w+::)*<name>(?=[^;(){}]{0,300}\{)"),
    lead=r"[ \t]*+(?:pub(?:\([^)\n]*\))?[ \t]+)?",
)
_ZIG = grammar(
    (FUNCTION, r"(?:pub[ \t]+)?(?:export[ \t]+|extern[ \t]+(?:\"[^\"\n]*\"[ \t]+)?|inline[ \t]+|noinline[ \t]+)*fn[ \t]+<name>(?=[ \t]*\()"),
    (TYPE, r"(?:pub[ \t]+)?const[ \t]+<name>(?=[ \t]*(?::[ \t]*type[ \t]*)?=[ \t]*(?:(?:extern|packed)[ \t]+)?(?:struct|enum|union|opaque|error)\b[^;\n]*\{)"),
    (VALUE, r"pub[ \t]+(?:export[ \t]+|extern[ \t]+(?:\"[^\"\n]*\"[ \t]+)?|threadlocal[ \t]+)*(?:const|var)[ \t]+<name>(?=[ \t]*[:=])"),
    (VALUE, r"(?<=\n)(?:threadlocal[ \t]+)?(?:const|var)[ \t]+<name>(?=[ \t]*[:=])"),
)
_SWIFT_MODIFIERS = r"(?:(?:@\w+(?:\([^)\n]*\))?|public|private|fileprivate|internal|open|final|static|class|override|mutating|nonmutating|required|convenience|indirect|lazy|weak|unowned|dynamic|nonisolated|isolated|prefix|postfix|infix|distributed|private\(set\)|fileprivate\(set\)|public\(set\)|internal\(set\))[ \t]+)*"
_SWIFT = grammar(
    (FUNCTION, rf"{_SWIFT_MODIFIERS}func[ \t]+<name>(?=[ \t]*[(<])"),
    (TYPE, rf"{_SWIFT_MODIFIERS}(?:class|struct|enum|protocol|actor|typealias|associatedtype|macro)[ \t]+(?!func\b|var\b|let\b)<name>"),
    (VALUE, rf"{_SWIFT_MODIFIERS}extension[ \t]+(?:\w+\.)*<name>"),
    (VALUE, rf"(?:(?<=\n)|(?=[@\w]+[ \t(][^=\n]{{0,80}}\b(?:let|var)\b)){_SWIFT_MODIFIERS}(?:let|var)[ \t]+<name>(?=[ \t]*[:={{,])"),
)
_OBJC = grammar(
    *_C_MACROS,
    (TYPE, r"@(?:interface|implementation|protocol)[ \t]+<name>"),
    (FUNCTION, r"[-+][ \t]*\([^)\n]*\)[ \t]*<name>"),
    _C_TYPES,
    *_C_TYPEDEFS,
    (FUNCTION, rf"{_NO_STATEMENT}\w[\w \t*]{{0,150}}?[ \t*]<name>[ \t]*(?={_PARAMETERS}\s*\{{)"),
    lead="",
)

GRAMMARS: dict[str, Grammar] = {
    "c": _C,
    "cpp": _CPP,
    "cuda": _CPP,
    "go": _GO,
    "objective-c": _OBJC,
    "rust": _RUST,
    "swift": _SWIFT,
    "zig": _ZIG,
}
