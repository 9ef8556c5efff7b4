"""The four tools of the MCP server; the only file that knows the protocol."""

from __future__ import annotations

import difflib
import io
import logging
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, Literal

import anyio
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.tools.base import Tool
from mcp_types import CallToolResult, InputRequiredResult, TextContent, ToolAnnotations
from pydantic import Field, ValidationError

from leindex_mcp import __version__
from leindex_mcp.client.lifeline import end, end_soon, end_with_client
from leindex_mcp.client.wire import MendedInput
from leindex_mcp.errors import LeIndexError, QueryError, StoreError
from leindex_mcp.jobs import JobProgress, Jobs, Tell, open_jobs
from leindex_mcp.process.shortage import sentence_of
from leindex_mcp.search.safe_text import visible

BOUND_SECONDS = 20.0  # no tool call takes longer; clients give up at 60 s and models get impatient before

INSTRUCTIONS = """\
leindex finds code in a project by meaning, by name and by keyword, ranked so that the first hit is the one.
Call `search` FIRST for "where is X", "how does X work", "which code does X", or a symbol whose file you do
not know: one call replaces several greps and file reads. Ask in plain words, or name a symbol or a path.
For every occurrence of a literal string or regex pass mode="exact": it reads the files as they are now,
counts all matching lines and says "complete", so that no grep is needed.
Hits are quoted from the files as they are on disk now, as `path:start-end`; read on with your file tool.
The first line of an answer says how complete the index is. The first `search` makes the index, later ones
keep it up to date; call `index` only to wait for it or to rebuild it. `stats` says what is indexed.
"""

Ctx = Context[Jobs]

PathArgument = Annotated[
    str | None,
    Field(
        description="Project directory, or a folder in it to search only that. Default: the current project."
    ),
]
Globs = Annotated[list[str], Field(max_length=50)]


async def index(
    path: PathArgument = None,
    force: Annotated[bool, Field(description="Rebuild from nothing, also when all files are gone.")] = False,
    wait_seconds: Annotated[
        float, Field(ge=0, le=BOUND_SECONDS, description="How long to wait; the run goes on afterwards.")
    ] = BOUND_SECONDS,
    *,
    ctx: Ctx,
) -> str:
    """Bring the index of a project up to date and wait for it.

    Rarely needed: `search` does it by itself. Call it to wait for a large first index, or with `force` to
    rebuild. Returns what was read, removed and skipped; if time runs out, how far it is: call it again then.
    """
    from leindex_mcp.report.report_text import index_lines, progress_line  # noqa: PLC0415  # after `initialize`

    jobs = ctx.request_context.lifespan_context
    project, _ = await jobs.open(path)
    job = jobs.start(project, force=force)
    report = await job.wait(wait_seconds, _teller(ctx))
    return progress_line(*job.progress) if report is None else index_lines(report)


async def search(
    query: Annotated[
        str, Field(description='What the code does, in plain words; or a symbol, path or "string".')
    ],
    path: PathArgument = None,
    limit: Annotated[
        int | None,
        Field(ge=1, le=1000, description="Hits at most: 10, up to 100; lines with exact: 50, up to 1000."),
    ] = None,
    mode: Annotated[
        Literal["hybrid", "semantic", "keyword", "exact"],
        Field(
            description="hybrid suits nearly all; keyword needs the words, semantic only the meaning; exact "
            "is grep: every line that holds the query literally, or matches it as a regex after `re:`."
        ),
    ] = "hybrid",
    include: Annotated[Globs, Field(description="Only files that match, e.g. src/** or *.py.")] = [],  # noqa: B006
    exclude: Annotated[Globs, Field(description="No files that match, e.g. tests/**.")] = [],  # noqa: B006
    language: Annotated[str | None, Field(description="Only this language, e.g. python or ts.")] = None,
    max_tokens: Annotated[int, Field(ge=100, le=11_250, description="Size of the answer.")] = 2_500,
    similar_to: Annotated[
        str | None,
        Field(description="file:line; finds code like the code there, elsewhere. `query` may be empty."),
    ] = None,
    *,
    ctx: Ctx,
) -> str:
    """Find code by meaning, name or keyword: the first tool for "where is …", "how does … work", a symbol.

    Returns the best places, one a file, best first, as `path:start-end` with the lines that matter, quoted
    from disk now; the first line says how complete the index is. Read on with your file tool. For every
    occurrence of a string or regex pass mode="exact" instead of grep: it counts all lines and says
    "complete" when none is missed.
    """
    from leindex_mcp.current.looks import Freshness  # noqa: PLC0415  # heavy; after `initialize`
    from leindex_mcp.request import Request  # noqa: PLC0415

    jobs = ctx.request_context.lifespan_context
    project, subtree = await jobs.open(path)
    request = Request.checked(query, limit, mode, include, exclude, language, max_tokens, subtree, similar_to)
    ground = await anyio.to_thread.run_sync(project.freshen)
    if ground.freshness is Freshness.RUN_NEEDED and request.sought is None:
        with suppress(StoreError):  # the answer says so, and goes by the files themselves
            await jobs.start(project).wait(BOUND_SECONDS / 2, _teller(ctx), stops_run=False)
        if jobs.progress(project) is None:  # it may have begun before the question came
            ground = await anyio.to_thread.run_sync(project.freshen)
    is_to_run = ground.freshness in {Freshness.RUN_NEEDED, Freshness.RUN_BEHIND}
    progress = jobs.progress(project) or (JobProgress(0, None, "starting") if is_to_run else None)
    answer = await anyio.to_thread.run_sync(lambda: project.answer(request, progress, ground=ground))
    jobs.look_behind(project, is_due=is_to_run or ground.freshness is Freshness.LOOK_DUE)
    return answer.rendered


async def stats(
    path: PathArgument = None,
    file: Annotated[str | None, Field(description="Say why this file is, or is not, found.")] = None,
    verify: Annotated[
        bool, Field(description="Also read the whole index, and compare it with the files.")
    ] = False,
    *,
    ctx: Ctx,
) -> str:
    """Say what is indexed of a project: state, files, chunks, what was skipped and why, model, size on disk.

    Call it when an answer looks incomplete, with `file` when one file is missing. It walks the tree, so its
    state is the truth of now.
    """
    from leindex_mcp.report import report_text  # noqa: PLC0415  # after `initialize`

    jobs = ctx.request_context.lifespan_context
    project, _ = await jobs.open(path)
    if file is not None:
        return report_text.file_line(await anyio.to_thread.run_sync(project.file_status, file))
    lines = report_text.stats_lines(await anyio.to_thread.run_sync(project.stats, jobs.progress(project)))
    if not verify:
        return lines
    return f"{lines}\n{report_text.check_lines(await jobs.check(project), 'it is being made anew')}"


async def config(
    action: Annotated[
        Literal["show", "get", "set", "unset", "validate"],
        Field(description="show: every setting with its origin. validate: what is wrong with them."),
    ] = "show",
    key: Annotated[str | None, Field(description="For get, set and unset, as `show` writes it.")] = None,
    value: Annotated[bool | int | float | str | list[str] | None, Field(description="For set.")] = None,
    scope: Annotated[
        Literal["session", "user"],
        Field(description="session: until this server stops. user: kept in the user's settings file."),
    ] = "session",
    path: PathArgument = None,
    *,
    ctx: Ctx,
) -> str:
    """Show the settings in force for a project, each with where its value comes from; set or unset one.

    What decides which files are read, or what is downloaded, a person sets: the error says how.
    """
    from leindex_mcp.config.editing import perform  # noqa: PLC0415  # after `initialize`

    jobs = ctx.request_context.lifespan_context
    project, _ = await jobs.open(path)
    answer, after = await anyio.to_thread.run_sync(
        lambda: perform(project.loaded, action, key=key, value=value, scope=scope, by_person=False)
    )
    if after is not project.loaded:
        await anyio.to_thread.run_sync(jobs.set_session, after.sources.session)
    return answer


class _Server(MCPServer[Jobs]):
    """A server whose errors are sentences, and that refuses an argument it does not know."""

    async def call_tool(
        self, name: str, arguments: dict[str, Any], context: Context[Jobs] | None = None
    ) -> CallToolResult | InputRequiredResult:
        """Call a tool; what a caller can mend comes back as an error result with one clear sentence."""
        try:
            _refuse_unknown(name, arguments)
            return await super().call_tool(name, arguments, context)
        except ToolError as exc:
            if isinstance(exc.__cause__, ValidationError):
                return _refusal(_sentences(exc.__cause__))
            if sentence := sentence_of(exc.__cause__):
                return _refusal(sentence)
            raise
        except LeIndexError as exc:
            return _refusal(str(exc))


def _refuse_unknown(name: str, arguments: dict[str, Any]) -> None:
    """Refuse arguments that the SDK would drop in silence."""
    known = _ARGUMENTS.get(name, list(arguments))
    for argument in [argument for argument in arguments if argument not in known]:
        near = difflib.get_close_matches(argument, known, 1)
        hint = f"did you mean `{near[0]}`?" if near else f"it takes {', '.join(known)}"
        raise QueryError(f"`{name}` has no argument `{argument}`: {hint}")


def _refusal(sentence: str) -> CallToolResult:
    safe = "\n".join(map(visible, sentence.split("\n")))  # it names files, and what the caller sent
    return CallToolResult(content=[TextContent(type="text", text=safe)], is_error=True)


def _sentences(error: ValidationError) -> str:
    """Return what is wrong with the arguments, without echoing what was sent."""
    return "; ".join(
        f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_input=False)
    )


def _teller(ctx: Ctx) -> Tell:
    """Return the function that passes progress on to the client of this call."""

    async def tell(progress: JobProgress) -> None:
        await ctx.report_progress(progress.done, progress.total, progress.doing)

    return tell


def _tool(function: Callable[..., Any], title: str, *, read_only: bool) -> Tool:
    """Return a tool that answers in text only, and whose schema says that it knows no other arguments."""
    hints = ToolAnnotations(
        title=title,
        read_only_hint=read_only,
        destructive_hint=False,
        idempotent_hint=True,
        open_world_hint=False,
    )
    tool = Tool.from_function(function, title=title, annotations=hints, structured_output=False)
    tool.parameters["additionalProperties"] = False
    return tool


_TOOLS = [
    _tool(search, "Search code", read_only=True),
    _tool(index, "Index a project", read_only=False),
    _tool(stats, "Index statistics", read_only=True),
    _tool(config, "Settings", read_only=False),
]
_ARGUMENTS = {tool.name: list(tool.parameters["properties"]) for tool in _TOOLS}


def make_server(roots: Sequence[Path] = ()) -> MCPServer[Jobs]:
    """Return the server; its jobs live as long as it runs.

    Args:
        roots: What a call without `path` means; the first one counts.
    """

    @asynccontextmanager
    async def lifespan(server: MCPServer[Jobs]) -> AsyncIterator[Jobs]:
        del server
        async with open_jobs(roots) as jobs:
            yield jobs

    return _Server(
        "leindex",
        title="leindex",
        version=__version__,
        instructions=INSTRUCTIONS,
        tools=_TOOLS,
        lifespan=lifespan,
        log_level="WARNING",
    )


def serve(roots: Sequence[Path] = ()) -> None:
    """Serve on stdin and stdout until stdin ends, the client dies or a signal comes.

    A signal ends the process at once, the rest soon: the index on disk is whole at every moment.
    """
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    sys.stdin = io.TextIOWrapper(
        io.BufferedReader(MendedInput(sys.stdin.buffer, end_soon)), "utf-8", "replace"
    )
    end_with_client()
    try:
        anyio.run(make_server(roots).run_stdio_async)
    except* BrokenPipeError:
        end()  # the client is gone, and so is the use of what stdout still holds
    end()
