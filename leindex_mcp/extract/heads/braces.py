"""Heads in Java, C#, Kotlin, Scala, JavaScript, TypeScript, PHP and their kin."""

from __future__ import annotations

from leindex_mcp.extract.heads.grammar import Grammar, grammar

_C_LIKE_PARTS = {
    "no_statement": r"""
        (?!(?:return|else|new|throw|case|assert|if|for|foreach|while|switch|do|try|catch|yield|await|in|out
            |using|lock|fixed|super|this|when|finally)\b)
    """,
    "type": r"(?:[\w.]++(?:<[^;{}()=\n]{0,200}>)?(?:\.\w+)*+(?:\[,*\])*\??\*?|\([^(){};=\n]{1,200}\)\??) ",
    "bounds": r"<[^;{}()\n]{0,200}> ?",
    "modifiers": r"<modifier>*+",
}
_JAVA = grammar(
    types=r"""
        <modifiers>(?:class|interface|enum|record|@interface) <name>
            (?=\s*[<{(]| ?\n|\s+(?:extends|implements)\b)
    """,
    functions=r"""
        <modifiers><no_statement>(?:<bounds>)?(?:<type>)?<name> ?(?=<parameters><throws>\s*\{)
    """,
    values=r"""
        <modifiers><no_statement>(?:<bounds>)?<type><name> ?
            (?=<parameters><throws>(?:\s*default\b[^;]{0,200}+)?\s*;)
        <modifier>++<type><name>(?= ?[=;])
    """,
    throws=r"(?:\s*throws\s[\w.,\s]{1,200}?)?",
    modifier=r"""
        (?:(?:@(?!interface\b)\w[\w.]*(?:\([^()\n]*\))?|public|private|protected|static|final|abstract|default
            |synchronized|native|strictfp|transient|volatile|sealed|non-sealed|def) )
    """,
    **_C_LIKE_PARTS,
)
_CSHARP = grammar(
    types=r"""
        <modifiers>(?:class|interface|enum|struct|record(?: (?:class|struct))?) <name>
        <modifiers>delegate [^;(]{1,100}?[ \t]<name>(?=<generics> ?\()
    """,
    functions=r"""
        <modifiers><no_statement>(?:<type>)?(?:<owner>)?<name>
            (?=<generics> ?<parameters><constraints>(?:\{|=>))
    """,
    values=r"""
        <modifiers><no_statement><type><name>(?=<generics> ?<parameters><constraints>;)
        <modifier>++<type><name>(?=\s*(?:=|;|\{))
    """,
    lead=r" ?(?:\[[^\]\n]{1,200}\] ?)?+",
    owner=r"[\w.]+(?:<[^;{}()\n]{0,100}>)?\.",
    constraints=r"(?:\s*//[^\n]*)?\s*(?:where[^{;=]{1,300})?(?::[^{;]{1,200})?",
    modifier=r"""
        (?:(?:public|private|protected|internal|static|sealed|abstract|virtual|override|readonly|async|extern
            |unsafe|partial|new|const|volatile|required|ref|file|event|implicit|explicit) )
    """,
    **_C_LIKE_PARTS,
)
_DART = grammar(
    types=r"<modifiers>(?:class|mixin|enum|extension|typedef) <name>",
    functions=r"""
        <modifiers><no_statement><type>(?:[gs]et )?<name>
            (?= ?<generics>(?:<parameters>)?\s*(?:async\*? ?)?(?:\{|=>))
    """,
    modifier=r"(?:(?:abstract|base|final|sealed|interface|mixin|static|external|const|factory|late|@\w+) )",
    **_C_LIKE_PARTS,
)
_KOTLIN = grammar(
    types=r"<modifiers>(?:class|interface|object|typealias) <name>",
    functions=r"<modifiers>fun (?:<bounds>)?(?:<receiver>|\([^()\n]{0,100}\)\.)?`?<name>(?=`? ?[(<])",
    values=r"(?:<modifier>++|<start>)(?:val|var) (?:<bounds>)?(?:<receiver>)*<name>(?= ?(?:[:=\n]|by\b))",
    quote='"""',
    receiver=r"[\w.]+(?:<[^;{}()\n]{0,100}>)?\??\.",
    modifier=r"""
        (?:(?:@\w[\w.:]*(?:\([^()\n]*\))?|public|private|protected|internal|open|abstract|final|sealed|override
            |inline|suspend|operator|infix|tailrec|external|expect|actual|data|enum|annotation|inner|value
            |companion|const|lateinit|fun(?= interface)) )
    """,
    bounds=_C_LIKE_PARTS["bounds"],
    modifiers=_C_LIKE_PARTS["modifiers"],
)
_SCALA = grammar(
    types=r"<modifiers>(?:class|trait|object|enum|package object|type) <quotable>",
    functions=r"<modifiers>def <quotable>",
    values=r"""
        <modifiers>given <name>(?=[^=\n]{0,200}(?:=|:|with))
        (?:<modifier>++|<start>|(?<=\n\x20\x20))(?:val|var) <quotable>(?=`? ?[:=])
    """,
    quote='"""',
    quotable=r"`?((?<=`)[^`\n]+|[^\W\d][\w$]*+)",
    modifier=r"""
        (?:(?:@\w+(?:\([^()\n]*\))?|private(?:\[\w+\])?|protected(?:\[\w+\])?|final|sealed|abstract|implicit
            |override|lazy|inline|transparent|open|case|opaque|infix) )
    """,
    modifiers=_C_LIKE_PARTS["modifiers"],
)
_JAVASCRIPT = grammar(
    types=r"""
        (?:abstract )?class (?!extends\b)<identifier>
        interface <identifier>(?=\s*[<{]|\s+extends\b)
        (?:(?:const )?enum|namespace|module) <identifier>(?=[\w.]*\s*\{)
        type <identifier>(?=\s*[=<])
        (?:const|let|var) <identifier>(?= ?= ?class\b)
    """,
    # In turn: a declaration; a constant, a member or a property that holds a function; a method.
    functions=r"""
        (?:async )?function\b ?\*? ?<identifier>
        (?:const|let|var) <identifier>(?= ?(?::[^=\n]{1,200})?=\s*<function>)
        (?:[\w$]++\.)++<identifier>(?= ?= ?<function>)
        <modifiers>#?<identifier>
            (?= ?(?:= ?<function>|: ?(?:async\b|function\b|\w+ ?=>|<parameters> ?=> ?\{)))
        <modifiers>\*? ?#?<no_statement><identifier>(?=\??<generics><arguments> ?(?::[^;\n]{1,200}?)?\{)
    """,
    # Second and third: signatures in an interface, a type or an abstract class.
    values=r"""
        (?:<start>|(?<=export\s)|(?<=declare\s))(?:const|let|var) <identifier>(?= ?[:=;,\n])
        <modifiers><no_statement><identifier>(?=\??<generics><arguments>:)
        (?:readonly )?<identifier>(?=\??: ?(?:<[^;{}\n]{1,80}>)?\([^()\n]{0,200}(?:\)|$))
    """,
    lead=r" ?(?:export )?+(?:default )?+(?:declare )?+",
    identifier=r"((?!\d)[\w$]++)",
    arguments=r"\((?:[^();]|\((?:[^();]|\([^();]{0,100}+\)){0,200}+\)){0,800}+\)",
    function=r"""
        (?:async\b ?)?(?:function\b|\w+ ?=>|<[^;{}\n]{1,80}>\s*\(
            |\((?:[^()]|\([^()]{0,200}+\)){0,600}+\) ?(?::[^=;\n]{1,120})?=>)
    """,
    modifiers=r"""
        (?:(?:public|private|protected|static|async|override|readonly|get|set|abstract|declare|accessor) )*+
    """,
    no_statement=r"""
        (?!(?:if|for|while|switch|catch|with|return|function|else|new|throw|typeof|await|super|do|case)\b)
    """,
)
_PHP = grammar(
    types=r"<modifiers>(?:class|interface|trait|enum) <name>",
    functions=r"<modifiers>function &? ?<name>",
    values=r"""
        <modifiers>const (?:\??\w+ )?<name>(?= ?=)
        define\( ?['\"]<name>
        <modifier>++(?:\??[\w\\|]+ )?\$<name>
    """,
    modifier=r"(?:(?:public|private|protected|static|final|abstract|readonly|var) )",
    modifiers=_C_LIKE_PARTS["modifiers"],
)

GRAMMARS: dict[str, Grammar] = {
    "csharp": _CSHARP,
    "dart": _DART,
    "groovy": _JAVA,
    "java": _JAVA,
    "javascript": _JAVASCRIPT,
    "kotlin": _KOTLIN,
    "php": _PHP,
    "scala": _SCALA,
    "svelte": _JAVASCRIPT,
    "tsx": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "vue": _JAVASCRIPT,
}
