"""How often a question's names and strings occur: candidates from the index, counts from the text on disk.

What answering may call, reading the candidates as they are now:

    for wanted in asked(question):
        files = candidates(corpus, wanted, allowed)
        counts = [occurrences(text_of(file), wanted) for file in worth_reading(files)]
        line(wanted, counts, candidates=len(files), files=len(corpus), is_fresh=…)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from leindex_mcp import words
from leindex_mcp.search.corpus import Corpus
from leindex_mcp.search.question import Question

MAX_ASKED = 3  # names and strings counted for one question
MAX_FILES = 100  # files of which all are read for one of them
SOME_FILES = 20  # read where there are more: an answer must not wait for a word that is everywhere


@dataclass(frozen=True, slots=True)
class Wanted:
    """Something to count: a name stands alone and is spelled exactly; a string is literal."""

    text: str
    is_name: bool


def asked(question: Question) -> tuple[Wanted, ...]:
    """Return what the question names or quotes, strings first."""
    found = [Wanted(text, is_name=False) for text in question.quoted]
    found += [Wanted(_without_exclamation(name, question), is_name=True) for name in question.names]
    return tuple(found[:MAX_ASKED])


def _without_exclamation(name: str, question: Question) -> str:
    """Return the name of `save!`, but for a mark that ends a sentence: it is the caller's."""
    ends_sentence = question.text.endswith(name) and question.text != name
    return name.removesuffix("!") if ends_sentence else name


def candidates(corpus: Corpus, wanted: Wanted, allowed: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Return every file that can hold it, ascending: those with a chunk for each of its whole words.

    The first and the last word of a string may be parts of longer ones, which no term tells: they do not
    count, and a string without whole words can be in any file, one without chunks included. So can any
    string in a file that has a line too long for one chunk: the cut may go through it, though never through
    a name.
    """
    possible = np.ones(len(corpus), np.bool_) if allowed is None else allowed.copy()
    asked_terms = words.query_terms(_whole_words(wanted))
    cut_through = _with_cut_lines(corpus) if asked_terms and not wanted.is_name else corpus.file[:0]
    for query_term in asked_terms:
        chunks = corpus.postings.chunks[corpus.postings.find(query_term.term)]
        holding = np.zeros(len(corpus), np.bool_)
        holding[corpus.file[chunks]] = True
        holding[cut_through] = True
        possible &= holding
    return np.flatnonzero(possible)


def _with_cut_lines(corpus: Corpus) -> NDArray[np.int32]:
    """Return the files in which a chunk ends on the line where the next begins."""
    cuts = np.flatnonzero(corpus.end_line[:-1] == corpus.start_line[1:])
    files: NDArray[np.int32] = corpus.file[cuts[corpus.file[cuts] == corpus.file[cuts + 1]]]
    return files


def worth_reading(files: Sequence[int]) -> Sequence[int]:
    """Return the candidates to read: all, or a few where even many would not be all."""
    return files if len(files) <= MAX_FILES else files[:SOME_FILES]


def occurrences(text: str, wanted: Wanted) -> int:
    """Count it in the text of one file."""
    if not wanted.is_name:
        return text.count(wanted.text)
    name = re.escape(wanted.text)
    # What must not stand before the name is asked last: a pattern that begins with letters is searched for
    # twenty times as fast.
    if "-" in wanted.text:  # then hyphens belong to names, but those before an option or a variable
        return len(re.findall(rf"{name}(?<!\w{name})(?<!\w-{name})(?!-?\w)", text))
    return len(re.findall(rf"{name}(?<!\w{name})(?!\w)", text))


def line(
    wanted: Wanted,
    counts: Sequence[int],
    *,
    candidates: int,
    files: int,
    is_fresh: bool,
    is_live: bool = False,
) -> str:
    """Say what was counted, and whether it is all there is.

    Args:
        counts: Occurrences in each file that was read.
        candidates: Files that can hold it, read or not.
        files: Files of the index.
        is_fresh: Whether the index knows every file as it is now.
        is_live: Whether it lacks files, of which the best were read for this answer.
    """
    name = f"`{wanted.text}`" if wanted.is_name else f'"{wanted.text}"'
    matches, holding = sum(counts), sum(count > 0 for count in counts)
    is_complete = is_fresh and len(counts) == candidates
    if is_complete and not matches:
        return f"{name}: 0 anywhere in {files:,} files"
    extent = "complete" if is_complete else f"{len(counts):,} of {candidates:,} files checked"
    if not is_fresh and len(counts) == candidates:
        lacking = "not indexed yet are not all" if is_live else "changed since indexing are not"
        extent = f"files {lacking} counted"
    plural = "" if matches == 1 else "es"
    return f"{name}: {matches:,} match{plural} in {holding:,} file{'' if holding == 1 else 's'} ({extent})"


def _whole_words(wanted: Wanted) -> str:
    if wanted.is_name:
        return wanted.text
    return re.sub(r"^\w+|\w+$", " ", wanted.text)
