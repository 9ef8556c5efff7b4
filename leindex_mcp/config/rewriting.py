"""The text of a settings file with one key changed; its comments and its order stay where they can."""

from __future__ import annotations

from typing import Any

import yaml

from leindex_mcp.config.checking import nested

_WIDE = 1_000_000  # columns: a value is never folded over two lines


def with_value(text: str, key: str, value: object) -> str:
    """Return *text* with the dotted *key* set; *text* is valid YAML that holds a mapping or nothing.

    A form that cannot be changed in place (empty braces, say) is written anew, without comments.
    """
    wanted = _merged(_tree(text), nested({key: _plain(value)}))
    edited = _set_in_place(text, key, _plain(value))
    return edited if _holds(edited, wanted) else _dumped(wanted)


def without(text: str, key: str) -> str:
    """Return *text* without the dotted *key*; as `with_value` does in all else."""
    wanted = _tree(text)
    branch = wanted
    *sections, name = key.split(".")
    for section in sections:
        found = branch.get(section)
        branch = found if isinstance(found, dict) else {}
    branch.pop(name, None)
    edited = _removed_in_place(text, key)
    return edited if _holds(edited, wanted) else _dumped(wanted)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _tree(text: str) -> dict[str, Any]:
    return yaml.safe_load(text) or {}


def _holds(text: str, wanted: dict[str, Any]) -> bool:
    """Tell whether *text* says the same as *wanted*, empty sections apart."""
    try:
        return _pruned(_tree(text)) == _pruned(wanted)
    except yaml.YAMLError:
        return False


def _pruned(tree: dict[str, Any]) -> dict[str, Any]:
    branches = {key: _pruned(value) if isinstance(value, dict) else value for key, value in tree.items()}
    return {key: value for key, value in branches.items() if value not in (None, {})}


def _merged(tree: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    merged = dict(tree)
    for key, value in change.items():
        if isinstance(value, dict):
            branch = tree.get(key)
            merged[key] = _merged(branch if isinstance(branch, dict) else {}, value)
        else:
            merged[key] = value
    return merged


def _dumped(tree: dict[str, Any]) -> str:
    return _yaml(_pruned(tree), is_flow=False)


def _flow(value: object) -> str:
    """Return a value on one line; within a list, a text needs no document end mark after it."""
    return _yaml([value], is_flow=True).strip()[1:-1]


def _yaml(value: object, *, is_flow: bool) -> str:
    """Write a value as people read it; escaped where PyYAML would lose a line break that only Unicode has."""
    form: dict[str, Any] = {"default_flow_style": is_flow, "sort_keys": False, "width": _WIDE}
    text: str = yaml.safe_dump(value, allow_unicode=True, **form)
    return text if yaml.safe_load(text) == value else yaml.safe_dump(value, **form)


def _set_in_place(text: str, key: str, value: object) -> str:
    """Return *text* with the value exchanged, or with new lines above its section's first key."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    names = key.split(".")
    if node is None:
        separator = "" if not text or text.endswith("\n") else "\n"
        return f"{text}{separator}{_block(names, value, 0)}"
    while isinstance(node, yaml.MappingNode) and node.value:
        child = next((entry for entry in node.value if entry[0].value == names[0]), None)
        if child is None:
            return _inserted(text, node, names, value)
        node, names = child[1], names[1:]
        if not names:
            return _exchanged(text, node, value)
    return text


def _block(names: list[str], value: object, indent: int) -> str:
    """Return the lines that give *value* under nested *names*, each two columns deeper."""
    lines = [f"{' ' * (indent + 2 * depth)}{name}:" for depth, name in enumerate(names)]
    return "\n".join(lines) + f" {_flow(value)}\n"


def _inserted(text: str, section: yaml.MappingNode, names: list[str], value: object) -> str:
    mark = section.value[0][0].start_mark
    if section.flow_style:
        whole = _flow(nested({".".join(names): value}))[1:-1]
        return f"{text[: mark.index]}{whole}, {text[mark.index :]}"
    lines = _block(names, value, mark.column).lstrip()
    return f"{text[: mark.index]}{lines}{' ' * mark.column}{text[mark.index :]}"


def _exchanged(text: str, old: yaml.Node, value: object) -> str:
    start, end = old.start_mark, old.end_mark
    # A block list ends where the next key begins: its line end and that key's indentation are put back.
    is_block = isinstance(old, yaml.CollectionNode) and not old.flow_style
    tail = "\n" + " " * end.column if is_block else ""
    space = "" if text[: start.index].endswith((" ", "\n")) else " "
    return f"{text[: start.index]}{space}{_flow(value)}{tail}{text[end.index :]}"


def _removed_in_place(text: str, key: str) -> str:
    """Return *text* without the lines from the key to the end of its value."""
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    for name in key.split("."):
        entries = node.value if isinstance(node, yaml.MappingNode) else []
        entry = next((entry for entry in entries if entry[0].value == name), None)
        if entry is None:
            return text
        first, node = entry[0].start_mark.line, entry[1]
    assert node is not None  # noqa: S101  # a key has at least one part, so the loop has set it
    is_block = isinstance(node, yaml.CollectionNode) and not node.flow_style
    last = node.end_mark.line - (1 if is_block else 0)
    lines = text.splitlines(keepends=True)
    return "".join(lines[:first] + lines[last + 1 :])
