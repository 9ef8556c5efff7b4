"""Everything that a search reads of one snapshot, as flat arrays that can be written, mapped and shared."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

from leindex_mcp import words
from leindex_mcp.records import ChunkColumns, FileColumns
from leindex_mcp.search import aside, paths
from leindex_mcp.search.core import core_scores, mention_terms
from leindex_mcp.search.defined_names import DefinedNames
from leindex_mcp.search.dense import Vectors
from leindex_mcp.search.import_graph import ImportGraph
from leindex_mcp.search.imports import Imports
from leindex_mcp.search.name_words import NameWords
from leindex_mcp.search.outline import Outline
from leindex_mcp.search.postings import Postings
from leindex_mcp.search.strings import Strings

_Part = TypeVar("_Part")
_AFTER_SLASH = chr(ord("/") + 1)  # sorts right behind everything below a directory


@dataclass(frozen=True, slots=True)
class Corpus:
    """One snapshot, ready to be searched; files are in order of their relative path, chunks in order of file.

    Build it with `build`; take it apart with `arrays`, put it together again with `from_arrays`.
    """

    paths: Strings  #: relative path of each file
    languages: Strings  #: distinct languages, sorted; the first is "" and stands for none
    language: NDArray[np.int16]  #: (files,) position in `languages`
    chunk_offsets: NDArray[np.int64]  #: (files + 1,) the chunks of file f
    file: NDArray[np.int32]  #: (chunks,)
    start_line: NDArray[np.int32]  #: (chunks,) 1-based
    end_line: NDArray[np.int32]  #: (chunks,) inclusive
    postings: Postings
    vectors: Vectors
    names: DefinedNames
    words: NameWords
    name_terms: NDArray[np.uint32]  #: (names,) keyword term of each defined name as a whole
    imports: Imports
    graph: ImportGraph
    reasons: NDArray[np.uint8]  #: (files,) `Aside` reasons
    aside: NDArray[np.uint8]  #: (files,) those of them that tell files apart
    core: NDArray[np.float32]  #: (files,) -4 to 4

    def __len__(self) -> int:
        """Return the number of files."""
        return len(self.paths)

    def idf(self, word: str) -> float:
        """Return how rare a word is among the chunks."""
        return self.postings.idf(words.word_term(word))

    def outline(self, file: int) -> Outline:
        """Return the definitions of a file as it was indexed."""
        return self.names.outline(file)

    def under(self, directory: str) -> NDArray[np.bool_]:
        """Return the mask of the files below a relative posix directory; "" is the root."""
        mask = np.zeros(len(self), np.bool_)
        prefix = directory.strip("/")
        first = bisect_left(self.paths, f"{prefix}/") if prefix else 0
        last = bisect_left(self.paths, prefix + _AFTER_SLASH) if prefix else len(self)
        mask[first:last] = True
        return mask

    def in_language(self, language: str) -> NDArray[np.bool_]:
        """Return the mask of the files in a language."""
        known = list(self.languages)
        if language not in known:
            return np.zeros(len(self), bool)
        return np.equal(self.language, known.index(language))

    def paths_ending_with(self, tail: str) -> NDArray[np.int64]:
        """Return the files whose path is *tail* or ends with it after a slash."""
        return self.paths.ending_with(tail, separator="/")

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return every array by a dotted name."""
        return _flatten(self, "")

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Corpus:
        """Put a corpus together from the arrays of another one, mapped or in memory.

        Raises:
            KeyError: An array is missing.
        """
        return _assemble(cls, arrays, "")


def build(files: FileColumns, chunks: ChunkColumns) -> Corpus:
    """Derive what searching needs from one snapshot. O(n log n) in its postings."""
    path_counts = words.count([paths.spoken(relative) for relative in files.relative])
    # The postings first: they take the most memory while they are made.
    postings = Postings.of(chunks.terms, words.keyword_terms(path_counts), chunks.file)
    names, imports, reasons = DefinedNames.of(files), Imports.of(files), aside.flags(files.relative)
    name_terms = mention_terms(words.count(list(names.texts)))
    stem_counts = words.count([paths.stem(relative) for relative in files.relative])
    chunk_offsets = np.searchsorted(chunks.file, np.arange(len(files.relative) + 1)).astype(np.int64)
    relatives = Strings.of(files.relative)
    languages = sorted({language or "" for language in files.language} | {""})
    number = {language: position for position, language in enumerate(languages)}
    return Corpus(
        paths=relatives,
        languages=Strings.of(languages),
        language=np.array([number[language or ""] for language in files.language], np.int16),
        chunk_offsets=chunk_offsets,
        file=chunks.file,
        start_line=chunks.start_line,
        end_line=chunks.end_line,
        postings=postings,
        vectors=Vectors(chunks.vectors, chunks.scales),
        names=names,
        words=NameWords.of(stem_counts, path_counts),
        name_terms=name_terms,
        imports=imports,
        graph=ImportGraph.of(imports, relatives),
        reasons=reasons,
        aside=aside.telling(reasons),
        core=core_scores(imports, names, name_terms, postings, chunk_offsets),
    )


def _flatten(part: object, prefix: str) -> dict[str, NDArray[np.generic]]:
    found: dict[str, NDArray[np.generic]] = {}
    for field in fields(part):  # type: ignore[arg-type]  # a dataclass of arrays and such dataclasses
        value = getattr(part, field.name)
        if isinstance(value, np.ndarray):
            found[prefix + field.name] = value
        else:
            found |= _flatten(value, f"{prefix}{field.name}.")
    return found


def _assemble(kind: type[_Part], arrays: Mapping[str, NDArray[np.generic]], prefix: str) -> _Part:
    values: dict[str, object] = {}
    for name, hint in get_type_hints(kind).items():
        part = is_dataclass(hint)
        values[name] = _assemble(hint, arrays, f"{prefix}{name}.") if part else arrays[prefix + name]
    return kind(**values)
