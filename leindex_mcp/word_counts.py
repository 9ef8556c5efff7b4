"""Words and identifiers of many texts, counted in one pass over their bytes.

The regular expressions of `words.py` say what a word is and are the oracle of the tests; this is the same
rule for whole batches at once. Everything here works on *folded* text: what is not ASCII is a letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xxhash
from numpy.typing import NDArray

Positions = NDArray[np.int64]
Keys = NDArray[np.uint64]

_OTHER, _LOWER, _UPPER, _DIGIT = range(4)
_NEWLINE = 10
_UNDERSCORE = 95
_PADDING = b"\0" * 8  # the last word, too, is read eight bytes at a time
_SLICE_BYTES = 1 << 16  # looked at together: fits the first-level cache with what is made of it
_LONG_BYTES = 32  # few words are longer; a hash function reads those
_EIGHT = 8
_MASKS = np.array([(1 << (8 * n)) - 1 for n in range(_EIGHT + 1)], np.uint64)  # keeps the first n of 8 bytes
_ODD = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], np.uint64)  # xxhash's primes


@dataclass(frozen=True, slots=True)
class Tally:
    """How often each of n texts holds each distinct string: a sparse matrix with a row for every text."""

    vocabulary: list[str]  #: the distinct strings of all texts; an id is a position in it
    offsets: NDArray[np.int64]  #: (n + 1,) row i is `offsets[i]:offsets[i + 1]`
    ids: NDArray[np.int32]  #: ascending within a row
    counts: NDArray[np.int32]  #: at least 1

    def rows(self) -> Positions:
        """Return the text that each entry belongs to."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


@dataclass(frozen=True, slots=True)
class WordCounts(Tally):
    """The words of n texts, lower-cased, and beside them the whole identifiers of several words."""

    identifiers: Tally


@dataclass(frozen=True, slots=True)
class _Spans:
    """Pieces of the buffer, in order and without overlap."""

    starts: Positions
    lengths: Positions

    @property
    def ends(self) -> Positions:
        return self.starts + self.lengths


def count_folded(texts: Sequence[str]) -> WordCounts:
    """Count the words and the identifiers of every folded text; O(bytes) but for one sort of the words."""
    pieces = [text.encode() for text in texts]
    text_starts = np.cumsum([1, *(len(piece) + 1 for piece in pieces)])
    buffer = b"\n".join([b"", *pieces, _PADDING])
    words = _words(buffer)
    identifiers = _identifiers(buffer, words)
    lowered = buffer.lower()  # bytes: only ASCII changes, folding has done the rest
    inner = _tally(lowered, identifiers, text_starts)
    outer = _tally(lowered, words, text_starts)
    return WordCounts(outer.vocabulary, outer.offsets, outer.ids, outer.counts, inner)


# ---------------------------------------------------------------- where the words are


def _class_of(octet: int) -> int:
    """Return the class of a byte; one above ASCII is part of a folded letter."""
    character = bytes([octet])
    if character.islower() or not character.isascii():
        return _LOWER
    return _UPPER if character.isupper() else _DIGIT if character.isdigit() else _OTHER


def _is_edge(before: int, here: int, after: int) -> bool:
    """Tell whether a word begins at the byte *here*, or the one *before* was the last of a word."""
    if here == _OTHER:
        return before != _OTHER
    if before == _OTHER or (before == _DIGIT) != (here == _DIGIT):
        return True
    return here == _UPPER and (before == _LOWER or (before == _UPPER and after == _LOWER))


_CLASSES = bytes(_class_of(octet) for octet in range(256))
_IS_WORD = np.array([kind != _OTHER for kind in _CLASSES])
_EDGES = bytes(_is_edge(i >> 4, i >> 2 & 3, i & 3) for i in range(256))


def _words(buffer: bytes) -> _Spans:
    """Find the words: whether one begins at a byte depends on the classes of three neighbours."""
    found = []
    for start in range(1, len(buffer), _SLICE_BYTES):
        classes = np.frombuffer(buffer[start - 1 : start + _SLICE_BYTES + 1].translate(_CLASSES), np.uint8)
        # Before, here and after, two bits each: 64 situations, each an edge or not.
        situations = classes[:-2] << 4 | classes[1:-1] << 2 | classes[2:]
        found.append(np.flatnonzero(np.frombuffer(situations.tobytes().translate(_EDGES), np.bool_)) + start)
    edges = np.concatenate(found)
    # From edge to edge lies a word, or what is between words; the padding has the last edge.
    begins = np.flatnonzero(_IS_WORD[np.frombuffer(buffer, np.uint8)[edges]])
    starts = edges[begins]
    return _Spans(starts, edges[begins + 1] - starts)


def _identifiers(buffer: bytes, words: _Spans) -> _Spans:
    """Join words with nothing or only underscores between them; keep what has at least two."""
    if not len(words.starts):
        return words
    ends = words.ends
    joined = _are_joined(buffer, ends[:-1], words.starts[1:])
    # A group of words begins at the first word and wherever a word is not joined to the one before it.
    first = np.flatnonzero(np.concatenate([[True], ~joined]))
    last = np.append(first[1:], len(ends)) - 1
    several = np.flatnonzero(last > first)
    starts = words.starts[first[several]]
    return _Spans(starts, ends[last[several]] - starts)


def _are_joined(buffer: bytes, gap_starts: Positions, gap_ends: Positions) -> NDArray[np.bool_]:
    """Tell of each gap between words whether it is empty or all underscores."""
    lengths = gap_ends - gap_starts
    joined: NDArray[np.bool_] = lengths == 0
    octets = np.frombuffer(buffer, np.uint8)
    begins = ~joined & (octets[gap_starts] == _UNDERSCORE)
    joined |= begins & (lengths == 1)
    for gap in np.flatnonzero(begins & (lengths > 1)):
        joined[gap] = not buffer[gap_starts[gap] : gap_ends[gap]].strip(b"_")
    return joined


# ---------------------------------------------------------------- which are the same, and how many


def _tally(lowered: bytes, spans: _Spans, text_starts: Positions) -> Tally:
    """Number the distinct strings of the spans and count them text by text."""
    ids, first = _numbered(_keys(lowered, spans))
    # Spans are in the order of the texts, so a few searches tell how many belong to each.
    span_offsets = np.searchsorted(spans.starts, text_starts)
    texts = np.repeat(np.arange(len(text_starts) - 1), np.diff(span_offsets))
    # One sort of (text, id) brings equal pairs together; the length of a run is the count.
    pairs = (texts << 32) | ids
    pairs.sort()
    heads = np.flatnonzero(begins_run(pairs))
    counts = np.diff(heads, append=len(pairs)).astype(np.int32)
    pairs = pairs[heads]
    offsets = np.searchsorted(pairs, np.arange(len(text_starts), dtype=np.int64) << 32)
    vocabulary = _strings(lowered, _Spans(spans.starts[first], spans.lengths[first]))
    return Tally(vocabulary, offsets, (pairs & 0xFFFFFFFF).astype(np.int32), counts)


def _keys(lowered: bytes, spans: _Spans) -> Keys:
    """Return a 64-bit number for each span; spans of different bytes share one with a chance of 2**-64."""
    starts, lengths = spans.starts, spans.lengths
    # A number of eight bytes begins at every byte of the buffer; what lies beyond the span is masked away.
    eights: Keys = np.ndarray((len(lowered) - _EIGHT + 1,), "<u8", lowered, strides=(1,))
    keys = _mixed(
        (eights[starts] & _MASKS[np.minimum(lengths, _EIGHT)]) ^ (lengths.astype(np.uint64) * _ODD[2])
    )
    longer = np.flatnonzero(lengths > _EIGHT)
    for offset in range(_EIGHT, _LONG_BYTES, _EIGHT):
        left = lengths[longer] - offset
        longer, left = longer[left > 0], left[left > 0]
        more = eights[starts[longer] + offset] & _MASKS[np.minimum(left, _EIGHT)]
        keys[longer] = _mixed(keys[longer] ^ (more * _ODD[2]))
    for place in np.flatnonzero(lengths > _LONG_BYTES):
        keys[place] = xxhash.xxh3_64_intdigest(lowered[starts[place] : starts[place] + lengths[place]])
    return keys


def _mixed(numbers: Keys) -> Keys:
    """Scatter the bits; different numbers stay different."""
    numbers = numbers * _ODD[0]
    numbers ^= numbers >> np.uint64(29)
    numbers *= _ODD[1]
    numbers ^= numbers >> np.uint64(32)
    return numbers


def _numbered(keys: Keys) -> tuple[Positions, Positions]:
    """Return the id of each key, counted from 0, and for each id the place of one such key."""
    order = _order(keys)
    is_new = begins_run(keys[order])
    ids = np.empty(len(keys), np.int64)
    ids[order] = np.cumsum(is_new) - 1
    return ids, order[is_new]


def _order(keys: Keys) -> Positions:
    """Return an order of the places that brings equal keys together, the smaller first.

    Sorting numbers is several times as fast as sorting places by their numbers, so the low bits of each key
    give way to its place; should two keys differ in those alone, they are sorted the slow way.
    """
    place_bits = np.uint64(len(keys).bit_length())
    packed = keys >> place_bits << place_bits | np.arange(len(keys), dtype=np.uint64)
    packed.sort()
    order = (packed & ((np.uint64(1) << place_bits) - np.uint64(1))).astype(np.int64)
    ordered = keys[order]
    return order if (ordered[1:] >= ordered[:-1]).all() else np.argsort(keys)


def begins_run(ordered: NDArray[np.int64] | Keys) -> NDArray[np.bool_]:
    """Tell of each sorted number whether it differs from the one before it."""
    begins = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    return begins


def _strings(lowered: bytes, spans: _Spans) -> list[str]:
    """Decode the spans: laid end to end as lines, they need one call instead of many."""
    if not len(spans.starts):
        return []
    line_ends = np.cumsum(spans.lengths + 1)
    lines = np.full(line_ends[-1], _NEWLINE, np.uint8)
    is_letter = np.ones(len(lines), np.bool_)
    is_letter[line_ends - 1] = False
    # Letter i of all spans laid end to end comes from i + (where its span starts - where it is laid).
    laid = np.cumsum(spans.lengths) - spans.lengths
    source = np.arange(spans.lengths.sum()) + np.repeat(spans.starts - laid, spans.lengths)
    lines[is_letter] = np.frombuffer(lowered, np.uint8)[source]
    return lines.tobytes().decode().split("\n")[:-1]
