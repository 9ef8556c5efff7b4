"""Index a project and put questions to it, over MCP, exactly as a client would."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import anyio
from mcp import Client, StdioServerParameters

REPOSITORY = Path(__file__).resolve().parent.parent
ABOUT_THIS_REPOSITORY = (
    "which rules keep a file out of the index?",
    "where is a batch committed to the store?",
    "PatternTrie",
)
ABOUT_ANY_PROJECT = (
    "where does the program start?",
    "how is the configuration read?",
    "error handling",
)


async def demonstrate(project: Path, questions: tuple[str, ...], index_home: Path) -> None:
    """Start the server, index *project*, ask, and print every answer with its time."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "leindex_mcp", "serve", "--root", str(project)],
        env={**os.environ, "LEINDEX_HOME": str(index_home)},
    )
    print(f"$ leindex-mcp serve --root {project}", flush=True)
    started = time.perf_counter()
    async with Client(server) as client:
        tools = await client.list_tools()
        print(f"connected in {since(started)}; tools: {', '.join(tool.name for tool in tools.tools)}\n")
        # A call returns within 20 s; a large project goes on behind it and says so.
        while "it goes on" in await call(client, "index", path=str(project)):
            pass
        for question in questions:
            await call(client, "search", query=question, limit=3, max_tokens=900)
        await call(client, "stats", path=str(project))


async def call(client: Client, tool: str, **arguments: object) -> str:
    """Call one tool, print what a model would read, and return it."""
    shown = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    print(f"=== {tool}({shown})")
    started = time.perf_counter()
    result = await client.call_tool(tool, arguments, progress_callback=report_progress)
    elapsed = since(started)
    text = "\n".join(content.text for content in result.content if content.type == "text")
    print(f"{text}\n--- {elapsed}\n", flush=True)
    if result.is_error:
        sys.exit(f"the {tool} tool failed")
    return text


async def report_progress(progress: float, total: float | None, message: str | None) -> None:
    """Show progress on stderr, where it does not mix with the answers, if somebody is looking."""
    if sys.stderr.isatty():
        line = f"\r  {progress:.0f}/{total or 0:.0f} {message or ''}\033[K"
        print(line, end="\r", file=sys.stderr, flush=True)


def since(started: float) -> str:
    """Return the time since *started* as a reader wants it."""
    return f"{(time.perf_counter() - started) * 1000:,.0f} ms"


def main() -> None:
    """Read the arguments and run the demonstration with an index that is thrown away."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("project", type=Path, nargs="?", default=REPOSITORY)
    parser.add_argument("question", nargs="*")
    arguments = parser.parse_args()
    project = arguments.project.expanduser().resolve()
    usual = ABOUT_THIS_REPOSITORY if project == REPOSITORY else ABOUT_ANY_PROJECT
    with tempfile.TemporaryDirectory(prefix="leindex-demo-") as index_home:
        anyio.run(demonstrate, project, tuple(arguments.question) or usual, Path(index_home))


if __name__ == "__main__":
    main()
