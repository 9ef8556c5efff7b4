"""The licence of every package, with its evidence; nothing else may be mined.

`python -m training.licences` writes licences.json and prints what was refused and why.
"""

from __future__ import annotations

import fnmatch
import json
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from email import message_from_string
from email.message import Message

from training.archives import Package, packages
from training.decontaminate import Blocklist
from training.licence_names import COPYLEFT, accepted_terms, recognise
from training.places import LICENCES

_HEADER_CHARS = 3_000  # a file's own licence stands in its first lines
_ONE_LICENCE_CHARS = 3_000  # a longer text under a name of Debian's own joins several licences
_LICENCE_FILE = re.compile(
    r"(^|/)(licen[sc]e|copying|unlicense)([-.](mit|apache|txt|md|rst|bsd))?[^/]*$", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What we know of one package's licence."""

    package: str  #: `Package.key`
    evidence: str  #: what the package says, word for word
    licences: tuple[str, ...]  #: our names; empty when refused
    reason: str = ""  #: why it is refused
    left_out: tuple[str, ...] = ()  #: globs of files that stand under another licence

    @property
    def accepted(self) -> bool:
        """Tell whether the package may be mined at all."""
        return bool(self.licences)

    def allows(self, path: str, text: str) -> bool:
        """Tell whether the file *path* may be mined: no stanza and no header of its own says otherwise."""
        outside = any(fnmatch.fnmatchcase(path, glob) for glob in self.left_out)
        return self.accepted and not outside and not COPYLEFT.search(text[:_HEADER_CHARS])


def judge(package: Package) -> Verdict:
    """Return the verdict on *package*; whatever is unknown or unclear is refused."""
    try:
        return _JUDGES[package.registry](package)
    except (OSError, ValueError, EOFError, tarfile.TarError) as error:
        return Verdict(package.key, "", (), f"unreadable: {error}")


def _stated(package: Package, expression: str, reason: str = "not on our list") -> Verdict:
    terms = accepted_terms(expression)
    return Verdict(package.key, expression, terms or (), "" if terms else reason)


def _pypi(package: Package) -> Verdict:
    """Trust the licence expression, else the classifiers, else a short licence field, else the text."""
    for name, data in package.files():
        if name.endswith((".dist-info/METADATA", "PKG-INFO")):
            metadata = message_from_string(data.decode("utf-8", "replace"))
            return _from_metadata(package, metadata)
    return Verdict(package.key, "", (), "no metadata")


def _from_metadata(package: Package, metadata: Message) -> Verdict:
    expression = metadata["License-Expression"]
    if expression:
        return _stated(package, str(expression))
    classifiers = [
        str(line) for line in metadata.get_all("Classifier", []) if str(line).startswith("License ::")
    ]
    names = [line.split("::")[-1].strip() for line in classifiers if line.count("::") > 1]
    if names:
        return _stated(package, " and ".join(f"({re.sub(r' [(].*', '', name)})" for name in names))
    field = str(metadata["License"] or "").strip()
    if field and "\n" not in field and len(field) < 80:
        return _stated(package, field)
    return _from_text(package)


def _npm(package: Package) -> Verdict:
    for name, data in package.files():
        if name == "package.json":
            manifest = json.loads(data)
            stated = manifest.get("license") or [one.get("type") for one in manifest.get("licenses", [])]
            stated = stated.get("type") if isinstance(stated, dict) else stated
            stated = " or ".join(map(str, stated)) if isinstance(stated, list) else str(stated)
            return _stated(package, stated)
    return Verdict(package.key, "", (), "no package.json")


def _git(package: Package) -> Verdict:
    return _from_text(package)


def _from_text(package: Package) -> Verdict:
    """Read the licence files of the top folder (or of the wheel's metadata); all must be ours."""
    found: set[str] = set()
    for name, data in package.files():
        if not _LICENCE_FILE.search(name) or (name.count("/") > 0 and ".dist-info/" not in name):
            continue
        terms = recognise(data.decode("utf-8", "replace"))
        if terms is None:
            return Verdict(package.key, name, (), "licence text is not on our list")
        found.update(terms)
    return Verdict(package.key, "licence text", tuple(sorted(found)), "" if found else "no licence text")


def _debian(package: Package) -> Verdict:
    """Read debian/copyright, every stanza: `Files: *` must be ours, and other stanzas' files are left out.

    A copyright file that no machine can read is refused as unknown.
    """
    text = next((data for name, data in package.files() if name == "debian/copyright"), b"").decode(
        "utf-8", "replace"
    )
    stanzas = list(stanzas_of(text))
    whole = next((stanza for stanza in stanzas if "*" in stanza.globs), None)
    if whole is None:
        return Verdict(package.key, "", (), "debian/copyright is missing or not machine-readable")
    terms = whole.terms()
    if terms is None:
        return Verdict(package.key, whole.licence, (), "not on our list")
    refused = [stanza for stanza in stanzas if stanza.terms() is None]
    left_out = tuple(sorted({glob for stanza in refused for glob in stanza.globs}))
    return Verdict(package.key, whole.licence, terms, left_out=left_out)


@dataclass(frozen=True, slots=True)
class Stanza:
    """One `Files:` paragraph of a machine-readable debian/copyright."""

    globs: tuple[str, ...]
    licence: str  #: the short name, as written
    text: str  #: the licence itself, from this paragraph or from the one that defines the short name

    def terms(self) -> tuple[str, ...] | None:
        """Return the licences we know by that name or, for a name of Debian's own, by that text."""
        return accepted_terms(self.licence) or (
            recognise(self.text) if len(self.text) < _ONE_LICENCE_CHARS else None
        )


def stanzas_of(text: str) -> Iterator[Stanza]:
    """Yield the `Files:` paragraphs of a debian/copyright, in order."""
    paragraphs = [_fields(paragraph) for paragraph in re.split(r"\n[ \t]*\n", text)]
    texts = {_first_line(fields): fields.get("license", "") for fields in paragraphs if "files" not in fields}
    for fields in paragraphs:
        globs = tuple(fields.get("files", "").replace(",", " ").split())
        if globs:
            name = _first_line(fields)
            own = fields["license"].partition("\n")[2] if "license" in fields else ""
            yield Stanza(globs, name, own or texts.get(name, ""))


def _fields(paragraph: str) -> dict[str, str]:
    """Return the fields of one paragraph in Debian's control syntax: a further line begins with a space."""
    fields: dict[str, str] = {}
    name = ""
    for line in paragraph.splitlines():
        if line[:1] in {" ", "\t"}:
            fields[name] = f"{fields.get(name, '')}\n{line.strip()}"
        elif ":" in line:
            name, _, value = line.partition(":")
            name = name.lower()
            fields[name] = value.strip()
    return fields


def _first_line(fields: dict[str, str]) -> str:
    return fields.get("license", "").partition("\n")[0].strip()


_JUDGES = {"pypi": _pypi, "pypi-source": _pypi, "npm": _npm, "debian": _debian, "git": _git}


def load() -> dict[str, Verdict]:
    """Return the recorded verdicts by package key."""
    rows = json.loads(LICENCES.read_text())
    return {
        row["package"]: Verdict(
            **row | {"licences": tuple(row["licences"]), "left_out": tuple(row["left_out"])}
        )
        for row in rows
    }


def main() -> None:
    """Judge every downloaded package and record the verdicts."""
    blocklist = Blocklist.load()
    verdicts = []
    for package in packages():
        if blocklist.names_package(package.name):
            verdicts.append(Verdict(package.key, package.name, (), "on the blocklist"))
        else:
            verdicts.append(judge(package))
    LICENCES.write_text(json.dumps([asdict(verdict) for verdict in verdicts], indent=1))
    for verdict in verdicts:
        if not verdict.accepted:
            print(f"refused {verdict.package}: {verdict.reason} ({verdict.evidence[:80]!r})")
    counts = Counter(name for verdict in verdicts for name in verdict.licences)
    print(f"{sum(v.accepted for v in verdicts)} of {len(verdicts)} packages accepted; {dict(counts)}")


if __name__ == "__main__":
    main()
