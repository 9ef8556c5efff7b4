"""The scored repositories as word counts, made once and kept: a table is then scored in seconds."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from scipy import sparse

from leindex_mcp.embed.static_encoder import definition_text, path_text
from leindex_mcp.extract.document import extract_text
from leindex_mcp.records import Chunk, Document, FileRecord, Fingerprint
from leindex_mcp.words import STOP_WORDS, count, split, stem
from training.comments import STYLES
from training.places import DATA

_MAX_BYTES = 1_000_000
_SKIPPED = frozenset({".git", "node_modules", "vendor", "dist", "build", "__pycache__"})
_TELLING = 4  # letters of a word that gives a file away
_K1, _B = 1.2, 0.75  # of BM25

Counts = sparse.csr_matrix  # (texts, words)


@dataclass(frozen=True, slots=True)
class ScoredTree:
    """One repository: its chunks and questions as counts over `words`."""

    name: str
    language: str
    words: list[str]
    chunks: list[tuple[str, int, int]]  #: (relative, start_line, end_line)
    file: np.ndarray  #: (chunks,) ascending
    code: Counts
    path: Counts  #: (files, words) what the path adds to each chunk
    defined: Counts  #: (chunks, words) what definitions add
    asked: Counts  #: (questions, words)
    queries: tuple[object, ...]  #: of the scoring kit
    keyword: np.ndarray  #: (questions, chunks) BM25 scores
    stem_free: (
        np.ndarray
    )  #: (questions,) no word of the question stands in the name of a file that answers it


def load(kit: ModuleType, names: list[str], cache: Path = DATA / "scored") -> Iterator[ScoredTree]:
    """Yield the trees by name, from the cache when they are there."""
    cache.mkdir(parents=True, exist_ok=True)
    for repo in kit.load(names):
        kept = cache / f"{repo.name}.pickle"
        if not kept.exists():
            kept.write_bytes(pickle.dumps(_counted(repo)))
        yield pickle.loads(kept.read_bytes())


def _counted(repo: object) -> ScoredTree:
    documents = [
        document for path in _sources(repo.directory) if (document := _document(repo.directory, path))
    ]
    chunks = [chunk for document in documents for chunk in document.chunks]
    file = np.repeat(np.arange(len(documents)), [len(document.chunks) for document in documents])
    texts = [chunk.text for chunk in chunks]
    paths = [path_text(document.record.relative) for document in documents]
    asked = [query.text for query in repo.queries]
    defined = [definition_text(chunk) for chunk in chunks]
    tally = count(texts + paths + defined + asked)
    shape = (len(tally.offsets) - 1, len(tally.vocabulary))
    counts = sparse.csr_matrix((tally.counts.astype(np.float32), tally.ids, tally.offsets), shape)
    ends = np.cumsum([0, len(texts), len(paths), len(defined), len(asked)])
    parts = [counts[start:end] for start, end in itertools.pairwise(ends)]
    return ScoredTree(
        repo.name,
        repo.language,
        tally.vocabulary,
        [(chunk.relative, chunk.start_line, chunk.end_line) for chunk in chunks],
        file,
        *parts,
        repo.queries,
        _bm25(chunks, asked),
        np.array([_is_stem_free(query) for query in repo.queries]),
    )


def _sources(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if path.is_file() and not _SKIPPED.intersection(inside.parts) and path.stat().st_size <= _MAX_BYTES:
            yield inside


def _document(root: Path, relative: Path) -> Document | None:
    """Cut a file as the product does; only code is scored, as in the published tables."""
    text = (root / relative).read_bytes().decode("utf-8", "replace")
    document = extract_text(FileRecord(relative.as_posix(), Fingerprint(0, 0, 0, 0)), text, 0)
    return document if document.language in STYLES and document.chunks else None


def _bm25(chunks: list[Chunk], asked: list[str]) -> np.ndarray:
    """Score every chunk, its path among its words, for every question, by stems."""
    tally = count([f"{path_text(chunk.relative)}\n{chunk.text}" for chunk in chunks])
    stems: dict[str, int] = {}
    column = np.array([stems.setdefault(stem(word), len(stems)) for word in tally.vocabulary])
    values = (tally.counts.astype(np.float32), column[tally.ids], tally.offsets)
    counts = sparse.csr_matrix(values, (len(chunks), len(stems)))
    counts.sum_duplicates()
    lengths = np.asarray(counts.sum(1)).ravel()
    frequency = np.bincount(counts.indices, minlength=len(stems))
    idf = np.log(1 + (len(chunks) - frequency + 0.5) / (frequency + 0.5))
    norm = np.repeat(_K1 * (1 - _B + _B * lengths / lengths.mean()), np.diff(counts.indptr))
    counts.data = counts.data * (_K1 + 1) / (counts.data + norm) * idf[counts.indices]
    by_stem = counts.tocsc()
    scores = np.zeros((len(asked), len(chunks)), np.float32)
    for row, question in enumerate(asked):
        words = {stem(word) for word in split(question) if word not in STOP_WORDS} or {
            stem(w) for w in split(question)
        }
        for word in words:
            if word in stems:
                scores[row] += by_stem[:, [stems[word]]].toarray().ravel()
    return scores


def _is_stem_free(query: object) -> bool:
    """Tell whether the question shares no word of four letters with the name of a file that answers it."""
    asked = set(split(query.text))
    stems = [Path(target.path).stem for target in query.targets]
    named = {word for stem_ in stems for word in split(stem_) if len(word) >= _TELLING}
    return not (named & asked or any(stem_.lower() in query.text.lower() for stem_ in stems))
