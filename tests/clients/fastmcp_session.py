"""One session of fastmcp's client with the server whose command line follows; prints what it saw as JSON."""

from __future__ import annotations

import json
import sys

import anyio
from fastmcp import Client


async def session(command: str, *args: str) -> dict[str, object]:
    """Connect, and use each tool once."""
    async with Client({"mcpServers": {"leindex": {"command": command, "args": list(args)}}}) as client:
        tools = sorted(tool.name for tool in await client.list_tools())
        answers = {
            name: (await client.call_tool(name, arguments)).content[0].text
            for name, arguments in [
                ("index", {}),
                ("search", {"query": "authentication flow"}),
                ("stats", {}),
                ("config", {}),
            ]
        }
        refused = await client.call_tool("search", {"query": "x", "limits": 3}, raise_on_error=False)
        return {"tools": tools, **answers, "error": refused.content[0].text, "is_error": refused.is_error}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(anyio.run(session, *sys.argv[1:])))
