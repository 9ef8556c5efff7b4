"""Heads in Haskell, Elixir, Erlang, OCaml, F#, Lisps and their kin."""

from __future__ import annotations

from leindex_mcp.extract.heads.grammar import Grammar, grammar

_HASKELL = grammar(
    types=r"""
        (?:data|newtype|type) (?:(?:family|instance) )?(?:<context>)?<Prime>
        class (?:<context>)?<Prime>
    """,
    functions=r"(?!(?:import|module|where|deriving|infix[lr]?)\b)<prime>(?=(?: ?, ?[a-z_][\w']*)*\s*::)",
    # Methods of a class, fields of a record, and local names: one form for all.
    values=r"[ \t]*+[{,]? ?<prime>(?= ?(?:, ?[a-z_][\w']* ?)*::)",
    lead="",
    context=r"(?:\((?:[^()]|\([^()]{0,100}+\)){0,200}+\)|[A-Z][\w \t]{0,80}) ?=> ?",
    prime=r"([a-z_][\w']*+)",
    Prime=r"([A-Z][\w']*+)",
)
_ELIXIR = grammar(
    types=r"(?:defmodule|defprotocol) (?:\w+\.)*<Name>",
    functions=r"def(?:p|macro|macrop|guard|guardp|delegate|n|np)? <asking>(?= ?(?:[(,\n]|do\b|when\b|$))",
    values=r"""
        defimpl (?:\w+\.)*<Name>
        @(?:type|typep|opaque|callback|macrocallback) <asking>(?= ?(?:\(|::))
    """,
    quote='"""',
    asking=r"([^\W\d]\w*+[?!]?)",
)
_ERLANG = grammar(
    types=r"-(?:record|type|opaque) ?\(? ?<atom>",
    functions=r"<atom>(?=\((?:[^()]|\([^()]{0,100}+\)){0,300}+\) ?(?:when[^>]{1,200})?->)",
    values=r"-define ?\( ?<name>",
    lead="",
    atom=r"([a-z]\w*+)",
)
_OCAML = grammar(
    types=r"""
        (?:module|class) (?:(?:type|rec|virtual) )*<name>
        (?:type|and) (?:nonrec )?(?:'\w+ |\([^)\n]*\) ?)?<prime>(?= ?(?:=|:=|$))
    """,
    functions=r"""
        <start>(?:let|and|external|val) (?:(?:rec|inline) )*<prime>
        (?:let|val|method) (?:(?:rec|private|virtual) )*<prime>(?= [\w(~?:])
    """,
    prime=r"([a-z_][\w']*+)",
)
_FSHARP = grammar(
    types=r"(?:type|module) (?:(?:rec|public|private|internal) )*(?:\w+\.)*<name>",
    functions=r"""
        (?:static )?(?:member|abstract|override|default) (?:(?:private|inline|internal) )*(?:\w+\.)?<name>
        (?:let|and) (?:(?:rec|inline|private|mutable|internal) )*<name>(?= [\w(\[])
    """,
    values=r"<start>let (?:(?:rec|inline|private|mutable) )*<name>(?= ?[:=])",
)
_CLOJURE = grammar(
    types=r"\((?:defprotocol|defrecord|deftype|definterface) <symbol>",
    functions=r"\((?:defn-?|defmacro|defmulti|defmethod) (?:\^\S+ )*<symbol>",
    values=r"\((?:def|defonce) (?:\^\S+ )*<symbol>",
    symbol=r"([^\s()\[\]{}\"';]+)",
)
_LISP = grammar(
    types=r"\((?:(?:cl-)?def(?:class|struct|type)|define-condition|struct|define-record-type) \(?<symbol>",
    functions=r"""
        \((?:cl-)?(?:defun|defmacro|defsubst|defmethod|defgeneric|define-inline) <symbol>
        \(define(?:-syntax(?:-rule)?)? \(<symbol>
    """,
    values=r"""
        \(def(?:var|parameter|constant|custom|const|face|ine|ine-syntax|ine-(?:derived|minor)-mode) <symbol>
    """,
    symbol=r"([^\s()\[\]{}\"';]+)",
)
_ELM = grammar(
    types=r"type (?:alias )?<Name>",
    functions=r"(?:port )?([a-z]\w*+)(?= ?:[ \t])",
    quote='"""',
    lead="",
)
_GLEAM = grammar(
    types=r"(?:pub )?(?:opaque )?type <name>",
    functions=r"(?:pub )?fn <name>",
    values=r"(?:pub )?const <name>",
)

GRAMMARS: dict[str, Grammar] = {
    "clojure": _CLOJURE,
    "elisp": _LISP,
    "elixir": _ELIXIR,
    "elm": _ELM,
    "erlang": _ERLANG,
    "fsharp": _FSHARP,
    "gleam": _GLEAM,
    "haskell": _HASKELL,
    "lisp": _LISP,
    "ocaml": _OCAML,
    "purescript": _HASKELL,
    "racket": _LISP,
    "scheme": _LISP,
}
