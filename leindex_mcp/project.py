"""One root: its settings, encoder, store and lock, and the two things it offers, index and search."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from anyio import to_thread

from leindex_mcp import answering, exact, filling, indexing, inspection, live
from leindex_mcp.config.loading import LoadedSettings, index_home, load
from leindex_mcp.current.last_run import LastRun
from leindex_mcp.current.looks import Freshness, Ground, Looks
from leindex_mcp.current.standing import Standings
from leindex_mcp.errors import StoreError
from leindex_mcp.findings import CheckReport, FileStatus, IndexStats
from leindex_mcp.indexing import Parts
from leindex_mcp.models import Models
from leindex_mcp.pinned import Pinned
from leindex_mcp.process.run_to_end import run_to_end
from leindex_mcp.records import IndexReport, SearchAnswer, Skipped
from leindex_mcp.report.profile_log import log_profile
from leindex_mcp.request import Request
from leindex_mcp.roots import checked_root, index_directory
from leindex_mcp.scan.file_stat_cache import FileStatCache
from leindex_mcp.scan.parallel_scanner import ParallelScanner
from leindex_mcp.search import syntax
from leindex_mcp.settings import Settings
from leindex_mcp.store import Store
from leindex_mcp.turn import Progress


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
        home = home or index_home()
        syntax.use_directory(home / "grammars")
        self.store = Store(index_directory(home, self.root), root=self.root)
        self.loaded: LoadedSettings = load(self.root, files=self._files_indexed())
        self.settings = settings or self.loaded.settings
        checked_root(self.root, allowed=self.settings.allowed_roots)
        self._cache = FileStatCache.from_settings(self.settings.performance.file_stat_cache)
        self._models = Models(self.settings.performance.embeddings, home)
        self._standings = Standings(self.root, self.store, self._models.of)
        self.looks = Looks(self._standings)
        self._last_run = LastRun()

    def apply(self, loaded: LoadedSettings) -> None:
        """Go on with other settings; a run that is going on keeps those it began with."""
        before, now = self.settings.performance, loaded.settings.performance
        self.loaded, self.settings = loaded, loaded.settings
        if now.file_stat_cache != before.file_stat_cache:
            self._cache = FileStatCache.from_settings(now.file_stat_cache)
        if now.embeddings != before.embeddings:
            self._models.change(now.embeddings)

    # ---------------------------------------------------------------- index

    def index(
        self, *, force: bool = False, profile: bool = False, on_progress: Progress | None = None
    ) -> IndexReport:
        """Bring the index up to date, a transformer's vectors too; `indexing.index` says what is raised.

        Args:
            force: Build a new index beside the old one.
            profile: Log the seconds of each stage at DEBUG on the logger `leindex`.
            on_progress: Called with files done, files to do and what is going on, from any thread.
        """
        return run_to_end(self.aindex(force=force, profile=profile, on_progress=on_progress))

    async def aindex(
        self, *, force: bool = False, profile: bool = False, on_progress: Progress | None = None
    ) -> IndexReport:
        """Do what `index` does, in the running event loop."""
        report = await self.arun(force=force, on_progress=on_progress)
        report = await self.afill(report, on_progress=on_progress)
        if profile:
            log_profile(report, self.settings.performance)
        return report

    async def arun(self, *, force: bool = False, on_progress: Progress | None = None) -> IndexReport:
        """Bring the index up to date, and leave the vectors of a transformer to `afill`."""
        with self._last_run.noted():
            report = await indexing.index(self._parts(), force=force, on_progress=on_progress)
        if self.settings is self.loaded.settings and self.settings.performance.profile == "auto":
            self.apply(self.loaded.for_files(report.files))
        return report

    async def afill(self, report: IndexReport, *, on_progress: Progress | None = None) -> IndexReport:
        """Make the vectors of a transformer and let them answer; return the report with what that added."""
        return await filling.fill_up(report, self._parts(), self._models, tell=on_progress)

    # ---------------------------------------------------------------- freshness

    def freshen(self) -> Ground:
        """Return what an answer can rest on now, compared with the tree where that is cheap.

        What differs is taken in at once, in memory; `is_run_due` says when it is to be written.
        """
        standing = self._standings.usable()
        if standing is None or not standing.on_disk.head.complete:
            return Ground(self._need())
        if self.looks.are_cheap(len(standing.shown.corpus)):
            ground = self.look()
            return ground if ground.standing else Ground(self._need())
        return Ground(Freshness.LOOK_DUE if self.looks.are_due() else Freshness.RECENT, standing)

    def look(self) -> Ground:
        """Compare the tree with what answers, whatever it costs, and take in what differs."""
        standing = self.looks.look(self._scanner(), self.settings)
        return Ground(Freshness.RUN_NEEDED if standing is None else Freshness.CHECKED, standing)

    def is_cheap(self) -> bool:
        """Return whether the tree is compared before each answer, so that nobody needs to watch it."""
        standing = self._standings.usable()
        return standing is None or self.looks.are_cheap(len(standing.shown.corpus))

    def _need(self) -> Freshness:
        """Say whether a question waits for the run that is needed, or is answered from the files."""
        if self._last_run.failed_lately():
            return Freshness.UNWRITABLE
        is_ours = inspection.other_writer(self.store) is None
        if is_ours and live.lacks_little(self._standings.pin_at_hand(), self._scanner()):
            return Freshness.RUN_NEEDED
        # The answer that goes first should know.
        return Freshness.RUN_BEHIND if self._last_run.try_to_begin(self.store) else Freshness.UNWRITABLE

    def is_run_due(self, *, is_filling: bool = False) -> bool:
        """Return whether to write what is owed, or to fill; runs take a tenth of the time at most."""
        standing = self._standings.usable()
        if standing is None or not self._last_run.is_another_worth_it():
            return False
        return standing.is_owing() or (not is_filling and filling.is_due(standing.on_disk, self._models))

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
        ground = self.freshen()
        if ground.freshness is Freshness.LOOK_DUE:
            ground = self.look()
        if ground.standing is None or ground.standing.is_run_wanted():
            with suppress(StoreError):  # the answer says so, and goes by the files themselves
                run_to_end(self.arun(on_progress=on_progress))
                ground = Ground(Freshness.CHECKED, self._standings.now())
        self._models.wait(self._standings.encoder())
        return self.answer(request, ground=ground)

    async def asearch(self, query: str, **arguments: Any) -> SearchAnswer:  # noqa: ANN401  # those of `search`
        """Do what `search` does, in a worker thread."""
        return await to_thread.run_sync(lambda: self.search(query, **arguments))

    def answer(
        self,
        request: Request,
        running: tuple[int, int | None, str] | None = None,
        *,
        ground: Ground | None = None,
    ) -> SearchAnswer:
        """Answer from what is indexed now, whatever that is, and from the files that it lacks.

        Args:
            request: What was asked.
            running: Progress of the run that is going on, if one is.
            ground: What `freshen` returned for this question.
        """
        max_bytes = self.settings.file_filtering.max_file_size
        if request.sought is not None:
            return exact.answer(
                request, request.sought, self._standings.pin_at_hand(), self._scanner(), max_bytes
            )
        standing, unreadable = self._standings.at_hand()
        ground = ground or Ground(Freshness.RECENT, standing)
        # Not what stands by now: a run that ends meanwhile may have begun before what was taken in.
        newest = ground.standing or standing
        pinned = newest.shown if newest else None
        is_whole = ground.standing is not None and ground.standing.on_disk.head.complete
        trouble = unreadable or self._last_run.trouble
        state = inspection.state_of(self.store, pinned, running, trouble, is_whole=is_whole)
        encoder = self._models.of(pinned.head.encoder if pinned else None)
        parts = answering.Parts(self.root, encoder, max_bytes, self._standings.reread)
        if pinned is None or not is_whole:
            return live.answer(request, pinned, parts, self._scanner(), state)
        is_checked = ground.freshness is Freshness.CHECKED
        age = 0 if is_checked else self.looks.age_seconds()
        state = replace(state, is_checked=is_checked, age_seconds=age)
        return answering.answer(request, pinned, parts, state)

    # ---------------------------------------------------------------- look

    def stats(self, running: tuple[int, int | None, str] | None = None) -> IndexStats:
        """Compare the index with the tree as it is now, and say what differs.

        Args:
            running: Progress of the run that is going on, if one is.
        """
        standing, unreadable = self._standings.at_hand()
        pinned = standing.on_disk if standing else None
        state = inspection.state_of(self.store, pinned, running, unreadable or self._last_run.trouble)
        stats = inspection.stats(self.store, pinned, self._scanner().scan(), state)
        embedding = filling.embedding_stats(self._models, pinned, self.root)
        return replace(stats, root=str(self.root), problems=tuple(self.loaded.problems), embedding=embedding)

    def file_status(self, path: str) -> FileStatus:
        """Return whether a file is in the index, or what keeps it out.

        Args:
            path: Under the root, relative or absolute.
        """
        return inspection.file_status(self.root, path, self._standings.pin_at_hand(), self._scanner())

    def check(self) -> CheckReport:
        """Verify the whole index; see `inspection.check`."""
        return inspection.check(self.store, self.root, self.settings.file_filtering.max_file_size)

    def files(self, *, subtree: str = "") -> Iterator[str]:
        """Yield the relative path of every file that would be indexed, in order."""
        prefix = f"{subtree}/" if subtree else ""
        relatives = (record.relative for record in self._scanner().scan().records)
        return (relative for relative in relatives if relative.startswith(prefix))

    def skipped(self, *, subtree: str = "") -> Iterator[Skipped]:
        """Yield every path that is left out, in order, with the reason and the rule."""
        prefix = f"{subtree}/" if subtree else ""
        return (skip for skip in self._scanner().scan().skipped if skip.relative.startswith(prefix))

    def _scanner(self) -> ParallelScanner:
        return ParallelScanner(self.root, self.settings, cache=self._cache)

    def _files_indexed(self) -> int | None:
        """Return how many files the index holds; None without one, or with one that cannot be read."""
        with suppress(StoreError):
            return head.files if (head := self.store.head()) else None
        return None

    def _parts(self) -> Parts:
        def pin() -> Pinned | None:  # what cannot be read is made anew
            return standing.on_disk if (standing := self._standings.readable()[0]) else None

        return Parts(self.root, self.settings, self._standings.encoder, self.store, self._cache, pin)

    def pin(self) -> Pinned | None:
        """Return the newest snapshot on disk; None without an index."""
        return now.on_disk if (now := self._standings.now()) else None
