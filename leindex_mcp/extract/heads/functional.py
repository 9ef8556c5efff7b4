"""Heads in Haskell, Elixir, Erlang, OCaml, F#, Lisps and their kin."""

from __future__ import annotations

from leindex_mcp.extract.heads.grammar import FUNCTION, TYPE, VALUE, Grammar, grammar

_HASKELL = grammar(
    (FUNCTION, r"<start>(?!(?:import|module|where|deriving|infix[lr]?)\b)([a-z_][\w']*)(?=(?: ?, ?[a-z_][\w']*)*\s*::)"),
    (TYPE, r"(?:data|newtype|type) (?:(?:family|instance) )?(?:\([^()\n]{0,200}\) ?=> ?)?<Name>"),
    (TYPE, r"class (?:\([^()\n]{0,200}\) ?=> ?|[A-Z][\w ]{0,80}=> ?)?<Name>"),
    (VALUE, r" ?[{,]? ?([a-z_][\w']*)(?= ?(?:, ?[a-z_][\w']* ?)*::)"),
    lead="",
)
_ELIXIR = grammar(
    (TYPE, r"(?:defmodule|defprotocol) (?:\w+\.)*<Name>"),
    (VALUE, r"defimpl (?:\w+\.)*<Name>"),
    (FUNCTION, r"def(?:p|macro|macrop|guard|guardp|delegate|n|np)? ([^\W\d]\w*[?!]?)(?= ?(?:[(,\n]|do\b|when\b|$))"),
    (VALUE, r"@(?:type|typep|opaque|callback|macrocallback) ([^\W\d]\w*[?!]?)(?= ?(?:\(|::))"),
    quote='"""',
)
_ERLANG = grammar(
    (FUNCTION, r"([a-z]\w*)(?=\([^()]{0,200}(?:\([^()]{0,100}\)[^()]{0,100}){0,6}\) ?(?:when[^>]{1,200})?->)"),
    (TYPE, r"-(?:record|type|opaque) ?\(? ?([a-z]\w*)"),
    (VALUE, r"-define ?\( ?<name>"),
    lead="",
)
_OCAML = grammar(
    (TYPE, r"(?:module|class) (?:type |rec |virtual )*<name>"),
    (TYPE, r"(?:type|and) (?:nonrec )?(?:'\w+ |\([^)\n]*\) ?)?([a-z_][\w']*)(?= ?(?:=|:=|$))"),
    (FUNCTION, r"<start>(?:let|and|external|val) (?:rec |inline )*([a-z_][\w']*)"),
    (FUNCTION, r"[ \t]{2}(?:let|val|method) (?:rec |private |virtual )*([a-z_][\w']*)(?= [\w(~?:])"),
)
_FSHARP = grammar(
    (TYPE, r"(?:type|module) (?:(?:rec|public|private|internal) )*(?:\w+\.)*<name>"),
    (FUNCTION, r"(?:static )?(?:member|abstract|override|default) (?:(?:private|inline|internal) )*(?:\w+\.)?<name>"),
    (FUNCTION, r"(?:let|and) (?:(?:rec|inline|private|mutable|internal) )*<name>(?= [\w(\[])"),
    (VALUE, r"<start>let (?:(?:rec|inline|private|mutable) )*<name>(?= ?[:=])"),
)
_LISP_NAME = r"([^\s()\[\]{}\"';]+)"
_CLOJURE = grammar(
    (FUNCTION, rf"\((?:defn-?|defmacro|defmulti|defmethod) (?:\^\S+ )*{_LISP_NAME}"),
    (TYPE, rf"\((?:defprotocol|defrecord|deftype|definterface) {_LISP_NAME}"),
    (VALUE, rf"\((?:def|defonce) (?:\^\S+ )*{_LISP_NAME}"),
)
_LISP = grammar(
    (FUNCTION, rf"\((?:defun|defmacro|defsubst|cl-defun|cl-defmacro|defmethod|defgeneric|cl-defmethod|cl-defgeneric|define-inline) {_LISP_NAME}"),
    (TYPE, rf"\((?:defclass|defstruct|cl-defstruct|deftype|define-condition|struct|define-record-type) \(?{_LISP_NAME}"),
    (FUNCTION, rf"\(define(?:-syntax(?:-rule)?)? \({_LISP_NAME}"),
    (VALUE, rf"\((?:defvar|defparameter|defconstant|defcustom|defconst|defface|define|define-syntax|define-derived-mode|define-minor-mode) {_LISP_NAME}"),
)
_ELM = grammar(
    (TYPE, r"type (?:alias )?<Name>"),
    (FUNCTION, r"(?:port )?([a-z]\w*)(?= ?:[ \t])"),
    lead="",
)
_GLEAM = grammar(
    (FUNCTION, r"(?:pub )?(?:@\w+\([^)\n]*\) ?)?fn <name>"),
    (TYPE, r"(?:pub )?(?:opaque )?type <name>"),
    (VALUE, r"(?:pub )?const <name>"),
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
