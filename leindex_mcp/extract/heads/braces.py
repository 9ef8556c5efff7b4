"""Heads in Java, C#, Kotlin, Scala, JavaScript, TypeScript, PHP and their kin."""

from __future__ import annotations

from leindex_mcp.extract.heads.grammar import FUNCTION, TYPE, VALUE, Grammar, grammar

_PARAMETERS = r"\((?:[^(){};]|\([^(){};]{0,200}+\)){0,600}+\)"
_GENERIC = r"(?:<[^;{}()=\n]{0,200}>)?"

_JAVA_MODIFIERS = r"(?:(?:@\w[\w.]*(?:\([^()\n]*\))?|public|private|protected|static|final|abstract|default|synchronized|native|strictfp|transient|volatile|sealed|non-sealed)[ \t]+)"
_NO_JAVA_STATEMENT = r"(?!(?:return|else|new|throw|case|assert|if|for|while|switch|do|try|yield|await|in|out|using|lock)\b)"
_JAVA_TYPE = rf"[\w.]+{_GENERIC}(?:\[\]|\?)*"
_JAVA = grammar(
    (TYPE, rf"{_JAVA_MODIFIERS}*+(?:class|interface|enum|record|@interface)[ \t]+<name>(?=[^;=\n]{{0,300}}$|[^;=\n]{{0,300}}\{{|[ \t]*\()"),
    (FUNCTION, rf"{_JAVA_MODIFIERS}*+{_NO_JAVA_STATEMENT}(?:<[^;{{}}()\n]{{0,200}}>[ \t]+)?(?:{_JAVA_TYPE}[ \t]+)?<name>[ \t]*(?={_PARAMETERS}(?:\s*throws\s[\w.,\s]{{1,200}}?)?\s*\{{)"),
    (VALUE, rf"{_JAVA_MODIFIERS}*+{_NO_JAVA_STATEMENT}(?:<[^;{{}}()\n]{{0,200}}>[ \t]+)?{_JAVA_TYPE}[ \t]+<name>[ \t]*(?={_PARAMETERS}(?:\s*throws\s[\w.,\s]{{1,200}}?)?\s*;)"),
    (VALUE, rf"{_JAVA_MODIFIERS}++{_JAVA_TYPE}[ \t]+<name>(?=[ \t]*(?:=|;))"),
)
_CS_MODIFIERS = r"(?:(?:public|private|protected|internal|static|sealed|abstract|virtual|override|readonly|async|extern|unsafe|partial|new|const|volatile|required|ref|file|event|implicit|explicit)[ \t]+)"
_CSHARP = grammar(
    (TYPE, rf"{_CS_MODIFIERS}*+(?:class|interface|enum|struct|record(?:[ \t]+(?:class|struct))?)[ \t]+<name>"),
    (TYPE, rf"{_CS_MODIFIERS}*+delegate[ \t]+[^;(]{{1,100}}?[ \t]<name>(?={_GENERIC}[ \t]*\()"),
    (FUNCTION, rf"{_CS_MODIFIERS}*+{_NO_JAVA_STATEMENT}(?:{_JAVA_TYPE}[ \t]+)?(?:[\w.]+(?:<[^>\n]*>)?\.)?<name>(?={_GENERIC}[ \t]*{_PARAMETERS}\s*(?:where[^{{;=]{{1,200}})?(?::[^{{;]{{1,200}})?(?:\{{|=>))"),
    (VALUE, rf"{_CS_MODIFIERS}*+{_NO_JAVA_STATEMENT}{_JAVA_TYPE}[ \t]+<name>(?={_GENERIC}[ \t]*{_PARAMETERS}\s*(?:where[^{{;=]{{1,200}})?;)"),
    (VALUE, rf"{_CS_MODIFIERS}++{_JAVA_TYPE}[ \t]+<name>(?=\s*(?:=|;|\{{))"),
    lead=r"[ \t]*+(?:\[[^\]\n]{1,200}\][ \t]*)?",
)
_KOTLIN_MODIFIERS = r"(?:(?:@\w[\w.:]*(?:\([^()\n]*\))?|public|private|protected|internal|open|abstract|final|sealed|override|inline|suspend|operator|infix|tailrec|external|expect|actual|data|enum|annotation|inner|value|companion|const|lateinit|fun(?=[ \t]+interface))[ \t]+)"
_KOTLIN = grammar(
    (FUNCTION, rf"{_KOTLIN_MODIFIERS}*+fun[ \t]+(?:<[^;{{}}()\n]{{0,200}}>[ \t]*)?(?:[\w.]+(?:<[^;{{}}()\n]{{0,100}}>)?\??\.|\([^()\n]{{0,100}}\)\.)*`?<name>(?=`?[ \t]*[(<])"),
    (TYPE, rf"{_KOTLIN_MODIFIERS}*+(?:class|interface|object|typealias)[ \t]+<name>"),
    (VALUE, rf"{_KOTLIN_MODIFIERS}++(?:val|var)[ \t]+(?:<[^;{{}}()\n]{{0,100}}>[ \t]*)?(?:[\w.]+(?:<[^;{{}}()\n]{{0,100}}>)?\??\.)*<name>(?=[ \t]*(?:[:=\n]|by\b))"),
    (VALUE, r"(?<=\n)(?:val|var)[ \t]+(?:<[^;{}()\n]{0,100}>[ \t]*)?(?:[\w.]+(?:<[^;{}()\n]{0,100}>)?\??\.)*<name>(?=[ \t]*(?:[:=\n]|by\b))"),
)
_SCALA_MODIFIERS = r"(?:(?:@\w+(?:\([^()\n]*\))?|private(?:\[\w+\])?|protected(?:\[\w+\])?|final|sealed|abstract|implicit|override|lazy|inline|transparent|open|case|opaque|infix)[ \t]+)"
_SCALA = grammar(
    (FUNCTION, rf"{_SCALA_MODIFIERS}*+def[ \t]+<name>"),
    (TYPE, rf"{_SCALA_MODIFIERS}*+(?:class|trait|object|enum|package[ \t]+object)[ \t]+<name>"),
    (TYPE, rf"{_SCALA_MODIFIERS}*+type[ \t]+<name>"),
    (VALUE, rf"{_SCALA_MODIFIERS}*+given[ \t]+<name>(?=[^=\n]{{0,200}}(?:=|:|with))"),
    (VALUE, rf"{_SCALA_MODIFIERS}++(?:val|var)[ \t]+<name>(?=[ \t]*[:=])"),
    (VALUE, r"(?:(?<=\n)|(?<=\n  ))(?:val|var)[ \t]+<name>(?=[ \t]*[:=])"),
)
_JS_METHOD_MODIFIERS = r"(?:(?:public|private|protected|static|async|override|readonly|get|set|abstract|declare|accessor)[ \t]+)"
_NO_JS_STATEMENT = r"(?!(?:if|for|while|switch|catch|with|return|function|else|new|throw|typeof|await|super|do|constructor|describe|it|test)\b)"
_FUNCTION_VALUE = r"(?:async[ \t]*)?(?:function\b|\([^()]{0,400}+(?:\([^()]{0,100}+\)[^()]{0,200}+){0,6}+\)[ \t]*(?::[^=;\n]{1,120})?=>|\w+[ \t]*=>|<[^;{}\n]{1,80}>[ \t]*\()"
_JAVASCRIPT = grammar(
    (FUNCTION, r"(?:export[ \t]+)?(?:default[ \t]+)?(?:declare[ \t]+)?(?:async[ \t]+)?function\b[ \t]*\*?[ \t]*<name>"),
    (TYPE, r"(?:export[ \t]+)?(?:default[ \t]+)?(?:declare[ \t]+)?(?:abstract[ \t]+)?class[ \t]+(?!extends\b)<name>"),
    (TYPE, r"(?:export[ \t]+)?(?:default[ \t]+)?(?:declare[ \t]+)?(?:interface[ \t]+|(?:const[ \t]+)?enum[ \t]+|namespace[ \t]+|module[ \t]+)<name>(?=[^\n;=(]{0,200}(?:\{|$))"),
    (TYPE, r"(?:export[ \t]+)?(?:declare[ \t]+)?type[ \t]+<name>(?=[ \t]*(?:=|<))"),
    (FUNCTION, rf"(?:export[ \t]+)?(?:const|let|var)[ \t]+<name>(?=[ \t]*(?::[^=\n]{{1,200}})?=\s*{_FUNCTION_VALUE})"),
    (TYPE, r"(?:export[ \t]+)?(?:const|let|var)[ \t]+<name>(?=[ \t]*=[ \t]*class\b)"),
    (VALUE, r"(?:(?<=\n)(?=c|l|v)|(?:export[ \t]+)(?:declare[ \t]+)?)(?:const|let|var)[ \t]+<name>(?=[ \t]*[:=;,\n])"),
    (FUNCTION, rf"(?:[\w$]+\.)+<name>(?=[ \t]*=[ \t]*{_FUNCTION_VALUE})"),
    (FUNCTION, rf"(?:static[ \t]+|readonly[ \t]+|public[ \t]+|private[ \t]+|protected[ \t]+)*#?<name>(?=[ \t]*[:=][ \t]*{_FUNCTION_VALUE})"),
    (FUNCTION, rf"{_JS_METHOD_MODIFIERS}*+\*?[ \t]*#?{_NO_JS_STATEMENT}<name>(?=\??{_GENERIC}\((?:[^()\"'`;]|\([^()\"'`;]{{0,100}}+\)){{0,600}}+\)[ \t]*(?::[^;\n]{{1,200}}?)?\{{)"),
)
_PHP = grammar(
    (FUNCTION, r"(?:(?:public|private|protected|static|final|abstract)[ \t]+)*function[ \t]+&?[ \t]*<name>"),
    (TYPE, r"(?:(?:final|abstract|readonly)[ \t]+)*(?:class|interface|trait|enum)[ \t]+<name>"),
    (VALUE, r"(?:(?:public|private|protected|final)[ \t]+)*const[ \t]+(?:\??\w+[ \t]+)?<name>(?=[ \t]*=)"),
    (VALUE, r"define\([ \t]*['\"]<name>"),
    (VALUE, r"(?:(?:public|private|protected|static|readonly|var)[ \t]+)++(?:\??[\w\\|]+[ \t]+)?\$<name>"),
)
_DART = grammar(
    (TYPE, r"(?:(?:abstract|base|final|sealed|interface|mixin)[ \t]+)*(?:class|mixin|enum|extension|typedef)[ \t]+<name>"),
    (FUNCTION, rf"(?:(?:static|external|@override|final|const|factory|late)[ \t]+)*{_NO_JAVA_STATEMENT}(?:{_JAVA_TYPE}[ \t]+)(?:get[ \t]+|set[ \t]+)?<name>(?=[ \t]*{_GENERIC}{_PARAMETERS}\s*(?:async\*?[ \t]*)?(?:\{{|=>))"),
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
