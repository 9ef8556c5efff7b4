"""The command line: `leindex-mcp` serves, and its sub-commands do what the tools do."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leindex_mcp import __version__
from leindex_mcp.errors import NoRootError, RootRefusedError
from leindex_mcp.process.garbage import without_collections
from leindex_mcp.process.shortage import sentence_of
from leindex_mcp.report.progress_bar import progress_bar

if TYPE_CHECKING:
    from leindex_mcp.config.editing import Action
    from leindex_mcp.config.loading import LoadedSettings
    from leindex_mcp.project import LeIndex
    from leindex_mcp.records import Skipped

app = typer.Typer(
    name="leindex-mcp",
    help="Fast, trustworthy code search over a project, for AI coding assistants and for the shell.",
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=False,
)

PathArgument = Annotated[Path | None, typer.Argument(help="The project; by default the one around here.")]
RootOption = Annotated[
    list[Path] | None, typer.Option("--root", help="What a tool call without a path means.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program instead of text.")]


@app.callback(invoke_without_command=True)
def default(
    context: typer.Context,
    root: RootOption = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False,
) -> None:
    """Serve MCP on stdin and stdout when no sub-command is given."""
    if version:
        typer.echo(f"leindex-mcp {__version__}")
    elif context.invoked_subcommand is None:
        _serve(root or [])


@app.command()
def serve(root: RootOption = None) -> None:
    """Serve MCP on stdin and stdout, as an assistant starts it."""
    _serve(root or [])


@app.command()
def index(
    path: PathArgument = None,
    force: Annotated[bool, typer.Option("--force", help="Rebuild, also when all files are gone.")] = False,
    profile: Annotated[bool, typer.Option("--profile", help="Log the seconds of each stage.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Bring the index of a project up to date."""
    from leindex_mcp.report.report_text import index_lines

    if profile:
        logging.getLogger("leindex").setLevel(logging.DEBUG)
    with progress_bar() as on_progress:
        report = _open(path)[0].index(force=force, profile=profile, on_progress=on_progress)
    typer.echo(_as_json(report) if as_json else index_lines(report))


@app.command()
def search(
    query: Annotated[str, typer.Argument(help='Plain words, a symbol, a path or a "string".')],
    path: PathArgument = None,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", help="Hits (10), or exact lines (50).")
    ] = None,
    mode: Annotated[str, typer.Option("--mode", help="hybrid, semantic, keyword or exact.")] = "hybrid",
    include: Annotated[list[str] | None, typer.Option("--include", help="Only files that match.")] = None,
    exclude: Annotated[list[str] | None, typer.Option("--exclude", help="No files that match.")] = None,
    language: Annotated[str | None, typer.Option("--language", "-l", help="Only this language.")] = None,
    max_tokens: Annotated[int | None, typer.Option("--max-tokens", help="Size of the answer.")] = None,
    similar_to: Annotated[
        str | None, typer.Option("--similar-to", help="Find code like FILE:LINE; QUERY may be empty.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Search a project; the first search indexes it."""
    project, subtree = _open(path)
    with progress_bar() as on_progress:
        answer = project.search(
            query,
            limit=limit,
            mode=mode,
            include=include or (),
            exclude=exclude or (),
            language=language,
            max_tokens=max_tokens,
            subtree=subtree,
            similar_to=similar_to,
            on_progress=on_progress,
        )
    if as_json:
        hits = [dataclasses.asdict(hit) for hit in answer]
        content = {"hits": hits, "state": dataclasses.asdict(answer.state), "census": answer.census}
        typer.echo(json.dumps(content, ensure_ascii=True))
    else:
        typer.echo(answer.rendered)


@app.command()
def files(
    path: PathArgument = None,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="End paths with NUL instead of a newline.")
    ] = False,
    skipped: Annotated[
        bool, typer.Option("--skipped", help="List what is left out: path, reason, rule.")
    ] = False,
) -> None:
    """List what would be indexed, a relative path a line."""
    project, subtree = _open(path)
    end = "\0" if null else "\n"
    lines = map(_skip_line, project.skipped(subtree=subtree)) if skipped else project.files(subtree=subtree)
    for line in lines:
        sys.stdout.buffer.write(os.fsencode(line + end))


@app.command()
def stats(
    path: PathArgument = None,
    file: Annotated[
        str | None, typer.Option("--file", help="Say why this file is, or is not, found.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what is indexed, what was skipped and why."""
    from leindex_mcp.report.report_text import file_line, stats_lines

    project, _ = _open(path)
    if file is not None:
        status = project.file_status(file)
        typer.echo(_as_json(status) if as_json else file_line(status))
        return
    report = project.stats()
    typer.echo(_as_json(report) if as_json else stats_lines(report))


@app.command()
def check(path: PathArgument = None, as_json: JsonOption = False) -> None:
    """Verify a whole index: exit status 0 when it is whole, 1 when it is damaged, 2 when there is none."""
    from leindex_mcp.report.report_text import check_lines

    report = _open(path)[0].check()
    typer.echo(_as_json(report) if as_json else check_lines(report))
    raise SystemExit(1 if report.problems else 0)


@app.command()
def clean(
    unused_days: Annotated[
        int, typer.Option("--unused-days", min=1, help="Not used for so long counts as not needed.")
    ] = 90,
    yes: Annotated[bool, typer.Option("--yes", help="Remove them; without it they are listed only.")] = False,
) -> None:
    """List the indexes whose project is gone, or that were not used for long; with --yes, remove them."""
    from leindex_mcp.cleaning import unneeded
    from leindex_mcp.config.loading import index_home

    freed = 0
    for index in unneeded(index_home(), unused_days):
        in_use = yes and not index.remove()
        freed += 0 if in_use else index.size_bytes
        kept = "; kept: a process uses it" if in_use else ""
        typer.echo(f"{index.root}  {index.size_bytes / 1e6:.1f} MB  {index.reason}{kept}")
    typer.echo(f"freed {freed / 1e6:.1f} MB" if yes else f"`leindex clean --yes` frees {freed / 1e6:.1f} MB")


config_app = typer.Typer(help="Look at the settings, and change your own.", no_args_is_help=True)
app.add_typer(config_app, name="config")
KeyArgument = Annotated[str, typer.Argument(help="A setting, as `config show` writes it.")]


@config_app.command("show")
def config_show(path: PathArgument = None) -> None:
    """Show every setting in force, where its value comes from, and what is wrong with the sources."""
    _configure(path, "show")


@config_app.command("get")
def config_get(key: KeyArgument, path: PathArgument = None) -> None:
    """Show one setting: its value, origin and default, and what is allowed."""
    _configure(path, "get", key)


@config_app.command("set")
def config_set(key: KeyArgument, value: Annotated[str, typer.Argument(help="As in YAML.")]) -> None:
    """Set a value in your own settings file, after checking it."""
    _configure(None, "set", key, value)


@config_app.command("unset")
def config_unset(key: KeyArgument) -> None:
    """Take a value out of your own settings file."""
    _configure(None, "unset", key)


@config_app.command("validate")
def config_validate(path: PathArgument = None) -> None:
    """Say what is wrong with the settings; exit status 1 if anything is."""
    if _configure(path, "validate").problems:
        raise typer.Exit(1)


model_app = typer.Typer(help="Models that are not in the package.", no_args_is_help=True)
app.add_typer(model_app, name="model")


@model_app.command("fetch")
def model_fetch(model: Annotated[str, typer.Argument(help="ORGANISATION/NAME on the hub.")]) -> None:
    """Download a transformer from the hub: its weights as safetensors, its tokenizer, no code."""
    from leindex_mcp.embed.hub import fetch

    typer.echo(f"{model} is in {fetch(model)}; name it in performance.embeddings.model")


def main() -> None:
    """Run the command line; an error a caller can mend is one line on stderr and exit status 2."""
    try:
        app()
    except Exception as exc:
        sentence = sentence_of(exc)
        if sentence is None:
            raise
        typer.echo(f"leindex-mcp: {sentence}", err=True)
        raise SystemExit(2) from None


def _configure(
    path: Path | None, action: Action, key: str | None = None, value: str | None = None
) -> LoadedSettings:
    """Do what `config` was asked and print the answer; outside a project, for none."""
    from leindex_mcp.config.editing import perform
    from leindex_mcp.config.loading import load
    from leindex_mcp.place import place_of

    try:
        root = place_of(None if path is None else str(path)).root
    except (NoRootError, RootRefusedError):
        root = None
    answer, loaded = perform(load(root), action, key=key, value=value, scope="user", by_person=True)
    typer.echo(answer)
    return loaded


def _serve(roots: list[Path]) -> None:
    from leindex_mcp.server import serve as serve_mcp

    if sys.stdin.isatty():
        typer.echo(
            "Serving MCP on stdin and stdout: this is for an assistant to start. Try --help.", err=True
        )
    serve_mcp(roots)


def _open(path: Path | None) -> tuple[LeIndex, str]:
    """Return the project that covers the path, and the part of it that was named."""
    with without_collections():  # all that is imported stays
        from leindex_mcp.place import place_of
        from leindex_mcp.project import LeIndex

    logging.basicConfig(stream=sys.stderr, format="[%(levelname)s] %(message)s")
    place = place_of(None if path is None else str(path))
    return LeIndex(place.root), place.subtree


def _skip_line(skip: Skipped) -> str:
    return f"{skip.relative}\t{skip.reason}\t{skip.detail}"


def _as_json(report: object) -> str:
    """Return a report as JSON; the names are those of its fields."""
    return json.dumps(dataclasses.asdict(report), ensure_ascii=True)  # type: ignore[call-overload]  # a dataclass
