"""One root: its settings, encoder, store and lock, and the two things it offers, index and search."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import anyio
from anyio import to_thread

from leindex_mcp import answering, exact, indexing, inspection
from leindex_mcp.config.loading import LoadedSettings, default_roots, index_home, load
from leindex_mcp.embed.encoder import Encoder, load_encoder
from leindex_mcp.errors import IndexDamagedError, IndexSchemaError, StoreError
from leindex_mcp.indexing import Parts, Progress
from leindex_mcp.inspection import state_of
from leindex_mcp.pinned import Pinned
from leindex_mcp.profile_log import log_profile
from leindex_mcp.records import CheckReport, FileStatus, IndexReport, IndexStats, SearchAnswer, Skipped
from leindex_mcp.request import Request
from leindex_mcp.roots import Place, checked_root, implied_root, index_directory, locate
from leindex_mcp.scan.file_stat_cache import FileStatCache
from leindex_mcp.scan.parallel_scanner import ParallelScanner
from leindex_mcp.settings import Settings
from leindex_mcp.store import Store

_CHEAP_PASS_SECONDS = 0.05  # a pass over the tree that costs no more than this may run before a search
_PASS_INTERVAL_SECONDS = 1.0  # and does so at most this often
_COSTLY_PASS_INTERVAL_SECONDS = 30.0  # how often a server has a costly one run behind its answers

T = TypeVar("T")


class LeIndex:
    """The index of one root.

    Synchronous, and usable inside a running event loop; `aindex` and `asearch` are the asynchronous twins.
    Thread-safe: searches share one snapshot, runs of `index` queue behind the writer lock.

    Args:
        root: The project directory.
        settings: In place of what the configuration files and the environment say.
        home: Directory of all indexes; by default `LEINDEX_HOME`, else the user's cache directory.

    Raises:
        RootNotFoundError: The root is missing or is a file.
        RootRefusedError: The root is a home directory, a system folder, or not in `allowed_roots`.
    """

    def __init__(
        self, root: str | os.PathLike[str], *, settings: Settings | None = None, home: Path | None = None
    ) -> None:
        self.root = checked_root(Path(root))
        self.store = Store(index_directory(home or index_home(), self.root))
        self.loaded: LoadedSettings = load(self.root, files=self._files_indexed())
        self.settings = settings or self.loaded.settings
        checked_root(self.root, allowed=self.settings.allowed_roots)
        self._cache = FileStatCache.from_settings(self.settings.performance.file_stat_cache)
        self._loading = threading.Lock()
        self._encoder: Encoder | None = None
        self._pinned: Pinned | None = None
        self._pass_seconds = 0.0  # what the last pass over an unchanged tree cost; 0 before the first
        self._passed_at = float("-inf")  # monotonic time of its end

    def apply(self, loaded: LoadedSettings) -> None:
        """Go on with other settings; a run that is going on keeps those it began with."""
        before, now = self.settings.performance, loaded.settings.performance
        self.loaded, self.settings = loaded, loaded.settings
        if now.file_stat_cache != before.file_stat_cache:
            self._cache = FileStatCache.from_settings(now.file_stat_cache)
        if now.embeddings != before.embeddings:
            with self._loading:
                self._encoder = None

    # ---------------------------------------------------------------- index

    def index(
        self, *, force: bool = False, profile: bool = False, on_progress: Progress | None = None
    ) -> IndexReport:
        """Bring the index up to date; `indexing.index` says what *force* does and what is raised.

        Args:
            force: Build a new index beside the old one.
            profile: Log the seconds of each stage at DEBUG on the logger `leindex`.
            on_progress: Called with files done, files to do and what is going on, from any thread.
        """
        return _run(self.aindex(force=force, profile=profile, on_progress=on_progress))

    async def aindex(
        self, *, force: bool = False, profile: bool = False, on_progress: Progress | None = None
    ) -> IndexReport:
        """Do what `index` does, in the running event loop."""
        started = time.monotonic()
        encoder = await to_thread.run_sync(self._load_encoder)
        parts = Parts(self.root, self.settings, encoder, self.store, self._cache, self._pin_if_whole)
        report = await indexing.index(parts, force=force, on_progress=on_progress)
        if profile:
            log_profile(report, self.settings.performance)
        self._passed_at = time.monotonic()
        if report.indexed == report.removed == 0:
            self._pass_seconds = self._passed_at - started
        if self.settings is self.loaded.settings and self.settings.performance.profile == "auto":
            self.apply(self.loaded.for_files(report.files))
        return report

    def pass_due(self) -> Literal["now", "behind", "no"]:
        """Return whether a search should wait for a pass over the tree, have one run behind it, or need none.

        It waits when there is no complete index or one of another model, and where a pass is cheap once a
        second.
        """
        pinned = self._pin_if_whole()
        if (
            pinned is None
            or not pinned.head.complete
            or pinned.head.encoder != self._load_encoder().fingerprint
        ):
            return "now"
        age_seconds = time.monotonic() - self._passed_at
        if self._pass_seconds <= _CHEAP_PASS_SECONDS:
            return "now" if age_seconds > _PASS_INTERVAL_SECONDS else "no"
        return "behind" if age_seconds > _COSTLY_PASS_INTERVAL_SECONDS else "no"

    # ---------------------------------------------------------------- search

    def search(  # noqa: PLR0913  # the public contract names them all
        self,
        query: str,
        *,
        limit: int | None = None,
        mode: str = "hybrid",
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        language: str | None = None,
        max_tokens: int | None = None,
        subtree: str = "",
        similar_to: str | None = None,
        on_progress: Progress | None = None,
    ) -> SearchAnswer:
        """Return the places that answer *query*, best first; a root without an index is indexed first.

        Args:
            query: Plain words, a symbol, a path, or a string in quotes; with `exact` a literal string, or
                `re:` and a regular expression.
            limit: Hits at most: 1 to 100, by default 10; with `exact` lines, 1 to 1000, by default 50.
            mode: `hybrid`, `semantic`, `keyword`, or `exact` for every line as it is on disk now.
            include: Globs; only files that match one are searched.
            exclude: Globs; files that match one are not.
            language: Only files of this language, by name or usual short name.
            max_tokens: Size of `SearchAnswer.rendered`; the hits themselves are never cut.
            subtree: Posix path under the root; only files below it are searched.
            similar_to: `file:line`; code like the code there is found, and *query* may be empty.
            on_progress: Hears of the indexing that comes first, if any does.

        Raises:
            QueryError: An argument cannot be used; the sentence says which and why.
        """
        request = Request.checked(
            query, limit, mode, include, exclude, language, max_tokens, subtree, similar_to
        )
        if request.sought is not None:
            return self.answer(request)
        is_checked = self.pass_due() == "now"
        if is_checked:
            self.index(on_progress=on_progress)
        return self.answer(request, is_checked=is_checked)

    async def asearch(self, query: str, **arguments: Any) -> SearchAnswer:  # noqa: ANN401  # those of `search`
        """Do what `search` does, in a worker thread."""
        return await to_thread.run_sync(lambda: self.search(query, **arguments))

    def answer(
        self,
        request: Request,
        running: tuple[int, int | None, str] | None = None,
        *,
        is_checked: bool = False,
    ) -> SearchAnswer:
        """Answer from what is indexed now, whatever that is.

        Args:
            request: What was asked.
            running: Progress of the run that is going on, if one is.
            is_checked: Whether a pass over the tree ended just before.
        """
        max_bytes = self.settings.file_filtering.max_file_size
        if request.sought is not None:
            return exact.answer(request, request.sought, self._pin_if_whole(), self._scanner(), max_bytes)
        pinned = self.pin()
        state = replace(state_of(pinned, running), is_checked=is_checked)
        if pinned is None:
            return SearchAnswer((), state, rendered=state.line())
        return answering.answer(request, pinned, self._load_encoder(), self.root, max_bytes, state)

    # ---------------------------------------------------------------- look

    def stats(self, running: tuple[int, int | None, str] | None = None) -> IndexStats:
        """Compare the index with the tree as it is now, and say what differs.

        Args:
            running: Progress of the run that is going on, if one is.
        """
        stats = inspection.stats(self.store, self.pin(), self._scanner().scan(), running)
        return replace(stats, root=str(self.root), problems=tuple(self.loaded.problems))

    def file_status(self, path: str) -> FileStatus:
        """Return whether a file is in the index, or what keeps it out.

        Args:
            path: Under the root, relative or absolute.
        """
        return inspection.file_status(self.root, path, self.pin(), self._scanner())

    def check(self) -> CheckReport:
        """Verify the whole index; see `inspection.check`."""
        return inspection.check(self.store, self.root, self.settings.file_filtering.max_file_size)

    def files(self, *, subtree: str = "") -> Iterator[str]:
        """Yield the relative path of every file that would be indexed, in order."""
        prefix = f"{subtree}/" if subtree else ""
        records = self._scanner().scan().records
        return (record.relative for record in records if record.relative.startswith(prefix))

    def skipped(self, *, subtree: str = "") -> Iterator[Skipped]:
        """Yield every path that is left out, in order, with the reason and the rule."""
        prefix = f"{subtree}/" if subtree else ""
        return (skip for skip in self._scanner().scan().skipped if skip.relative.startswith(prefix))

    # ---------------------------------------------------------------- parts

    def _scanner(self) -> ParallelScanner:
        return ParallelScanner(self.root, self.settings, cache=self._cache)

    def _files_indexed(self) -> int | None:
        """Return how many files the index holds; None without one, or with one that cannot be read."""
        with suppress(StoreError):
            head = self.store.head()
            return head.files if head else None
        return None

    def _load_encoder(self) -> Encoder:
        """Return the encoder, loaded when it is first needed."""
        with self._loading:
            if self._encoder is None:
                self._encoder = load_encoder(self.settings.performance.embeddings)
            return self._encoder

    def pin(self) -> Pinned | None:
        """Return the newest snapshot, read again only when `HEAD` has moved; None without an index."""
        head = self.store.head()
        with self._loading:
            if head is None:
                self._pinned = None
            elif self._pinned is None or self._pinned.head.version != head.version:
                self._pinned = self.store.read(Pinned.of)
            return self._pinned

    def _pin_if_whole(self) -> Pinned | None:
        """Return what `pin` does, and None for an index that cannot be read: the next run makes it anew."""
        with suppress(IndexDamagedError, IndexSchemaError):
            return self.pin()
        return None


def place_of(path: str | None, roots: Sequence[Path] = ()) -> Place:
    """Return the indexed root that covers *path*, or *path* itself; without one, what the surroundings imply.

    Raises:
        NoRootError: No path was passed and none is implied.
        RootNotFoundError: The path is missing or is a file.
        RootRefusedError: The path is too wide to be a root.
    """
    chosen = path if path is not None else implied_root([*map(str, roots), *default_roots()], Path.cwd())
    home = index_home()
    return locate(checked_root(chosen), lambda root: Store(index_directory(home, root)).exists())


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, also when this thread is already running an event loop."""

    async def waiting() -> T:
        return await work

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return anyio.run(waiting)
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(anyio.run, waiting).result()
