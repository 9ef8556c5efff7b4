"""The documentation is complete and true: names, defaults and ranges are compared, its blocks are run."""

from __future__ import annotations

import ast
import contextlib
import inspect
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
import typer.main

import leindex_mcp
from leindex_mcp import errors
from leindex_mcp.cli import app
from leindex_mcp.config.checking import allowed, shown
from leindex_mcp.config.loading import OTHER_VARIABLES, variable
from leindex_mcp.config.parsing import read_text
from leindex_mcp.records import SkipReason
from leindex_mcp.server import make_server
from leindex_mcp.settings import KEYS, PROFILES, Settings, value_of

REPOSITORY = Path(__file__).resolve().parent.parent
PAGES = sorted([REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")])
EXAMPLE = "/path/to/project"


class Block(NamedTuple):
    """A fenced block of a page."""

    page: str
    line: int
    language: str
    text: str


def name_of(value: object) -> str:
    """Name a page or a block in a test id."""
    if isinstance(value, Block):
        return f"{value.page}:{value.line}"
    return value.relative_to(REPOSITORY).as_posix() if isinstance(value, Path) else str(value)


def page(name: str) -> str:
    """Return the text of a page in docs/."""
    return (REPOSITORY / "docs" / name).read_text(encoding="utf-8")


def section(name: str, heading: str) -> str:
    """Return what stands below a heading of a page, up to the next one."""
    return re.split(r"^## ", page(name).partition(f"## {heading}\n")[2], flags=re.MULTILINE)[0]


def rows(text: str) -> dict[str, list[str]]:
    """Return the rows of the tables in a text by their first cell, without its backticks; heads included."""
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" |")] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells}


def blocks() -> list[Block]:
    """Return every fenced block of every page."""
    found = []
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 1
            found.append(Block(name_of(path), line, match[1], match[2]))
    return found


BLOCKS = blocks()


def of(*languages: str) -> list[Block]:
    """Return the blocks in these languages."""
    return [block for block in BLOCKS if block.language in languages]


# ---------------------------------------------------------------- completeness


async def test_every_tool_and_argument_is_documented_with_its_range():
    """A model reads the schema, a person the page: they must say the same."""
    for tool in await make_server().list_tools():
        table = rows(section("tools.md", f"`{tool.name}`"))
        for argument, schema in tool.input_schema["properties"].items():
            row = " ".join(table[argument])
            arms = schema.get("anyOf", [schema])
            facts = [
                fact
                for arm in arms
                for fact in [*arm.get("enum", []), arm.get("minimum"), arm.get("maximum")]
            ]
            facts += [arm["const"] for arm in arms if "const" in arm]
            default = schema.get("default")
            facts += [default] if default not in (None, []) else []
            missing = [fact for fact in facts if fact is not None and shown(fact) not in row]
            assert not missing, (tool.name, argument, row)
        assert set(table) - {"argument"} == set(tool.input_schema["properties"]), tool.name


def test_every_command_and_option_is_documented():
    """`--help` and the page must name the same commands."""
    text = section("tools.md", "Commands")
    command = typer.main.get_command(app)
    names = {
        f"`{option}" for parameter in command.params for option in parameter.opts if option.startswith("--")
    }
    for name, sub in command.commands.items():
        inner = getattr(sub, "commands", {})
        names |= {f"`{name} {other}" for other in inner} or {f"`{name}"}
        parameters = [parameter for part in (sub, *inner.values()) for parameter in part.params]
        names |= {
            f"`{option}" for parameter in parameters for option in parameter.opts if option.startswith("--")
        }

    assert [name for name in sorted(names) if name not in text] == []


@pytest.mark.parametrize("key", KEYS)
def test_every_setting_is_documented_with_default_and_range(key):
    """The table of the configuration page is compared with the settings, cell by cell."""
    default, takes, effect = rows(section("configuration.md", "All settings"))[key]

    assert default == shown(value_of(Settings(), key))
    assert takes == allowed(key)
    assert effect


def test_the_default_file_of_the_page_holds_every_key():
    """A reader copies it and changes what they need."""
    (first, *_) = [block for block in of("yaml") if block.page == "docs/configuration.md"]

    reading = read_text(first.text, "page")

    values = {
        key: tuple(e.value) if isinstance(e.value, list) else e.value for key, e in reading.entries.items()
    }
    assert values == {key: value_of(Settings(), key) for key in KEYS}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_documented_value_by_value(profile):
    """The four columns are the guide's."""
    table = rows(section("configuration.md", "Profiles"))
    column = table["key"].index(profile)

    documented = {key: cells[column] for key, cells in table.items() if key in KEYS and cells[column]}

    assert documented == {key: shown(value) for key, value in PROFILES[profile].items()}


def test_every_environment_variable_is_documented():
    """A variable that no page names is found by nobody."""
    table = rows(section("configuration.md", "Environment variables"))

    assert set(table) - {"variable"} == {*map(variable, KEYS), *OTHER_VARIABLES}


def test_every_error_is_documented():
    """Whoever meets an error looks for its name."""
    classes = {
        name
        for name, value in inspect.getmembers(errors, inspect.isclass)
        if issubclass(value, errors.LeIndexError)
    }

    assert set(rows(page("errors.md"))) - {"class"} == classes


def test_every_skip_reason_is_documented():
    """They are what `--skipped` prints."""
    assert set(rows(section("troubleshooting.md", "A file is not found"))) - {"reason"} == set(SkipReason)


@pytest.mark.parametrize("name", leindex_mcp.__all__)
def test_every_public_name_is_documented(name):
    """What we promise is written down."""
    assert any(re.search(rf"\b{name}\b", path.read_text(encoding="utf-8")) for path in PAGES)


def test_the_changelog_has_this_version():
    """A release without an entry tells its users nothing."""
    assert f"\n## {leindex_mcp.__version__}\n" in page("changelog.md")


# ---------------------------------------------------------------- truth


def links(path: Path) -> list[str]:
    """Return the targets of the links of a page."""
    return re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page as a forge makes them of its headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_link_leads_somewhere(path):
    """Pages are moved and headings renamed."""
    dead = []
    for target in links(path):
        if target.startswith(("http://", "https://")):
            continue
        name, _, anchor = target.partition("#")
        linked = (path.parent / name) if name else path
        if not linked.exists() or (anchor and anchor not in anchors(linked)):
            dead.append(target)
    assert dead == []


def test_every_page_can_be_found():
    """A page that nothing links to is read by nobody."""
    indexes = (
        (REPOSITORY / "README.md", "docs"),
        (REPOSITORY / "docs/decisions/README.md", "docs/decisions"),
    )
    lost = []
    for index, directory in indexes:
        linked = {(index.parent / target).resolve() for target in links(index)}
        lost += [
            path for path in (REPOSITORY / directory).glob("*.md") if path != index and path not in linked
        ]
    assert [name_of(path) for path in lost] == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_named_source_file_exists(path):
    """A page that names a module outlives its renaming otherwise."""
    names = re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|json|example))`", path.read_text(encoding="utf-8"))
    known = {"claude_desktop_config.json", "opencode.json", "mcp.json", "settings.json", "mcp_config.json"}
    places = ("", "leindex_mcp", "docs", "benchmarks", "benchmarks/results")
    homes = [REPOSITORY / place for place in places]

    # `src/…` is a file of the reader's own project.
    missing = [
        name
        for name in names
        if not name.startswith("src/") and not any((home / name).exists() for home in homes)
    ]

    assert [name for name in missing if Path(name).name not in known] == []


def test_the_guide_is_answered_row_by_row():
    """Each row says what became of a sentence; one that claims a figure says where it stands."""
    lines = [line for line in page("from-the-guide.md").splitlines() if line.startswith("| ")]
    lines = [line for line in lines if not line.startswith("| the guide |")]
    unmeasured = set(re.findall(r"^## (.+)\n\nNot measured", page("performance.md"), flags=re.MULTILINE))
    unmeasured = {heading.lower().replace(" ", "-").replace("'", "") for heading in unmeasured}
    bad = []
    for line in lines:
        status, answer = [cell.strip() for cell in line.strip("|").split(" | ")][1:3]
        is_known = status in {"works", "replaced", "measured", "not measured"}
        linked = [
            target.partition("#")[2] for target in re.findall(r"\]\(performance\.md(#[\w-]+)\)", answer)
        ]
        if not is_known or (status == "measured" and (not linked or unmeasured & set(linked))):
            bad.append(line)
    assert len(lines) > 100
    assert bad == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_results_file_that_a_page_names_exists(path):
    """Each figure can be looked up."""
    named = re.findall(r"[\w.-]+-[0-9a-f]{12}[\w.-]*\.json", path.read_text(encoding="utf-8"))

    assert [name for name in named if not list((REPOSITORY / "benchmarks" / "results").rglob(name))] == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_no_page_flatters(path):
    """The style guide's three words; a number does their work."""
    words = re.findall(r"\b(simply|just|blazing)\b", path.read_text(encoding="utf-8"), flags=re.IGNORECASE)

    assert words == []


# ---------------------------------------------------------------- blocks


def test_every_block_is_of_a_kind_that_is_run_or_read():
    """A block in a language that no test knows would never be checked."""
    kinds = {"yaml", "json", "toml", "python", "sh", "text", "markdown"}

    assert [name_of(block) for block in BLOCKS if block.language not in kinds] == []


@pytest.mark.parametrize("block", of("yaml"), ids=name_of)
def test_a_yaml_block_is_a_settings_file_without_problems(block):
    """What a reader copies must be accepted."""
    assert read_text(block.text, "block").problems == []


@pytest.mark.parametrize("block", of("json", "toml"), ids=name_of)
def test_a_client_block_starts_the_server(block):
    """Its form is each client's own; the command in it is always ours."""
    tree = json.loads(block.text) if block.language == "json" else tomllib.loads(block.text)
    section = next(tree[name] for name in ("mcpServers", "servers", "mcp_servers", "mcp") if name in tree)
    entry = section["leindex"]
    command = entry["command"] if isinstance(entry["command"], list) else [entry["command"], *entry["args"]]

    assert command[:3] == ["uvx", "leindex-mcp", "serve"]
    assert command[3:] in ([], ["--root", EXAMPLE], ["--root", "${workspaceFolder}"])


def test_the_example_file_is_the_form_that_most_clients_read():
    """`mcp.json.example` is copied as it is."""
    tree = json.loads((REPOSITORY / "mcp.json.example").read_text())

    assert tree == {"mcpServers": {"leindex": {"command": "uvx", "args": ["leindex-mcp", "serve"]}}}


@pytest.fixture
def sample(tmp_path) -> Path:
    """A small project for the blocks to work on."""
    root = tmp_path / "project"
    (root / "src").mkdir(parents=True)
    (root / "src" / "login.py").write_text("def authenticate(user):\n    '''The authentication flow.'''\n")
    (root / "README.md").write_text("# Sample\n")
    (root / ".gitignore").write_text("build/\n*.log\n")
    (root / ".git").mkdir()
    return root


@pytest.mark.slow
@pytest.mark.timeout(120)  # one of them is slowed down by tracemalloc
@pytest.mark.parametrize("block", of("python"), ids=name_of)
def test_a_python_block_runs_as_a_script(block, sample, tmp_path):
    """As a plain file, without a `__main__` guard."""
    script = tmp_path / "block.py"
    script.write_text(block.text.replace(EXAMPLE, str(sample)))
    ast.parse(block.text)

    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.timeout(120)  # up to five commands, each a process
@pytest.mark.parametrize("block", of("sh"), ids=name_of)
def test_a_shell_block_runs(block, sample):
    """Our own commands are run; of the others, what they name must exist."""
    targets = set(re.findall(r"^([\w-]+):", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE))
    for line in block.text.splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["make"]:
            assert words[1] in targets
            continue
        with contextlib.suppress(ValueError):  # `claude mcp add leindex -- uvx leindex-mcp serve`
            words = words[words.index("--") + 1 :]
        if words[:2] == ["uvx", "leindex-mcp"]:
            words = words[1:]
        if words[:1] == ["cd"]:
            assert words[1] == EXAMPLE
            continue
        assert words[0] in {"leindex", "leindex-mcp"}, line
        command = [sys.executable, "-m", "leindex_mcp", *words[1:]]
        done = subprocess.run(
            command, cwd=sample, input="", capture_output=True, text=True, check=False, env=dict(os.environ)
        )
        assert done.returncode == 0, (line, done.stderr)
