"""No benchmark repository may be in the training data, under any name, in any place, in any copy."""

import pytest

from training.archives import Package
from training.decontaminate import Blocklist, Contents
from training.places import REGISTRIES, listed
from training.prepare import Filter, Row

BLOCKLIST = Blocklist.load()
LINES = [f"value_{n} = compute_the_value_of_something({n}, factor=3)" for n in range(8)]
ROW = Row("pypi-thing", "python", "thing/values.py", "doc", "values", "Compute all values.", "\n".join(LINES))


def filter_against(trees):
    """Make the last gate, with *trees* scored."""
    accepted = frozenset({"pypi-thing", "npm-copy", "pypi-requests", "npm-vue+reactivity"})
    return Filter(accepted, BLOCKLIST, Contents.of_trees(trees))


@pytest.mark.parametrize(
    "name",
    "tokio-rs/tokio requests psf/requests axios @babel/core @vue/reactivity d3-array sqlite3 Jinja2 "
    "rust-clap golang-github-spf13-cobra libspring-java lucene4.10 ruby-rspec haskell-xmonad php-guzzlehttp "
    "pydantic_core docker.io crossbeam-channel elixir-lang react-dom tensorflow-cpu".split(),
)
def test_a_blocked_repository_is_known_under_each_registrys_name(name):
    """Registries rename: prefix, scope, version, parts of a workspace."""
    assert BLOCKLIST.names_package(name)


@pytest.mark.parametrize(
    "name", ["flask-sqlalchemy", "react-router", "aiofiles", "apple/swift-nio", "commons-io", "h2"]
)
def test_neighbours_of_blocked_repositories_are_not_blocked(name):
    """A list that blocks everything would prove nothing."""
    assert not BLOCKLIST.names_package(name)


@pytest.mark.parametrize(
    "path",
    [
        "thing/_vendor/requests/api.py",
        "src/requests-2.31.0/api.py",
        "third/fmt/core.h",
        "include/nlohmann/json.hpp",
        "ext/sqlite3.c",
        "lib/tokio/src/runtime/mod.rs",
    ],
)
def test_vendored_copies_are_known_by_folder_or_file(path):
    """A copy inside a permissive package is still a copy."""
    assert BLOCKLIST.names_path(path)


@pytest.mark.parametrize("registry", REGISTRIES)
def test_no_source_list_names_a_blocked_repository(registry):
    """The blocklist wins over the lists anyway; a list that needs it to is a slip."""
    assert [name for name in listed(registry) if BLOCKLIST.names_package(name)] == []


def test_pairs_of_a_blocked_package_do_not_pass():
    """The last gate before training, should the earlier ones be passed by."""
    assert not filter_against([]).passes(ROW._replace(package="pypi-requests"))
    assert not filter_against([]).passes(ROW._replace(package="npm-vue+reactivity"))
    assert not filter_against([]).passes(ROW._replace(path="thing/vendored/click/core.py"))


def test_pairs_of_a_package_without_an_accepted_licence_do_not_pass():
    """A verdict that changed after mining still counts, and so does a file put there by hand."""
    chosen = filter_against([])

    assert not chosen.passes(ROW._replace(package="pypi-copyleft"))
    assert chosen.dropped == {"licence": 1}


def test_code_of_a_scored_tree_does_not_pass(tmp_path):
    """Copies that carry no telling name are known by their lines."""
    (tmp_path / "values.py").write_text("import math\n\n" + "\n".join(LINES))
    chosen = filter_against([tmp_path])

    assert not chosen.passes(ROW)
    assert chosen.dropped == {"contamination": 1}


def test_code_that_shares_few_lines_with_a_scored_tree_passes(tmp_path):
    """A common line is idiom, half of them is a copy."""
    (tmp_path / "values.py").write_text("\n".join(LINES[:3]))

    assert filter_against([tmp_path]).passes(ROW)


def test_a_whole_file_is_known_with_other_whitespace(tmp_path):
    """Reformatting does not make a file another one."""
    (tmp_path / "short.py").write_text("a = 1\nb = 2\n")
    contents = Contents.of_trees([tmp_path])

    assert contents.has_file("a  = 1\n\n\tb = 2")
    assert not contents.has_file("a = 1\nb = 3")


def test_a_pair_passes_once():
    """The same docstring on the same code, in two packages, is one lesson."""
    chosen = filter_against([])

    assert chosen.passes(ROW)
    assert not chosen.passes(ROW._replace(package="npm-copy"))


def test_an_alias_needs_a_blocked_repository(tmp_path):
    """A typing error in the aliases must not silently unblock."""
    (tmp_path / "blocklist.txt").write_text("owner/name\n")
    (tmp_path / "aliases.txt").write_text("owner/nmae other\n")

    with pytest.raises(ValueError, match="owner/nmae"):
        Blocklist.load(tmp_path)


def test_package_keys_keep_registry_and_name_apart():
    """Two registries may have a package of one name."""
    assert Package("npm", "@scope/thing", ()).key == "npm-scope+thing"
    assert Package("pypi", "thing", ()).key != Package("npm", "thing", ()).key
