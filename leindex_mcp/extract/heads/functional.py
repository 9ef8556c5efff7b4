"""Heads in Haskell, Elixir, Erlang, OCaml, F#, Lisps and their kin."""

from __future__ import annotations

from leindex_mcp.extract.heads.grammar import FUNCTION, TYPE, VALUE, Grammar, grammar

_HASKELL = grammar(
    (FUNCTION, r"(?<=\n)(?!(?:import|module|where|deriving|infix[lr]?)\b)([a-z_][\w']*)(?=(?:[ \t]*,[ \t]*[a-z_][\w']*)*\s*::)"),
    (TYPE, r"(?:data|newtype|type)[ \t]+(?:(?:family|instance)[ \t]+)?(?:\([^()\n]{0,200}\)[ \t]*=>[ \t]*)?<Name>"),
    (TYPE, r"class[ \t]+(?:\([^()\n]{0,200}\)[ \t]*=>[ \t]*|[A-Z][\w ]{0,80}=>[ \t]*)?<Name>"),
    (VALUE, r"[ \t]*+[{,]?[ \t]*([a-z_][\w']*)(?=[ \t]*(?:,[ \t]*[a-z_][\w']*[ \t]*)*::)"),
    lead="",
)
_ELIXIR = grammar(
    (TYPE, r"(?:defmodule|defprotocol)[ \t]+(?:\w+\.)*<Name>"),
    (VALUE, r"defimpl[ \t]+(?:\w+\.)*<Name>"),
    (FUNCTION, r"def(?:p|macro|macrop|guard|guardp|delegate|n|np)?[ \t]+([^\W\d]\w*[?!]?)(?=[ \t]*(?:[(,\n]|do\b|when\b|$))"),
    (VALUE, r"@(?:type|typep|opaque|callback|macrocallback)[ \t]+([^\W\d]\w*[?!]?)(?=[ \t]*(?:\(|::))"),
)
_ERLANG = grammar(
    (FUNCTION, r"([a-z]\w*)(?=\([^()]{0,200}(?:\([^()]{0,100}\)[^()]{0,100}){0,6}\)[ \t]*(?:when[^>]{1,200})?->)"),
    (TYPE, r"-(?:record|type|opaque)[ \t]*\(?[ \t]*([a-z]\w*)"),
    (VALUE, r"-define[ \t]*\([ \t]*<name>"),
    lead="",
)
_OCAML = grammar(
    (TYPE, r"(?:module|class)[ \t]+(?:type[ \t]+|rec[ \t]+|virtual[ \t]+)*<name>"),
    (TYPE, r"(?:type|and)[ \t]+(?:nonrec[ \t]+)?(?:'\w+[ \t]+|\([^)\n]*\)[ \t]*)?([a-z_][\w']*)(?=[ \t]*(?:=|:=|$))"),
    (FUNCTION, r"(?<=\n)(?:let|and|external|val)[ \t]+(?:rec[ \t]+|inline[ \t]+)*([a-z_][\w']*)"),
    (FUNCTION, r"[ \t]{2}(?:let|val|method)[ \t]+(?:rec[ \t]+|private[ \t]+|virtual[ \t]+)*([a-z_][\w']*)(?=[ \t]+[\w(~?:])"),
)
_FSHARP = grammar(
    (TYPE, r"(?:type|module)[ \t]+(?:(?:rec|public|private|internal)[ \t]+)*(?:\w+\.)*<name>"),
    (FUNCTION, r"(?:static[ \t]+)?(?:member|abstract|override|default)[ \t]+(?:(?:private|inline|internal)[ \t]+)*(?:\w+\.)?<name>"),
    (FUNCTION, r"(?:let|and)[ \t]+(?:(?:rec|inline|private|mutable|internal)[ \t]+)*<name>(?=[ \t]+[\w(\[])"),
    (VALUE, r"(?<=\n)let[ \t]+(?:(?:rec|inline|private|mutable)[ \t]+)*<name>(?=[ \t]*[:=])"),
)
_LISP_NAME = r"([^\s()\[\]{}\"';]+)"
_CLOJURE = grammar(
    (FUNCTION, rf"\((?:defn-?|defmacro|defmulti|defmethod)[ \t]+(?:\^\S+[ \t]+)*{_LISP_NAME}"),
    (TYPE, rf"\((?:defprotocol|defrecord|deftype|definterface)[ \t]+{_LISP_NAME}"),
    (VALUE, rf"\((?:def|defonce)[ \t]+(?:\^\S+[ \t]+)*{_LISP_NAME}"),
)
_LISP = grammar(
    (FUNCTION, rf"\((?:defun|defmacro|defsubst|cl-defun|cl-defmacro|defmethod|defgeneric|cl-defmethod|cl-defgeneric|define-inline)[ \t]+{_LISP_NAME}"),
    (TYPE, rf"\((?:defclass|defstruct|cl-defstruct|deftype|define-condition|struct|define-record-type)[ \t]+\(?{_LISP_NAME}"),
    (FUNCTION, rf"\(define(?:-syntax(?:-rule)?)?[ \t]+\({_LISP_NAME}"),
    (VALUE, rf"\((?:defvar|defparameter|defconstant|defcustom|defconst|defface|define|define-syntax|define-derived-mode|define-minor-mode)[ \t]+{_LISP_NAME}"),
)
_ELM = grammar(
    (TYPE, r"type[ \t]+(?:alias[ \t]+)?<Name>"),
    (FUNCTION, r"(?:port[ \t]+)?([a-z]\w*)(?=[ \t]*:[ \t])"),
    lead="",
)
_GLEAM = grammar(
    (FUNCTION, r"(?:pub[ \t]+)?(?:@\w+\([^)\n]*\)[ \t]*)?fn[ \t]+<name>"),
    (TYPE, r"(?:pub[ \t]+)?(?:opaque[ \t]+)?type[ \t]+<name>"),
    (VALUE, r"(?:pub[ \t]+)?const[ \t]+<name>"),
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
