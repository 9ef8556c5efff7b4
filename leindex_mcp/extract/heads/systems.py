"""Heads in C, C++, Go, Rust, Swift, Zig and their kin."""

from __future__ import annotations

from leindex_mcp.extract.heads.grammar import FUNCTION, TYPE, VALUE, Grammar, grammar

_MACROS = (
    (FUNCTION, r"# ?define <name>(?=\()"),
    (VALUE, r"# ?define <name>(?= \S)"),  # without a value it is an include guard or a switch
)
_TYPEDEFS = (
    (TYPE, r"typedef\b[^;{}()\n]{1,200}?\b<name>(?= ?(?:\[[^\]\n]*\] ?)*;)"),
    (TYPE, r"typedef\b[^;{}()\n]{1,200}\( ?(?:\w+ )?[*^] ?<name>(?= ?\))"),
    (TYPE, r"typedef\b[^;{}()\n]{1,200}?\b<name>(?= ?<parameters>;)"),
    (TYPE, r"\} ?(?:\w+\([^)\n]*\) )?<name>(?= ?[;,])"),
)
_C_PARTS = {
    "no_statement": r"(?!(?:return|else|typedef|goto|case|do|if|for|while|switch|sizeof)\b)",
    # A return type that may end the line before: words and stars.
    "type": r"\w[\w \t*]{0,150}?[ \t*]",
    "attributes": r"[^;{}()=]{0,80}+(?:\([^(){};]{0,80}+(?:\([^()]{0,80}+\)[^(){};]{0,80}+)?\))?",
}
_C = grammar(
    *_MACROS,
    (TYPE, r" ?(?:typedef )?(?:static )?(?:struct|union|enum)\s+(?:[A-Z_]+\s+)?<name>\s*(?=\{)"),
    *_TYPEDEFS,
    # TEST_IMPL(tcp_close) {, UV_UNUSED(static int uv__lstat(…)) {: the macro is not what is defined.
    (FUNCTION, r"(?:static )?[A-Z][A-Z\d_]{2,}\((?:<type>)?<name>(?=[,)][^;{}()]{0,200}\)?\s*\{|<parameters>\)\s*\{)"),
    (FUNCTION, r"<no_statement>(?:<type>)?<name> ?(?=<parameters>\s*<attributes>\s*\{)"),
    (VALUE, r"<no_statement><type><name> ?(?=<parameters>\s*<attributes>;)"),
    (VALUE, r"(?:static|const|extern) [\w \t*]{1,100}?[ \t*]<name> ?(?=(?:\[[^\]\n]*\] ?)*[=;])"),
    lead="",
    **_C_PARTS,
)
_OBJECTIVE_C = grammar(
    *_MACROS,
    (TYPE, r"@(?:interface|implementation|protocol) <name>"),
    (TYPE, r"typedef NS_(?:ENUM|OPTIONS) ?\([^,)\n]*, ?<name>"),
    (FUNCTION, r"[-+] ?\([^)\n]*\) ?<name>"),
    (TYPE, r"(?:typedef )?(?:struct|union|enum)\s+<name>\s*(?=\{)"),
    *_TYPEDEFS,
    (FUNCTION, r"<no_statement><type><name> ?(?=<parameters>\s*\{)"),
    lead="",
    **_C_PARTS,
)
_CPP = grammar(
    *_MACROS,
    (
        TYPE,
        r"(?:template ?<[^;{}]{0,300}?>\s*)?(?:typedef )?(?:class|struct|union|enum(?: (?:class|struct))?)\s+"
        r"(?:\[\[[^\]]*\]\]\s*)?(?:[A-Z_\d]+(?:\([^)\n]*\))?\s+)?(?:\w+::)*<name>(?=[^;(){}=]{0,300}+\{)",
    ),
    *_TYPEDEFS,
    (TYPE, r"(?:template ?<[^;{}]{0,300}?>\s*)?(?:using|concept) <name>(?=\s*=)"),
    (FUNCTION, r"<no_statement><template>(?:<type>){1,8}<scope>~?<name> ?(?=<parameters><tail>\{)"),
    (VALUE, r"<no_statement><template>(?:<type>){1,8}<scope>~?<name> ?(?=<parameters>[^;{}()]{0,120}+;)"),
    # Constructors and the like: a body follows, and nothing else may stand so.
    (FUNCTION, r"<no_statement>(?:<template>)?<scope>~?<name>(?=<parameters><tail>\{)"),
    (
        VALUE,
        r"(?:(?:static|const|constexpr|extern|inline) )++(?:<type>){1,6}<name>(?= ?(?:\[[^\]\n]*\] ?)*[=;{])",
    ),
    no_statement=(
        r"(?!(?:return|else|new|delete|throw|case|goto|typedef|using|do|if|for|while|switch|catch|sizeof"
        r"|namespace|co_\w+|decltype|noexcept|requires|static_assert|alignas|defined)\b|[A-Z_]+_ASSERT)"
    ),
    template=r"(?:template ?<[^;{}]{0,300}?>\s*)?",
    type=r"(?!operator\b)\w[\w:]*+(?:<[^;{}()\n]{0,120}>)?(?:::\w+)*[ \t]*[*&]*[ \t]+[*&]*",
    scope=r"(?:\w+(?:<[^;{}()\n]{0,80}>)?::)*",
    tail=r"[^;{}()=]{0,200}+(?:\([^;{}]{0,200})?",
)
_GO = grammar(
    (FUNCTION, r"func (?:\([^()\n]{0,200}\) ?)?<name>(?= ?[(\[])"),
    (TYPE, r"type <name>(?=[ \t\[=])"),
    (TYPE, r"\t<name>(?=(?:\[[^\]\n]*\])? (?:struct|interface) ?\{)"),
    (VALUE, r"(?:var|const) <name>(?=[ \t=,])"),
    (VALUE, r"\t<Name>(?=(?: [\w.*\[\]]+)? = )"),  # in a block; local names have no capital
    lead="",
)
_RUST = grammar(
    (FUNCTION, r'(?:(?:default|const|async|unsafe|extern(?: "[^"\n]*")?) )*fn (?:r#)?<name>(?= ?[(<])'),
    (TYPE, r"(?:(?:unsafe|auto) )*(?:struct|enum|union|trait|type) <name>(?= ?[^\w \t])"),
    (TYPE, r"mod <name>(?= ?\{)"),
    (FUNCTION, r"macro_rules! ?<name>"),
    (VALUE, r"(?:const|static(?: mut)?) <name>(?= ?:)"),
    (
        VALUE,
        r"(?:unsafe )?impl\b(?:<[^{;]{0,300}?>)? (?:[^{;\n]{0,200}? for )?(?:&(?:'\w+ )?)?(?:mut )?(?:dyn )?"
        r"(?:\w+::)*<name>(?=[^;(){}]{0,300}\{)",
    ),
    lead=r" ?(?:pub(?:\([^)\n]*\))? )?+",
)
_SWIFT = grammar(
    (FUNCTION, r"func <name>(?= ?[(<])"),
    (TYPE, r"(?:class|struct|enum|protocol|actor|typealias|associatedtype|macro) (?!func\b|var\b|let\b)<name>"),
    (VALUE, r"extension (?:\w+\.)*<name>"),
    (VALUE, r"(?:<start>|(?<=[a-z)][ \t]))(?:let|var) <name>(?= ?[:={,])"),
    lead=(
        r" ?(?:(?:@\w+(?:\([^)\n]*\))?|public|private|fileprivate|internal|open|final|static|class(?= (?:func|var|let)\b)|override"
        r"|mutating|nonmutating|required|convenience|indirect|lazy|weak|unowned|dynamic|nonisolated|prefix"
        r"|postfix|infix|distributed|package|(?:private|fileprivate|public|internal)\(set\)) )*+"
    ),
)
_ZIG = grammar(
    (FUNCTION, r"<modifiers>fn <name>(?= ?\()"),
    (
        TYPE,
        r"<modifiers>const <name>(?= ?(?:: ?type ?)?= ?(?:(?:extern|packed) )?"
        r"(?:struct|enum|union|opaque|error)\b[^;\n]*\{)",
    ),
    (VALUE, r"pub <modifiers>(?:const|var) <name>(?= ?[:=])"),
    (VALUE, r"<start>(?:threadlocal )?(?:const|var) <name>(?= ?[:=])"),
    modifiers=r'(?:(?:pub|export|extern(?: "[^"\n]*")?|inline|noinline|threadlocal) )*',
)
_D = grammar(
    (TYPE, r"<modifiers>(?:class|struct|union|enum|interface|template|mixin template|alias) <name>"),
    (FUNCTION, r"<modifiers>(?!return\b|else\b)[\w.!\[\]]+(?: ?\*)* <name>(?= ?<parameters>\s*[^;{}()=]{0,80}+\{)"),
    modifiers=r"(?:(?:public|private|protected|package|static|final|abstract|override|@\w+|pure|const|auto) )*",
)

GRAMMARS: dict[str, Grammar] = {
    "c": _C,
    "cpp": _CPP,
    "cuda": _CPP,
    "d": _D,
    "glsl": _C,
    "go": _GO,
    "objective-c": _OBJECTIVE_C,
    "rust": _RUST,
    "swift": _SWIFT,
    "zig": _ZIG,
}
