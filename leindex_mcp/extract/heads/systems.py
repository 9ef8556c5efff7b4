"""Heads in C, C++, Go, Rust, Swift, Zig and their kin."""

from __future__ import annotations

from leindex_mcp.extract.heads.grammar import Grammar, grammar

# A macro without a value is an include guard or a switch.
_MACRO = r"# ?define <name>(?=\()"
_MACRO_VALUE = r"# ?define <name>(?= \S)"
_C_PARTS = {
    "no_statement": r"(?!(?:return|else|typedef|goto|case|do|if|for|while|switch|sizeof)\b)",
    "type": r"\w[\w \t*]{0,150}?[ \t*]",
    "attributes": r"[^;{}()=]{0,80}+(?:\([^(){};]{0,80}+(?:\([^()]{0,80}+\)[^(){};]{0,80}+)?\))?",
    "record": r"(?:typedef )?(?:static )?(?:struct|union|enum)\s+(?:[A-Z_]+\s+)?<name>\s*(?=\{)",
    "alias": r"typedef\b[^;{}()\n]{1,200}?\b<name>(?= ?(?:\[[^\]\n]*\] ?)*;| ?<parameters>;)",
    "pointer_alias": r"typedef\b[^;{}()\n]{1,200}\( ?(?:\w+ )?[*^] ?<name>(?= ?\))",
    "end_of_alias": r"\} ?(?:\w+\([^)\n]*\) )?<name>(?= ?[;,])",
}
_C = grammar(
    types=r"""
        <record>
        <alias>
        <pointer_alias>
        <end_of_alias>
    """,
    # Second: in TEST_IMPL(tcp_close) { and UV_UNUSED(static int lstat(…)) { the macro is not what is defined.
    functions=rf"""
        {_MACRO}
        (?:static )?[A-Z][A-Z\d_]{{2,}}\((?:<type>)?<name>
            (?=[,)][^;{{}}()]{{0,200}}\)?\s*\{{|<parameters>\)\s*\{{)
        <no_statement>(?:<type>)?<name> ?(?=<parameters>\s*<attributes>\s*\{{)
    """,
    values=rf"""
        {_MACRO_VALUE}
        <no_statement><type><name> ?(?=<parameters>\s*<attributes>;)
        (?:static|const|extern) [\w \t*]{{1,100}}?[ \t*]<name> ?(?=(?:\[[^\]\n]*\] ?)*[=;])
    """,
    lead="",
    **_C_PARTS,
)
_OBJECTIVE_C = grammar(
    types=r"""
        @(?:interface|implementation|protocol) <name>
        typedef NS_(?:ENUM|OPTIONS) ?\([^,)\n]*, ?<name>
        <record>
        <alias>
        <pointer_alias>
        <end_of_alias>
    """,
    functions=rf"""
        {_MACRO}
        [-+] ?\([^)\n]*\) ?<name>
        <no_statement><type><name> ?(?=<parameters>\s*\{{)
    """,
    values=_MACRO_VALUE,
    lead="",
    **_C_PARTS,
)
_CPP = grammar(
    types=r"""
        <template>(?:typedef )?(?:class|struct|union|enum(?: (?:class|struct))?)\s+(?:\[\[[^\]]*\]\]\s*)?
            (?:[A-Z_\d]+(?:\([^)\n]*\))?\s+)?(?:\w+::)*<name>(?=[^;(){}=]{0,300}+\{)
        <template>(?:using|concept) <name>(?=\s*=)
        <alias>
        <pointer_alias>
        <end_of_alias>
    """,
    # Third: constructors; only they stand without a type and before a body.
    functions=rf"""
        {_MACRO}
        <no_statement><template>(?:<word>){{1,8}}<scope>~?<name> ?(?=<parameters><tail>\{{)
        <no_statement><template><scope>~?<name>(?=<parameters><tail>\{{)
    """,
    values=rf"""
        {_MACRO_VALUE}
        <no_statement><template>(?:<word>){{1,8}}<scope>~?<name> ?(?=<parameters>[^;{{}}()]{{0,120}}+;)
        (?:(?:static|const|constexpr|extern|inline) )++(?:<word>){{1,6}}<name>(?= ?(?:\[[^\]\n]*\] ?)*[=;{{])
    """,
    **{
        **_C_PARTS,
        "no_statement": r"""
            (?=[^\n(;]*\()(?!(?:return|else|new|delete|throw|case|goto|typedef|using|do|if|for|while|switch|catch|sizeof
                |namespace|co_\w+|decltype|noexcept|requires|static_assert|alignas|defined)\b|[A-Z\d_]+\()
        """,
        "template": r"(?:template ?<[^;{}]{0,300}?>\s*)?",
        "word": r"(?!operator\b)\w[\w:]*+(?:<[^;{}()\n]{0,120}>)?(?:::\w+)*[ \t]*[*&]*[ \t]+[*&]*",
        "scope": r"(?:\w+(?:<[^;{}()\n]{0,80}>)?::)*",
        "tail": r"[^;{}()=]{0,200}+(?:\([^;{}]{0,200})?",
    },
)
_GO = grammar(
    types=r"""
        type <name>(?=[ \t\[=])
        \t<name>(?=(?:\[[^\]\n]*\])? (?:struct|interface) ?\{)
    """,
    functions=r"func (?:\([^()\n]{0,200}\) ?)?<name>(?= ?[(\[])",
    # Second: a line in a block of constants; local names have no capital.
    values=r"""
        (?:var|const) <name>(?=[ \t=,])
        \t<Name>(?=(?: [\w.*\[\]]+)? = )
    """,
    lead="",
)
_RUST = grammar(
    types=r"""
        (?:(?:unsafe|auto) )*(?:struct|enum|union|trait|type) <name>(?= ?[^\w \t])
        mod <name>(?= ?\{)
    """,
    functions=r"""
        (?:(?:default|const|async|unsafe|extern(?: "[^"\n]*")?) )*fn (?:r#)?<name>(?= ?[(<])
        macro_rules! ?<name>
    """,
    values=r"""
        (?:const|static(?: mut)?) <name>(?= ?:)
        (?:unsafe )?impl\b(?:<[^{;]{0,300}?>)? (?:[^{;\n]{0,200}? for )?(?:&(?:'\w+ )?)?(?:mut )?(?:dyn )?
            (?:\w+::)*<name>(?=[^;(){}]{0,300}\{)
    """,
    lead=r" ?(?:pub(?:\([^)\n]*\))? )?+",
)
_SWIFT = grammar(
    types=r"(?:class|struct|enum|protocol|actor|typealias|associatedtype|macro) <name>",
    functions=r"func <name>(?= ?[(<])",
    values=r"""
        extension (?:\w+\.)*<name>
        (?:<start>|(?<=[a-z)][ \t]))(?:let|var) <name>(?= ?[:={,])
    """,
    lead=r" ?<modifiers>",
    modifiers=r"""
        (?:(?:@\w+(?:\([^)\n]*\))?|public|private|fileprivate|internal|open|final|static|override|mutating
            |nonmutating|required|convenience|indirect|lazy|weak|unowned|dynamic|nonisolated|prefix|postfix
            |infix|distributed|package|class(?= (?:func|var|let)\b)
            |(?:private|fileprivate|public|internal)\(set\)) )*+
    """,
)
_ZIG = grammar(
    types=r"""
        <modifiers>const <name>(?= ?(?:: ?type ?)?= ?(?:(?:extern|packed) )?
            (?:struct|enum|union|opaque|error)\b[^;\n]*\{)
    """,
    functions=r"<modifiers>fn <name>(?= ?\()",
    values=r"""
        pub <modifiers>(?:const|var) <name>(?= ?[:=])
        <start>(?:threadlocal )?(?:const|var) <name>(?= ?[:=])
    """,
    modifiers=r'(?:(?:pub|export|extern(?: "[^"\n]*")?|inline|noinline|threadlocal) )*',
)
_D = grammar(
    types=r"<modifiers>(?:class|struct|union|enum|interface|template|mixin template|alias) <name>",
    functions=r"""
        <modifiers>(?!return\b|else\b)[\w.!\[\]]+(?: ?\*)* <name>(?= ?<parameters>\s*[^;{}()=]{0,80}+\{)
    """,
    modifiers=r"(?:(?:public|private|protected|package|static|final|abstract|override|@\w+|const|auto) )*",
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
