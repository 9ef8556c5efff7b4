"""Answering, top to bottom: rank candidates for a question, verify them on disk, quote them, render them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from leindex_mcp.embed.encoder import Encoder
from leindex_mcp.errors import EncoderError
from leindex_mcp.extract.document import counted_text, extract_text, searched_text
from leindex_mcp.extract.reader import Source, TreeReader
from leindex_mcp.pinned import Pinned
from leindex_mcp.records import FileRecord, IndexState, SearchAnswer, SearchHit, SearchState, Skipped
from leindex_mcp.request import Request
from leindex_mcp.resemblance import Sample
from leindex_mcp.search import census
from leindex_mcp.search.answer_text import render
from leindex_mcp.search.corpus import Corpus
from leindex_mcp.search.outline import Outline, Place
from leindex_mcp.search.question import Question
from leindex_mcp.search.ranking import Mode as RankMode
from leindex_mcp.search.ranking import RankedHit, rank
from leindex_mcp.search.similar import rank_similar
from leindex_mcp.search.snippet import match_counts, snap
from leindex_mcp.search.syntax import MAX_CHARACTERS, Syntax

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PARSED_HITS = 3  # hits whose file is parsed; the others are quoted by indentation
_ENOUGH_VECTORS = 0.5  # with fewer, files that have one would stand before those that have none
_SPARE_CANDIDATES = 10  # take the place of files that are gone
_REREADS = 3  # times that all is ranked again: each may bring up another file that was edited


@dataclass(frozen=True, slots=True)
class Parts:
    """What an answer is made with."""

    root: Path
    encoder: Encoder
    max_bytes: int  #: of the largest file that is read
    reread: Callable[[Pinned, Sequence[str], int], Pinned]  #: a snapshot with these files as they are now


def answer(request: Request, pinned: Pinned, parts: Parts, state: SearchState) -> SearchAnswer:
    """Return the best places for the question, each quoted from its file as it is on disk now.

    Candidates come from the pinned snapshot. When one of their files was edited since, the snapshot takes in
    what it says now, and all is ranked once more; its hits are marked. A file that is gone is dropped, and
    the next candidate takes its place. Names and quoted strings are counted besides, so that nobody needs to
    grep for them afterwards.
    """
    if pinned.head.encoder != parts.encoder.fingerprint:
        # Vectors of another model, until the next run has made new ones.
        request = replace(request, mode="keyword")
        state = replace(state, detail="answered by keyword alone: its vectors are of another model")
    elif pinned.embedded_share < 1:
        said = f"{pinned.embedded_share:.0%} of the chunks have a vector, the rest is found by keyword"
        state = replace(state, detail=said)
        if pinned.embedded_share < _ENOUGH_VECTORS:
            request = replace(request, mode="keyword")
    edited: set[str] = set()
    with TreeReader(parts.root) as reader:
        try:
            found = _found(request, pinned, parts, reader)
        except EncoderError as error:
            request = replace(request, mode="keyword")
            state = replace(state, detail=f"answered by keyword alone: {error}")
            found = _found(request, pinned, parts, reader)
        for _ in range(_REREADS):
            if not found.changed:
                break
            edited.update(found.changed)
            pinned = parts.reread(pinned, found.changed, parts.max_bytes)
            found = _found(request, pinned, parts, reader)
        hits = tuple(_quoted(found, pinned, edited))
        counts = tuple(_counted(request, pinned, found.allowed, reader, parts.max_bytes, state))
    if state.state is IndexState.FRESH and any(hit.changed for hit in hits):
        state = replace(state, state=IndexState.STALE, detail="files marked as changed were edited since")
    text = render(found.question, hits, state, max_tokens=request.max_tokens, census=counts)
    return SearchAnswer(hits, state, counts, text)


# ---------------------------------------------------------------- rank and verify


@dataclass(frozen=True, slots=True)
class _Found:
    """The candidates whose files are still there, best first, with what was read of them."""

    question: Question  #: by whose words the hits are shown
    read: list[tuple[RankedHit, Source]]
    changed: list[str]  #: those of the files that read otherwise than they were indexed
    allowed: NDArray[np.bool_] | None  #: mask of the files that the filters leave


def _found(request: Request, pinned: Pinned, parts: Parts, reader: TreeReader) -> _Found:
    """Rank what the snapshot holds, and read the files of the best."""
    allowed = _allowed(request, pinned)
    question, candidates = _ranked(request, pinned, allowed, parts, reader)
    found = _Found(question, [], [], allowed)
    for candidate in candidates:
        if len(found.read) == request.limit:
            break
        relative = pinned.corpus.paths[candidate.file]
        source = reader.read(FileRecord(relative, pinned.fingerprint(candidate.file)), parts.max_bytes)
        if isinstance(source, Skipped) or source.skip is not None:
            continue
        found.read.append((candidate, source))
        if source.content_hash != int(pinned.content_hashes[candidate.file]):
            found.changed.append(relative)
    return found


def _ranked(
    request: Request, pinned: Pinned, allowed: NDArray[np.bool_] | None, parts: Parts, reader: TreeReader
) -> tuple[Question, Sequence[RankedHit]]:
    """Return the candidates, and the question by whose words they are shown."""
    corpus, question, encoder = pinned.corpus, request.question, parts.encoder
    mode = cast("RankMode", request.mode)  # `exact` has an answer of its own
    limit = request.limit + _SPARE_CANDIDATES
    if request.similar_to is None:
        vector = None if mode == "keyword" else encoder.encode_question(question.text, corpus.idf)
        return question, rank(corpus, question, vector, mode=mode, allowed=allowed, limit=limit)
    sample = Sample.at(request.similar_to, parts.root, reader, parts.max_bytes)
    sought = sample.sought(question, mode, pinned, encoder)
    return sample.shown_by(question), rank_similar(corpus, sought, allowed, limit)


def _allowed(request: Request, pinned: Pinned) -> NDArray[np.bool_] | None:
    """Return the mask of the files that the filters leave, or None when nothing filters."""
    corpus = pinned.corpus
    masks = []
    if request.subtree:
        masks.append(corpus.under(request.subtree))
    if request.language is not None:
        masks.append(corpus.in_language(request.language))
    if request.globs:
        masks.append(pinned.passing(request.globs))
    allowed = None
    for mask in masks:
        allowed = mask if allowed is None else allowed & mask
    return allowed


# ---------------------------------------------------------------- quote and count


def _quoted(found: _Found, pinned: Pinned, edited: AbstractSet[str]) -> Iterator[SearchHit]:
    """Yield the candidates as they read now."""
    unparsed = MAX_CHARACTERS
    for number, (candidate, source) in enumerate(found.read):
        relative = pinned.corpus.paths[candidate.file]
        is_parsed = number < _PARSED_HITS
        text, language = searched_text(relative, source.text) if is_parsed else (source.text, None)
        syntax = Syntax.of(text, language, unparsed)
        unparsed -= syntax.cost if syntax else 0
        if relative in found.changed:
            # It changes faster than it can be ranked, or it waits for vectors of the model in force.
            record = FileRecord(relative, pinned.fingerprint(candidate.file))
            hit = _hit_in_changed_file(found.question, candidate, record, source, text, syntax)
            if hit is not None:
                yield hit
        else:
            hit = _hit(found.question, candidate, pinned.corpus, source.text, text, syntax)
            yield replace(hit, changed=relative in edited)


def _counted(
    request: Request,
    pinned: Pinned,
    allowed: NDArray[np.bool_] | None,
    reader: TreeReader,
    max_bytes: int,
    state: SearchState,
) -> Iterator[str]:
    """Say how often each name and string of the question occurs in the files as they are now."""
    corpus = pinned.corpus
    is_text = pinned.skips == 0
    searched = is_text if allowed is None else is_text & allowed
    for wanted in census.asked(request.question):
        files = census.candidates(corpus, wanted, searched).tolist()
        records = [FileRecord(corpus.paths[f], pinned.fingerprint(f)) for f in census.worth_reading(files)]
        sources = [reader.read(record, max_bytes) for record in records]
        counts = [
            census.occurrences(counted_text(record.relative, source.text), wanted)
            for record, source in zip(records, sources, strict=True)
            if isinstance(source, Source)
        ]
        is_fresh = state.is_checked and state.state is IndexState.FRESH
        n_files = int(searched.sum())
        is_live = state.coverage is not None
        yield census.line(
            wanted, counts, candidates=len(files), files=n_files, is_fresh=is_fresh, is_live=is_live
        )


def _hit(
    question: Question, candidate: RankedHit, corpus: Corpus, text: str, searched: str, syntax: Syntax | None
) -> SearchHit:
    """Quote the definition around the chunk that was found."""
    lines = text.split("\n")
    place = snap(
        lines if searched is text else searched.split("\n"),
        corpus.outline(candidate.file),
        candidate.start_line,
        candidate.end_line,
        question,
        focus_line=candidate.focus_line,
        syntax=syntax,
    )
    return _at(place, lines, corpus.paths[candidate.file], candidate.score)


def _hit_in_changed_file(
    question: Question,
    candidate: RankedHit,
    indexed: FileRecord,
    source: Source,
    searched: str,
    syntax: Syntax | None,
) -> SearchHit | None:
    """Quote the chunk of the new text with most words of the question; None if the file is empty now."""
    document = extract_text(indexed, source.text, source.content_hash)
    if not document.chunks:
        return None
    matches = match_counts([chunk.text.replace("\n", " ") for chunk in document.chunks], question)
    chunk = document.chunks[max(range(len(matches)), key=matches.__getitem__)]
    lines, outline = searched.split("\n"), Outline.of(document.definitions)
    place = snap(lines, outline, chunk.start_line, chunk.end_line, question, syntax=syntax)
    shown = _at(place, source.text.split("\n"), indexed.relative, candidate.score)
    return replace(shown, changed=True)


def _at(place: Place, lines: Sequence[str], path: str, score: float) -> SearchHit:
    """Quote the lines of a place, and the signature if they are only a part of what it begins."""
    signature_line = place.at if place.at is not None and place.at < place.start_line else None
    return SearchHit(
        path=path,
        start_line=place.start_line,
        end_line=place.end_line,
        score=score,
        text="\n".join(lines[place.start_line - 1 : place.end_line]),
        symbol=place.symbol,
        signature=None if signature_line is None else lines[signature_line - 1],
        signature_line=signature_line,
    )
