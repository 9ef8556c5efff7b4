"""The roots that one server has open, and the runs of `index` that go on behind its answers."""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import anyio
from anyio import CancelScope, to_thread
from anyio.abc import TaskGroup

if TYPE_CHECKING:
    from leindex_mcp.current.watch import Watch
    from leindex_mcp.findings import CheckReport
    from leindex_mcp.project import LeIndex
    from leindex_mcp.records import IndexReport

logger = logging.getLogger("leindex.jobs")

_TELL_SECONDS = 0.5  # how often a waiting caller hears of the progress
_LOOKS_SHARE = 10  # after a look that a change led to, this many times its duration pass before the next


class JobProgress(NamedTuple):
    """How far a run of `index` is."""

    done: int  #: files
    total: int | None  #: files, when known
    doing: str


Tell = Callable[[JobProgress], Awaitable[None]]


class IndexJob:
    """One run of `index`; it goes on when nobody waits for it, and any number of callers may wait."""

    def __init__(self, project: LeIndex, *, force: bool) -> None:
        self.progress = JobProgress(0, None, "starting")
        self.is_over = False  #: finished, failed or stopped: nobody new may wait for it
        self.is_filling = True  #: vectors of a transformer are made after it, or will be
        self._finished = anyio.Event()
        self._waiting = 0
        self._project = project
        self._force = force
        self._scope = CancelScope()
        self._report: IndexReport | None = None
        self._error: Exception | None = None

    async def run(self) -> None:
        """Index, and keep the outcome for whoever asks."""
        try:
            with self._scope:
                self._report = await self._project.arun(force=self._force, on_progress=self._note)
        except Exception as exc:  # belongs to the callers who wait, not to the other jobs
            logger.debug("indexing %s failed", self._project.root, exc_info=True)
            self._error = exc
        finally:
            self.is_over = True
            self._finished.set()
        try:
            if self._report is not None:
                await self._fill(self._report)
        finally:
            self.is_filling = False

    async def _fill(self, report: IndexReport) -> None:
        """Let a transformer catch up, behind the answers."""
        try:
            await self._project.afill(report)
        except Exception:
            logger.exception("making vectors for %s failed", self._project.root)

    async def wait(self, seconds: float, tell: Tell, *, stops_run: bool = True) -> IndexReport | None:
        """Return the report, or None when the run needs more time.

        Args:
            seconds: How long to wait at most.
            tell: Hears of the progress meanwhile.
            stops_run: Whether cancelling the caller stops the run, if no other caller waits for it.

        Raises:
            LeIndexError: The run failed.
        """
        self._waiting += 1
        try:
            with anyio.move_on_after(seconds):
                while not self._finished.is_set():
                    await tell(self.progress)
                    with anyio.move_on_after(_TELL_SECONDS):
                        await self._finished.wait()
        except anyio.get_cancelled_exc_class():
            if stops_run and self._waiting == 1:
                self.is_over = True
                self._scope.cancel()
            raise
        finally:
            self._waiting -= 1
        if self._error is not None:
            raise self._error
        return self._report

    def _note(self, done: int, total: int | None, doing: str) -> None:
        self.progress = JobProgress(done, total, doing)


class Jobs:
    """Opens each root once, and runs at most one `index` a root."""

    def __init__(self, tasks: TaskGroup, roots: Sequence[Path]) -> None:
        self.roots = tuple(roots)
        self._tasks = tasks
        self._projects: dict[Path, LeIndex] = {}
        self._running: dict[Path, IndexJob] = {}
        self._looking: set[Path] = set()
        self._session: Mapping[str, object] = {}

    async def open(self, path: str | None) -> tuple[LeIndex, str]:
        """Return the project that covers *path*, and the part of it that *path* names.

        Raises:
            NoRootError: No path was passed and none is implied.
            RootNotFoundError: The path is missing or is a file.
            RootRefusedError: The path is too wide, or not allowed.
        """
        return await to_thread.run_sync(self._open, path)

    def _open(self, path: str | None) -> tuple[LeIndex, str]:
        from leindex_mcp.place import place_of  # noqa: PLC0415  # heavy; `initialize` must not wait
        from leindex_mcp.project import LeIndex  # noqa: PLC0415

        place = place_of(path, self.roots)
        if place.root not in self._projects:
            project = LeIndex(place.root)
            if self._session:
                project.apply(project.loaded.with_session(self._session))
            self._projects[place.root] = project
        return self._projects[place.root], place.subtree

    def set_session(self, session: Mapping[str, object]) -> None:
        """Read the settings of all open projects again, with these values of the session above all others."""
        self._session = session
        for project in self._projects.values():
            project.apply(project.loaded.with_session(session))

    def progress(self, project: LeIndex) -> JobProgress | None:
        """Return how far the run is that is going on for a project, or None without one."""
        job = self._running.get(project.root)
        return None if job is None or job.is_over else job.progress

    def start(self, project: LeIndex, *, force: bool = False) -> IndexJob:
        """Return the run that is going on for the project, or start one."""
        job = self._running.get(project.root)
        if job is None or job.is_over:
            job = self._running[project.root] = IndexJob(project, force=force)
            self._tasks.start_soon(job.run)
        return job

    async def check(self, project: LeIndex) -> CheckReport:
        """Verify the whole index, and let a run begin that makes it anew if it is damaged."""
        report = await to_thread.run_sync(project.check)
        if report.problems:
            self.start(project, force=True)
        return report

    def look_behind(self, project: LeIndex, *, is_due: bool) -> None:
        """Compare a large tree behind the answer if that is due, and write what was taken in if that is."""
        if not is_due:
            self._write_if_due(project)
        elif project.root not in self._looking:
            self._looking.add(project.root)
            self._tasks.start_soon(self._keep_current, project)

    async def _keep_current(self, project: LeIndex) -> None:
        """Look once, and go on as long as the system tells of the changes of a large tree."""
        from leindex_mcp.current.watch import open_watch  # noqa: PLC0415  # heavy; `initialize` must not wait

        try:
            await self._look(project)
            while not project.is_cheap() and (directories := project.looks.directories()):
                watch = await to_thread.run_sync(open_watch, project.root, directories)
                if watch is None:
                    break
                with watch:
                    project.looks.is_watched = True
                    await self._look(project)  # at what came before the watch
                    await self._follow(project, watch, directories)
        except Exception:  # the next answer says how old it is; other jobs go on
            logger.debug("looking at %s failed", project.root, exc_info=True)
        finally:
            project.looks.is_watched = False
            self._looking.discard(project.root)

    async def _follow(self, project: LeIndex, watch: Watch, directories: tuple[str, ...]) -> None:
        """Look whenever something changes, until other directories are to be watched."""
        while project.looks.directories() == directories:
            touched = await to_thread.run_sync(watch.wait, abandon_on_cancel=True)
            if touched is None:
                return
            if project.looks.concerns(touched):
                started = anyio.current_time()
                await self._look(project)
                # A program that writes all the time gets a tenth of the time, and the rest is gathered.
                await anyio.sleep(_LOOKS_SHARE * (anyio.current_time() - started))
            else:
                self._write_if_due(project)

    async def _look(self, project: LeIndex) -> None:
        """Look, and let a run do what is too much for a look."""
        if (await to_thread.run_sync(project.look)).standing is None:
            await self.start(project).wait(math.inf, _tell_nobody, stops_run=False)
            await to_thread.run_sync(project.look)
        self._write_if_due(project)

    def _write_if_due(self, project: LeIndex) -> None:
        job = self._running.get(project.root)
        if project.is_run_due(is_filling=job is not None and job.is_filling):
            self.start(project)


async def _tell_nobody(progress: JobProgress) -> None:
    """Take the place of a caller who hears of the progress."""
    del progress


@asynccontextmanager
async def open_jobs(roots: Sequence[Path]) -> AsyncIterator[Jobs]:
    """Run jobs for the time of the block, and stop what still runs at its end."""
    async with anyio.create_task_group() as tasks:
        yield Jobs(tasks, roots)
        tasks.cancel_scope.cancel()
