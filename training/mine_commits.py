"""Mine the histories at hand: the subject of a commit pairs with each place that it changed.

`python -m training.mine_commits` writes one file of pairs a repository, beside those of `mine_pairs`.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from leindex_mcp.extract.languages import language_of
from training import licences
from training.archives import packages
from training.comments import STYLES
from training.decontaminate import Blocklist
from training.mine_pairs import LEFT_OUT
from training.places import PAIRS

_NEWEST = 2_500  # commits of a repository: older code may have stood under other terms
_MOST_FILES = 5  # a commit that changes more is a sweep, and its subject tells of none of them
_CODE_CHARS = 1_600
_COMMIT = "\x01"
_DECORATION = re.compile(r"\s*\(#\d+\)|\[[^\]]*\]|#\d+|^(\w+(\([^)]*\))?!?|[\w./-]+):\s+")
_CHORE = re.compile(
    r"^(merge|bump|release|revert|update (dependency|changelog|version)|prepare|v?\d+\.|wip)\b", re.IGNORECASE
)
_LOG = ["log", "--no-merges", f"-n{_NEWEST}", "-p", "-U6", "--no-color", "--no-renames", "--diff-filter=M"]


def commits(directory: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield (subject, {path: text around the changes as it was after them}) of each commit, newest first."""
    command = ["git", "-C", str(directory), *_LOG, f"--format={_COMMIT}%s"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as process:
        subject, changed, path = "", {}, ""
        for line in process.stdout or ():
            if line.startswith(_COMMIT):
                if changed:
                    yield subject, changed
                subject, changed, path = line[1:].strip(), {}, ""
            elif line.startswith("+++ b/"):
                path = line[6:].strip()
                changed[path] = ""
            elif path and line[:1] in {" ", "+"} and len(changed[path]) < _CODE_CHARS:
                changed[path] += line[1:]
        if changed:
            yield subject, changed


def question_of(subject: str) -> str | None:
    """Return *subject* without numbers, scopes and kinds, or None when it tells too little."""
    question = _DECORATION.sub("", subject).strip()
    is_chore = bool(_CHORE.match(question)) or len(re.findall(r"[A-Za-z]{2,}", question)) < 3
    return None if is_chore else question


def main() -> None:
    """Mine every accepted repository."""
    verdicts, blocklist = licences.load(), Blocklist.load()
    for package in packages():
        verdict = verdicts.get(package.key)
        if package.registry != "git" or verdict is None or not verdict.accepted:
            continue
        rows = []
        for subject, changed in commits(package.paths[0]):
            question = question_of(subject)
            if question is None or len(changed) > _MOST_FILES:
                continue
            for path, code in changed.items():
                language = language_of(path)
                usable = language in STYLES and not LEFT_OUT.search(path) and not blocklist.names_path(path)
                if usable and len(code) > 100 and verdict.allows(path, code):
                    rows.append([package.key, language, path, "commit", "", question, code[:_CODE_CHARS]])
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (PAIRS / f"{package.key}-commits.jsonl").write_text(text)
        print(f"{package.key}\t{len(rows)} pairs", flush=True)


if __name__ == "__main__":
    main()
