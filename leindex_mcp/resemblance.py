"""Code like the code at a place: the chunk around a line, as it is on disk now, and what resembles it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from leindex_mcp import words
from leindex_mcp.embed.encoder import Encoder
from leindex_mcp.errors import QueryError
from leindex_mcp.extract.document import extract_text
from leindex_mcp.extract.reader import TreeReader
from leindex_mcp.pinned import Pinned
from leindex_mcp.records import Chunk, FileRecord, Fingerprint, Skipped
from leindex_mcp.request import Location
from leindex_mcp.scan.ignore_rules import is_secret
from leindex_mcp.search.dense import unit
from leindex_mcp.search.question import Question, parse
from leindex_mcp.search.ranking import Mode
from leindex_mcp.search.similar import Likeness, own_chunks, rarest

_UNKNOWN = Fingerprint(0, 0, 0, 0)  # the file is read whatever it was


@dataclass(frozen=True, slots=True)
class Sample:
    """The chunk that others are compared with."""

    chunk: Chunk
    content_hash: int  #: of its file as it was read

    @classmethod
    def at(cls, location: Location, root: Path, reader: TreeReader, max_bytes: int) -> Sample:
        """Read the file and cut out the chunk around the line; it need not be indexed.

        Raises:
            QueryError: There is no such file or line, or the file is no text; the sentence says which.
        """
        relative = _relative(location.path, root)
        if is_secret(relative):
            raise QueryError(f"similar_to: {location.path} may hold secrets and is not read: pass another")
        source = reader.read(FileRecord(relative, _UNKNOWN), max_bytes)
        if isinstance(source, Skipped) or source.skip is not None:
            why = source.detail if isinstance(source, Skipped) else "it is no text"
            raise QueryError(
                f"similar_to: {location.path} cannot be read ({why}): pass a file as it stands in an answer"
            )
        n_lines = source.text.count("\n") + (not source.text.endswith("\n"))
        if location.line > n_lines:
            raise QueryError(f"similar_to: {location.path} has {n_lines} lines, there is no {location.line}")
        document = extract_text(FileRecord(relative, _UNKNOWN), source.text, source.content_hash)
        near = [chunk for chunk in document.chunks if chunk.end_line >= location.line]
        chunk = next(iter(near or document.chunks[-1:]), None)
        if chunk is None:
            raise QueryError(f"similar_to: {location.path} is empty: pass a line of code")
        return cls(chunk, source.content_hash)

    def sought(self, question: Question, mode: Mode, pinned: Pinned, encoder: Encoder) -> Likeness:
        """Return what chunks are compared with: the sample, and the words of a question that may be empty."""
        corpus, chunk = pinned.corpus, self.chunk
        counts = words.count([chunk.text])
        own_terms = rarest(corpus, words.keyword_terms(counts).terms.tolist())
        terms = () if mode == "semantic" else tuple(dict.fromkeys([*question.terms, *own_terms]))
        vector = None
        if mode != "keyword":
            vector = encoder.encode_chunks([chunk], counts)[0]  # as if it were a file of its own
            if question.text:
                vector = unit(vector + encoder.encode_question(question.text, corpus.idf))
        return Likeness(terms, vector, self._own_chunks(pinned))

    def shown_by(self, question: Question) -> Question:
        """Return the words that tell which lines of a hit are worth showing."""
        return parse(f"{question.text} {self.chunk.text}")

    def _own_chunks(self, pinned: Pinned) -> NDArray[np.int64]:
        file = pinned.corpus.paths.position(self.chunk.relative)
        # In a file that was edited since, the numbers of the lines are others: the whole file stays out.
        is_as_indexed = file is not None and int(pinned.content_hashes[file]) == self.content_hash
        first, last = (self.chunk.start_line, self.chunk.end_line) if is_as_indexed else (1, 1 << 30)
        return own_chunks(pinned.corpus, self.chunk.relative, first, last)


def _relative(path: str, root: Path) -> str:
    """Return a path as the index names it."""
    if not Path(path).is_absolute():
        return path.removeprefix("./")
    if not Path(path).is_relative_to(root):
        raise QueryError(f"similar_to: {path} is not below {root}: pass a file of the project")
    return Path(path).relative_to(root).as_posix()
