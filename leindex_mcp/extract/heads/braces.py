"""Heads in Java, C#, Kotlin, Scala, JavaScript, TypeScript, PHP and their kin."""

from __future__ import annotations

from leindex_mcp.extract.heads.grammar import FUNCTION, TYPE, VALUE, Grammar, grammar

_NO_STATEMENT = (
    r"(?!(?:return|else|new|throw|case|assert|if|for|foreach|while|switch|do|try|catch|yield|await|in|out"
    r"|using|lock|fixed|super|this|when|finally)\b)"
)
_TYPE = r"(?:[\w.]+(?:<[^;{}()=\n]{0,200}>)?(?:\.\w+)*(?:\[[\],]*\])*\??\*?|\([^(){};=\n]{1,200}\)\??) "
_JAVA = grammar(
    (TYPE, r"<modifiers>(?:class|interface|enum|record|@interface) <name>(?=\s*[<{(]| ?\n|\s+(?:extends|implements)\b)"),
    (FUNCTION, r"<modifiers><no_statement>(?:<bounds>)?(?:<type>)?<name> ?(?=<parameters><throws>\s*\{)"),
    (VALUE, r"<modifiers><no_statement>(?:<bounds>)?<type><name> ?(?=<parameters><throws>(?:\s*default\b[^;]*)?\s*;)"),
    (VALUE, r"<modifier>++<type><name>(?= ?[=;])"),
    (FUNCTION, r"def <name>(?= ?<parameters>\s*\{)"),  # Groovy
    no_statement=_NO_STATEMENT,
    type=_TYPE,
    bounds=r"<[^;{}()\n]{0,200}> ",
    throws=r"(?:\s*throws\s[\w.,\s]{1,200}?)?",
    modifier=(
        r"(?:(?:@\w[\w.]*(?:\([^()\n]*\))?|public|private|protected|static|final|abstract|default|synchronized"
        r"|native|strictfp|transient|volatile|sealed|non-sealed) )"
    ),
    modifiers=r"<modifier>*+",
)
_CSHARP = grammar(
    (TYPE, r"<modifiers>(?:class|interface|enum|struct|record(?: (?:class|struct))?) <name>"),
    (TYPE, r"<modifiers>delegate [^;(]{1,100}? <name>(?=<generics> ?\()"),
    (FUNCTION, r"<modifiers><no_statement>(?:<type>)?(?:<owner>)?<name>(?=<generics> ?<parameters><constraints>(?:\{|=>))"),
    (VALUE, r"<modifiers><no_statement><type><name>(?=<generics> ?<parameters><constraints>;)"),
    (VALUE, r"<modifier>++<type><name>(?=\s*(?:=|;|\{))"),
    lead=r" ?(?:\[[^\]\n]{1,200}\] ?)?",
    no_statement=_NO_STATEMENT,
    type=_TYPE,
    owner=r"[\w.]+(?:<[^;{}()\n]{0,100}>)?\.",
    constraints=r"(?:\s*//[^\n]*)?\s*(?:where[^{;=]{1,300})?(?::[^{;]{1,200})?",
    modifier=(
        r"(?:(?:public|private|protected|internal|static|sealed|abstract|virtual|override|readonly|async|extern"
        r"|unsafe|partial|new|const|volatile|required|ref|file|event|implicit|explicit) )"
    ),
    modifiers=r"<modifier>*+",
)
_KOTLIN = grammar(
    (FUNCTION, r"<modifiers>fun (?:<bounds> ?)?(?:<receiver>|\([^()\n]{0,100}\)\.)?`?<name>(?=`? ?[(<])"),
    (TYPE, r"<modifiers>(?:class|interface|object|typealias) <name>"),
    (VALUE, r"(?:<modifier>++|<start>)(?:val|var) (?:<bounds> ?)?(?:<receiver>)*<name>(?= ?(?:[:=\n]|by\b))"),
    bounds=r"<[^;{}()\n]{0,200}>",
    receiver=r"[\w.]+(?:<[^;{}()\n]{0,100}>)?\??\.",
    modifier=(
        r"(?:(?:@\w[\w.:]*(?:\([^()\n]*\))?|public|private|protected|internal|open|abstract|final|sealed|override"
        r"|inline|suspend|operator|infix|tailrec|external|expect|actual|data|enum|annotation|inner|value"
        r"|companion|const|lateinit|fun(?= interface)) )"
    ),
    modifiers=r"<modifier>*+",
)
_SCALA = grammar(
    (FUNCTION, r"<modifiers>def <quotable>"),
    (TYPE, r"<modifiers>(?:class|trait|object|enum|package object|type) <quotable>"),
    (VALUE, r"<modifiers>given <name>(?=[^=\n]{0,200}(?:=|:|with))"),
    (VALUE, r"(?:<modifier>++|<start>|(?<=\n\x20\x20))(?:val|var) <quotable>(?=`? ?[:=])"),
    quote='"""',
    quotable=r"`?((?<=`)[^`\n]+|[^\W\d][\w$]*)",
    modifier=(
        r"(?:(?:@\w+(?:\([^()\n]*\))?|private(?:\[\w+\])?|protected(?:\[\w+\])?|final|sealed|abstract|implicit"
        r"|override|lazy|inline|transparent|open|case|opaque|infix) )"
    ),
    modifiers=r"<modifier>*+",
)
_JAVASCRIPT = grammar(
    (FUNCTION, r"(?:async )?function\b ?\*? ?<identifier>"),
    (TYPE, r"(?:abstract )?class (?!extends\b)<identifier>"),
    (TYPE, r"interface <identifier>(?=\s*[<{]|\s+extends\b)"),
    (TYPE, r"(?:(?:const )?enum|namespace|module) <identifier>(?=[\w.]*\s*\{)"),
    (TYPE, r"type <identifier>(?=\s*[=<])"),
    (FUNCTION, r"(?:const|let|var) <identifier>(?= ?(?::[^=\n]{1,200})?=\s*<function>)"),
    (TYPE, r"(?:const|let|var) <identifier>(?= ?= ?class\b)"),
    (VALUE, r"(?:<start>|(?<=export\s)|(?<=declare\s))(?:const|let|var) <identifier>(?= ?[:=;,\n])"),
    (FUNCTION, r"(?:[\w$]++\.)++<identifier>(?= ?= ?<function>)"),
    (FUNCTION, r"<modifiers>#?<identifier>(?= ?(?:= ?<function>|: ?(?:async\b|function\b|\([\w\s,=.{}]{0,200}+\) ?=>)))"),
    (
        FUNCTION,
        r"<modifiers>\*? ?#?<no_statement><identifier>(?=\??<generics>"
        r"\((?:[^();]|\((?:[^();]|\([^();]{0,100}+\)){0,200}+\)){0,800}+\) ?(?::[^;\n]{1,200}?)?\{)",
    ),
    # A signature in an interface, a type or an abstract class.
    (VALUE, r"<modifiers><no_statement><identifier>(?=\??<generics>\((?:[^();]|\([^();]{0,100}+\)){0,800}+\):)"),
    (VALUE, r"(?:readonly )?<identifier>(?=\??: ?(?:<[^;{}\n]{1,80}>)?\([^()\n]{0,200}(?:\)|$))"),
    lead=r" ?(?:export )?+(?:default )?+(?:declare )?+",
    identifier=r"((?!\d)[\w$]++)",
    function=(
        r"(?:async\b ?)?(?:function\b|\w+ ?=>|<[^;{}\n]{1,80}>\s*\("
        r"|\((?:[^()]|\([^()]{0,200}+\)){0,600}+\) ?(?::[^=;\n]{1,120})?=>)"
    ),
    modifiers=(
        r"(?:(?:public|private|protected|static|async|override|readonly|get|set|abstract|declare|accessor) )*+"
    ),
    no_statement=(
        r"(?!(?:if|for|while|switch|catch|with|return|function|else|new|throw|typeof|await|super|do|case)\b)"
    ),
)
_PHP = grammar(
    (FUNCTION, r"<modifiers>function &? ?<name>"),
    (TYPE, r"<modifiers>(?:class|interface|trait|enum) <name>"),
    (VALUE, r"<modifiers>const (?:\??\w+ )?<name>(?= ?=)"),
    (VALUE, r"define\( ?['\"]<name>"),
    (VALUE, r"<modifier>++(?:\??[\w\\|]+ )?\$<name>"),
    modifier=r"(?:(?:public|private|protected|static|final|abstract|readonly|var) )",
    modifiers=r"<modifier>*+",
)
_DART = grammar(
    (TYPE, r"(?:(?:abstract|base|final|sealed|interface|mixin) )*(?:class|mixin|enum|extension|typedef) <name>"),
    (
        FUNCTION,
        r"(?:(?:static|external|@override|final|const|factory|late) )*<no_statement>(?:<type>)(?:[gs]et )?"
        r"<name>(?= ?<generics>(?:<parameters>)?\s*(?:async\*? ?)?(?:\{|=>))",
    ),
    no_statement=_NO_STATEMENT,
    type=_TYPE,
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
