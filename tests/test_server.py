"""The four tools, through a real client in memory, in both eras of the protocol."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import anyio
import pytest
from mcp import Client

from leindex_mcp.server import BOUND_SECONDS, INSTRUCTIONS, make_server

TREE = {
    "auth/login.py": "def check_password(user, password):\n    return user.secret == password\n",
    "auth/token.py": "def refresh_token(session):\n    '''Give the session a new token.'''\n    pass\n",
    "web/app.ts": "export class Application { start() { return 1 } }\n",
}


@pytest.fixture
def root(make_tree) -> Path:
    """A project of three files."""
    return make_tree(TREE)


@pytest.fixture(params=["legacy", "auto"])
async def client(request, root):
    """A connected client: `legacy` shakes hands, `auto` speaks the stateless revision."""
    async with Client(make_server([root]), mode=request.param) as client:
        yield client


def text_of(result) -> str:
    """Return the one block of text that an answer is."""
    (block,) = result.content
    return block.text


async def refusal(client, tool: str, **arguments) -> str:
    """Return the sentence of a call that must fail."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error, text_of(result)
    return text_of(result)


async def test_there_are_four_tools_with_strict_schemas_and_no_structured_output(client):
    """Clients show a model only the structured part if there is one; and an unknown argument is an error."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}

    assert set(tools) == {"search", "index", "stats", "config"}
    for tool in tools.values():
        assert tool.output_schema is None
        assert tool.input_schema["additionalProperties"] is False
        assert tool.annotations.open_world_hint is False
        assert tool.annotations.destructive_hint is False
        for argument in tool.input_schema["properties"].values():
            assert argument.get("description")
    assert tools["search"].annotations.read_only_hint
    assert not tools["index"].annotations.read_only_hint


def test_instructions_fit_what_clients_show():
    """Clients cut them at about 2,000 characters; the decisive rule stands in the first 300."""
    assert len(INSTRUCTIONS) <= 1500
    assert "Call `search` FIRST" in INSTRUCTIONS[:300]


async def test_the_first_search_indexes_and_answers(client):
    """Nobody has to call `index` first; a small project is whole before the first answer."""
    answer = text_of(await client.call_tool("search", {"query": "give the session a new token"}))

    state, *_, place, _ = answer.split("\n")[:5]
    assert state == "index: fresh, 3 files"
    assert place.startswith("auth/token.py:1-3")


async def test_every_line_is_found_without_an_index(client):
    """Mode exact is what a model would grep for, and says that it is all."""
    answer = text_of(await client.call_tool("search", {"query": "user", "mode": "exact", "limit": 1}))

    assert answer.split("\n")[0] == '"user": showing 1 of 2 matching lines in 1 of 3 files (complete)'
    regex = text_of(await client.call_tool("search", {"query": r"re:^def \w+_token", "mode": "exact"}))
    assert "auth/token.py:1 def refresh_token(session):" in regex


async def test_code_like_a_place_is_found(client, root):
    """The place is named as a hit begins; no words are needed."""
    (root / "auth/renew.py").write_text("def renew_token(session):\n    # New token.\n    pass\n")
    await client.call_tool("index", {})

    answer = text_of(await client.call_tool("search", {"query": "", "similar_to": "auth/token.py:1-3"}))

    assert answer.split("\n")[3].startswith("auth/renew.py:1-3 renew_token")


async def test_a_new_file_is_found_by_the_next_search(client, root):
    """On a project whose pass is cheap, the tree is compared before the answer."""
    await client.call_tool("index", {})
    (root / "billing.py").write_text("def charge_customer(invoice):\n    return invoice.total\n")
    await client.call_tool("index", {})

    assert "billing.py:1-2" in text_of(await client.call_tool("search", {"query": "charge customer"}))


async def test_index_reports_progress_and_what_it_did(client):
    """Progress carries done, total and what is going on."""
    told = []

    async def hear(done: float, total: float | None, message: str | None) -> None:
        told.append(message)

    report = text_of(await client.call_tool("index", {"force": True}, progress_callback=hear))

    assert "3 files, 3 chunks indexed" in report
    assert "this run: 3 read" in report
    assert told


async def test_index_that_may_not_wait_says_how_far_it_is(client):
    """A call returns within its bound, whatever the size of the project; the run goes on."""
    answer = text_of(await client.call_tool("index", {"wait_seconds": 0}))
    assert "call `index` again to wait" in answer or "files" in answer

    assert "3 files, 3 chunks indexed" in text_of(await client.call_tool("index", {}))


async def test_stats_and_config_answer_in_lines(client, root):
    """Compact text, a fact a line."""
    await client.call_tool("index", {})

    stats = text_of(await client.call_tool("stats", {}))
    settings = text_of(await client.call_tool("config", {"action": "show"}))

    assert f"root: {root}" in stats
    assert "state: fresh" in stats
    assert "performance.parallel_scanner.max_workers: 4  (default)" in settings


async def test_a_path_inside_the_root_searches_only_there(client, root):
    """The sub-tree shares the index of the root."""
    await client.call_tool("index", {})

    answer = text_of(
        await client.call_tool("search", {"query": "application token", "path": str(root / "web")})
    )

    assert "web/app.ts" in answer
    assert "auth/token.py" not in answer


async def test_what_is_said_of_a_file_shows_what_its_name_hides(client, root):
    """A terminal, or a reader, obeys what stands in a name."""
    (root / "a\x1b[31m\u202e.py").write_text("x = 1\n")

    said = text_of(await client.call_tool("stats", {"file": "a\x1b[31m\u202e.py"}))

    assert said.startswith("a<U+001B>[31m<U+202E>.py: ")


@pytest.mark.parametrize(
    ("tool", "arguments", "sentence"),
    [
        ("search", {"qeury": "x"}, "`search` has no argument `qeury`: did you mean `query`?"),
        ("search", {"query": "x", "zzz": 1}, "`search` has no argument `zzz`: it takes query, path, limit"),
        ("search", {}, "query: Field required"),
        ("search", {"query": ""}, "the query is empty"),
        ("search", {"query": "x", "limit": 0}, "limit: Input should be greater than or equal to 1"),
        ("search", {"query": "x", "limit": 10**9}, "limit: Input should be less than or equal to 100"),
        (
            "search",
            {"query": "x", "max_tokens": 0},
            "max_tokens: Input should be greater than or equal to 100",
        ),
        ("search", {"query": "x", "max_tokens": 10**9}, "max_tokens: Input should be less than or equal"),
        (
            "search",
            {"query": "x", "mode": "magic"},
            "mode: Input should be 'hybrid', 'semantic', 'keyword' or 'exact'",
        ),
        ("search", {"query": "x", "language": "pyhton"}, "did you mean 'python'?"),
        ("search", {"query": "x", "include": ["*a*b*c*d"]}, "more than 3"),
        ("search", {"query": "x", "path": "/"}, "is refused as a root"),
        ("index", {"path": "/nowhere/at/all"}, "does not exist"),
        ("index", {"wait_seconds": 10**9}, "wait_seconds: Input should be less than or equal"),
        ("stats", {"path": "a\0b"}, "does not exist"),
        (
            "search",
            {"query": "", "similar_to": "\x1b[31mno\u202e.py:1"},
            "<U+001B>[31mno<U+202E>.py cannot be read",
        ),
        ("config", {"action": "explode"}, "action: Input should be 'show'"),
    ],
)
async def test_bad_input_gets_one_clear_sentence_and_the_server_lives(client, tool, arguments, sentence):
    """The sentence says what to do; no traceback, no link to somebody's manual, no echo of the input."""
    said = await refusal(client, tool, **arguments)

    assert sentence in said
    assert "pydantic" not in said
    assert not re.search(r"[\x1b\u202e]", said)
    assert "Error executing tool" not in said
    assert not (await client.call_tool("stats", {})).is_error


async def test_a_file_and_the_home_directory_are_refused_as_roots(client, root, home):
    """A client that passes the open file, or starts in the home directory, is told so."""
    assert "is a file" in await refusal(client, "search", query="x", path=str(root / "web/app.ts"))
    assert "home directory" in await refusal(client, "index", path=str(home))


async def test_a_root_that_vanished_keeps_its_index_and_says_so(client, root):
    """Never wipe: an unmounted disk looks the same."""
    await client.call_tool("index", {})
    shutil.rmtree(root)
    root.mkdir()

    assert "nothing was removed" in await refusal(client, "index")
    assert "0 files" in text_of(await client.call_tool("index", {"force": True}))


async def test_without_any_root_the_tools_say_what_to_pass(tmp_path, monkeypatch):
    """The server starts all the same."""
    monkeypatch.chdir(tmp_path)
    async with Client(make_server()) as client:
        assert "pass `path`" in await refusal(client, "search", query="x")


async def test_many_calls_at_once_are_all_answered(client):
    """One run of `index` serves them all."""
    answers = []

    async def ask(query: str) -> None:
        answers.append(text_of(await client.call_tool("search", {"query": query})))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(ask, f"token {number}")

    assert len(answers) == 20
    assert all(answer.startswith("index: fresh, 3 files") for answer in answers)


async def test_a_cancelled_index_leaves_a_server_that_answers(client):
    """Escape in the client stops the run; what was committed stays."""
    with anyio.move_on_after(0.001):
        await client.call_tool("index", {"force": True})

    assert "3 files" in text_of(await client.call_tool("index", {"wait_seconds": BOUND_SECONDS}))
