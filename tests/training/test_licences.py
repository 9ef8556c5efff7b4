"""Nothing is learned from a work whose licence is not on the list."""

import io
import json
import tarfile
import zipfile

import pytest

from training.archives import Package
from training.decontaminate import Blocklist
from training.licence_names import accepted_terms, recognise
from training.licences import Verdict, judge, stanzas_of
from training.mine_pairs import pairs_of, sources

BLOCKLIST = Blocklist.load()
PROSE = '"""Read the whole configuration from one file."""\n'
MODULE = (
    f"{PROSE}\n\ndef read_all(path):\n"
    "    '''Return every setting of the file by its name.'''\n    return dict(parse(path))\n" * 3
)


def wheel(folder, metadata, files):
    """Write a wheel of one package."""
    path = folder / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "thing-1.0.dist-info/METADATA", f"Metadata-Version: 2.4\nName: thing\n{metadata}\n\nText\n"
        )
        for name, text in files.items():
            archive.writestr(name, text)
    return Package("pypi", "thing", (path,))


def tarball(path, files):
    """Write a tarball of texts."""
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return path


@pytest.mark.parametrize(
    ("expression", "terms"),
    [
        ("MIT", ("MIT",)),
        ("(MIT OR Apache-2.0)", ("MIT",)),
        ("GPL-2.0-only OR BSD-3-Clause", ("BSD",)),
        ("BSD-3-Clause AND (MIT OR GPL-3.0-or-later)", ("BSD", "MIT")),
        ("Expat", ("MIT",)),
        ("BSD-2-clause", ("BSD",)),
        ("Apache Software License", ("Apache-2.0",)),
        ("The Unlicense (Unlicense)", ("Unlicense",)),
        ("CC0-1.0", ("CC0",)),
        ("PSF-2.0", ("PSF",)),
        ("zlib", ("Zlib",)),
        ("ISC", ("ISC",)),
    ],
)
def test_permissive_licences_are_known_by_every_spelling(expression, terms):
    """Registries spell one licence in many ways, and join several."""
    assert accepted_terms(expression) == terms


@pytest.mark.parametrize(
    "expression",
    [
        "GPL-3.0",
        "LGPL-2.1+",
        "AGPL-3.0",
        "MPL-2.0",
        "Artistic-2.0",
        "EPL-2.0",
        "CeCILL",
        "MIT AND GPL-2.0",
        "Apache-2.0 WITH LLVM-exception",
        "BSD-4-clause",
        "BlueOak-1.0.0",
        "MIT-CMU",
        "SEE LICENSE IN LICENSE",
        "UNLICENSED",
        "proprietary",
        "Public Domain",
        "",
    ],
)
def test_every_other_licence_is_refused(expression):
    """What is copyleft, unknown, unstated or merely similar stays out."""
    assert accepted_terms(expression) is None


def test_a_wheel_under_the_gpl_gives_no_pair(tmp_path):
    """The check is a step of its own: a forbidden package in the data makes this fail."""
    package = wheel(tmp_path, "License-Expression: GPL-3.0-or-later", {"thing/core_settings.py": MODULE})

    verdict = judge(package)

    assert not verdict.accepted
    assert list(pairs_of(package, verdict, BLOCKLIST)) == []


def test_a_wheel_under_mit_is_mined_but_not_its_copyleft_file(tmp_path):
    """A header counts for more than the package that carries the file."""
    guarded = f"# GNU General Public License, version 2\n{MODULE}"
    package = wheel(
        tmp_path, "License-Expression: MIT", {"thing/settings.py": MODULE, "thing/copied.py": guarded}
    )

    mined = {path for path, _, _ in sources(package, judge(package), BLOCKLIST)}

    assert mined == {"thing/settings.py"}


def test_all_classifiers_must_be_permissive(tmp_path):
    """A wheel with two classifiers may need both."""
    names = ("MIT License", "GNU General Public License v2 (GPLv2)")
    both = "\n".join(f"Classifier: License :: OSI Approved :: {name}" for name in names)

    assert not judge(wheel(tmp_path, both, {})).accepted


def test_a_package_without_any_licence_is_refused(tmp_path):
    """No statement means no permission."""
    path = tarball(tmp_path / "thing-1.0.tgz", {"package/package.json": json.dumps({"name": "thing"})})

    assert not judge(Package("npm", "thing", (path,))).accepted


COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: 2020 A
License: Expat

Files: src/copied/* lib/list.c
Copyright: 2001 B
License: LGPL-2.1+

Files: src/Go/*
Copyright: 2009 C
License: Google-own

License: Google-own
 Redistribution and use in source and binary forms, with or without
 modification, are permitted provided that the following conditions are met:
"""


def test_every_stanza_of_a_debian_copyright_is_read(tmp_path):
    """`Files: *` may be permissive while a folder is not."""
    source = MODULE.replace('"""', "'''")
    upstream = tarball(
        tmp_path / "thing_1.0.orig.tar.gz",
        {f"thing-1.0/{name}": source for name in ("src/own.py", "src/copied/list.py", "src/Go/map.py")},
    )
    own = tarball(tmp_path / "thing_1.0-1.debian.tar.gz", {"debian/copyright": COPYRIGHT})
    package = Package("debian", "thing", (upstream, own))

    verdict = judge(package)

    assert verdict.licences == ("MIT",)
    assert verdict.left_out == ("lib/list.c", "src/copied/*")
    assert {path for path, _, _ in sources(package, verdict, BLOCKLIST)} == {"src/own.py", "src/Go/map.py"}


@pytest.mark.parametrize("text", ["", "This package was debianised by hand.\nLicence: see upstream."])
def test_a_debian_copyright_that_no_machine_reads_is_refused(tmp_path, text):
    """Unknown is refused."""
    own = tarball(tmp_path / "thing_1.0-1.debian.tar.gz", {"debian/copyright": text})

    assert not judge(Package("debian", "thing", (own,))).accepted


def test_a_stanza_is_known_by_its_text_when_its_name_is_debians_own():
    """`Google-own` says nothing, but the text below it is the BSD licence."""
    stanzas = {stanza.globs: stanza.terms() for stanza in stanzas_of(COPYRIGHT)}

    assert stanzas == {("*",): ("MIT",), ("src/copied/*", "lib/list.c"): None, ("src/Go/*",): ("BSD",)}


def test_a_licence_text_that_also_names_a_copyleft_licence_is_not_recognised():
    """Dual texts are read by people, not by us."""
    mit = "Permission is hereby granted, free of charge, to any person obtaining a copy of this software"

    assert recognise(mit) == ("MIT",)
    assert recognise(f"{mit}\n\nParts are under the GNU Lesser General Public License.") is None


@pytest.mark.parametrize(
    "folder", ["vendor", "third_party", "node_modules", "testdata", "deps", "debian", "gen"]
)
def test_bundled_folders_are_left_out_whatever_the_licence(tmp_path, folder):
    """A vendored copy has another owner than the package."""
    package = wheel(tmp_path, "License-Expression: MIT", {f"thing/{folder}/settings.py": MODULE})

    assert list(sources(package, Verdict("pypi-thing", "MIT", ("MIT",)), BLOCKLIST)) == []


def test_of_tests_only_the_names_are_mined(tmp_path):
    """A test's name states a purpose; the rest of it is data."""
    test = (
        "def test_settings_are_read_once():\n    first = read_all('a')\n    assert first is read_all('a')\n"
    )
    package = wheel(tmp_path, "License-Expression: MIT", {"thing/tests/test_settings.py": MODULE + test})

    mined = [pair for _, _, pair in pairs_of(package, judge(package), BLOCKLIST)]

    assert [(pair.kind, pair.question) for pair in mined] == [("test", "settings are read once")]
