"""Which licence names we accept, whatever spelling a registry uses."""

from __future__ import annotations

import re

#: canonical name -> spellings, as a regular expression that must match the whole name
_ACCEPTED = {
    "MIT": r"(the )?(mit([- ]?(0|x11))?|expat|mit/expat|expat/mit)( licen[sc]e)?( \(mit\))?",
    "BSD": r"(the )?((new|modified|revised|simplified) )?(osi )?(0bsd|bsd|([23][- ]clause[- ]bsd|"
    r"bsd[- ]?[023]([- ]clause(s)?)?([- ](simplified|new|revised))?))([- ]licen[sc]e)?"
    r"( \([23][- ]clause( bsd)?( licen[sc]e)?\))?",
    "Apache-2.0": r"(the )?(apache([- ]software)?([- ]licen[sc]e)?[, -]*(v(ersion)? ?)?2(\.0)?(\.0)?|"
    r"apache software licen[sc]e( 2\.0)?|asl ?2(\.0)?)( licen[sc]e)?",
    "ISC": r"(the )?isc( licen[sc]e)?( \(iscl\))?",
    "PSF": r"psf(-?2(\.0)?)?|psf-2(\.0)?|python-2(\.0)?(\.1)?|python software foundation licen[sc]e",
    "Zlib": r"(the )?zlib(/libpng)?( licen[sc]e)?",
    "Unlicense": r"(the )?unlicense( \(unlicense\))?",
    "CC0": r"cc0([- ]1\.0)?( universal)?( \(?(public domain|cc0 1\.0)\)?)?( public domain dedication)?",
}
_PATTERNS = {name: re.compile(pattern) for name, pattern in _ACCEPTED.items()}
#: words that name a licence which obliges whoever takes the text over, or forbids taking it
COPYLEFT = re.compile(
    r"\b(A?L?GPL(v?\d|[- ]\d)?|(GNU )?(Lesser|Affero|Library)? ?General Public Licen[sc]e|"
    r"Mozilla Public Licen[sc]e|MPL-\d|Eclipse Public Licen[sc]e|EPL-\d|CDDL|CeCILL|EUPL|Artistic Licen[sc]e|"
    r"SSPL|Server Side Public|Business Source|BUSL|Commons Clause|Elastic License|CC[- ]BY|"
    r"Creative Commons Attribution|Sleepycat|OSGPL|QPL|proprietary (and|code|software|information))\b",
    re.IGNORECASE,
)


def canonical(name: str) -> str | None:
    """Return our name of the licence called *name*, or None when it is not one we accept."""
    plain = " ".join(name.strip().strip('"').lower().split())
    return next((ours for ours, pattern in _PATTERNS.items() if pattern.fullmatch(plain)), None)


def accepted_terms(expression: str) -> tuple[str, ...] | None:
    """Return the licences under which *expression* lets us use a work, or None when it does not.

    Every side of an `and` must be acceptable; of an `or`, one side. An exception (`with`) is refused: it
    always belongs to a licence outside our list.
    """
    sides = _split(expression, "or")
    if len(sides) > 1:
        return next((terms for terms in map(accepted_terms, sides) if terms), None)
    sides = _split(expression, "and")
    if len(sides) > 1:
        parts = [accepted_terms(side) for side in sides]
        if any(part is None for part in parts):
            return None
        return tuple(sorted({term for part in parts if part for term in part}))
    ours = canonical(_without_brackets(expression))
    return (ours,) if ours else None


def _split(expression: str, word: str) -> list[str]:
    """Cut *expression* at *word* outside brackets; a comma or slash between names means what *word* does."""
    expression = _without_brackets(expression)
    parts, depth, last = [], 0, 0
    for match in re.finditer(rf"[()]|(?<![\w-]),?\s*\b{word}\b(?![\w-])", expression, re.IGNORECASE):
        if match[0] in "()":
            depth += 1 if match[0] == "(" else -1
        elif depth == 0:
            parts.append(expression[last : match.start()])
            last = match.end()
    return [part for part in [*parts, expression[last:]] if part.strip(" ,")]


def _without_brackets(expression: str) -> str:
    """Drop one pair of brackets around the whole expression."""
    text = expression.strip(" ,")
    while text.startswith("(") and text.endswith(")") and _closes_at_end(text):
        text = text[1:-1].strip(" ,")
    return text


def _closes_at_end(text: str) -> bool:
    depth = 0
    for position, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return position == len(text) - 1
    return False


_ADVERTISING = re.compile(
    r"all\s+advertising\s+materials|no\s+express\s+or\s+implied\s+licen[sc]es", re.IGNORECASE
)  # BSD-4, -Clear
#: sentences that only this licence's text holds
_SENTENCES = {
    "MIT": "permission is hereby granted, free of charge, to any person obtaining a copy",
    "Apache-2.0": "apache license version 2.0",
    "BSD": "redistribution and use in source and binary forms, with or without modification, are permitted",
    "ISC": "permission to use, copy, modify, and/or distribute this software for any purpose with",
    "Unlicense": "this is free and unencumbered software released into the public domain",
    "Zlib": "altered source versions must be plainly marked as such",
    "PSF": "python software foundation license version 2",
    "CC0": "cc0 1.0 universal",
}


def recognise(text: str) -> tuple[str, ...] | None:
    """Return the licences whose text *text* is, or None when it is none of ours or names another besides."""
    if COPYLEFT.search(text) or _ADVERTISING.search(text):
        return None
    plain = " ".join(re.sub(r"[#*/]", " ", text).lower().split())
    plain = plain.replace("modify, and distribute", "modify, and/or distribute").replace(
        "license, version", "license version"
    )
    found = tuple(sorted(name for name, sentence in _SENTENCES.items() if sentence in plain))
    return found or None
