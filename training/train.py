"""Learn the table: questions and their code, drawn together among the code of the same packages.

`python -m training.train NAME [key=value…]` writes RUNS/NAME/table.npz; the keys are the fields of `Recipe`
and of `batches.Drawing`.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch.nn.functional import cross_entropy, embedding_bag, normalize

from training.bags import Flat, TrainingSet
from training.batches import Batch, Batches, Drawing, Parts
from training.places import PREPARED, RUNS


@dataclass(frozen=True, slots=True)
class Recipe:
    """All choices of one training run."""

    seed: int = 0
    words: int = 36_000
    dim: int = 256
    prefixes: str = (
        "128,64"  #: the first dimensions that are scored, too, in turn, so that a table can be cut
    )
    steps: int = 400
    rate: float = 0.02
    rate_weights: float = 0.02
    temperature: float = 0.05
    file_mean: float = 0.5  #: as in the encoder, like the next two
    path_weight: float = 0.5
    definition_weight: float = 0.6
    spare_files: int = 1  #: 1: code of the same file is no wrong answer
    threads: int = 1  #: two or more wait for each other longer than they help on a busy machine


class Model(torch.nn.Module):
    """One vector a word; a weight on the code side and one on the question side."""

    def __init__(self, rarity: torch.Tensor, recipe: Recipe) -> None:
        super().__init__()
        vectors = torch.randn(len(rarity), recipe.dim) / recipe.dim**0.5
        self.vectors = torch.nn.Parameter(normalize(vectors, dim=1))
        self.document = torch.nn.Parameter(rarity.log())
        self.question = torch.nn.Parameter(rarity.log())

    def questions(self, flat: Flat, count: int) -> torch.Tensor:
        """Return (count, dim), not normalised."""
        return self._sums(flat, self.question, count)

    def documents(self, parts: Parts) -> list[torch.Tensor]:
        """Return (count, dim) of each part, not normalised."""
        flats = (parts.code, parts.path, parts.symbol)
        return [self._sums(flat, self.document, parts.count) for flat in flats]

    def _sums(self, flat: Flat, logs: torch.Tensor, count: int) -> torch.Tensor:
        ids = torch.from_numpy(flat.ids.astype(np.int64))
        starts = torch.from_numpy(np.searchsorted(flat.bags, np.arange(count)))
        weights = torch.from_numpy(flat.weights) * logs.exp()[ids]
        return embedding_bag(ids, self.vectors, starts, mode="sum", per_sample_weights=weights)


def loss_of(model: Model, batch: Batch, recipe: Recipe, dims: Sequence[int]) -> torch.Tensor:
    """Return the mean cross entropy of finding each question's code, and each code's question."""
    count = len(batch.file)
    questions = model.questions(batch.questions, count)
    documents = model.documents(batch.documents)
    siblings = model.documents(batch.siblings) if batch.siblings.count else None
    spared = torch.from_numpy(batch.file[:, None] == batch.file[None, :]).fill_diagonal_(fill_value=0)
    losses = []
    for dim in dims:
        asked = normalize(questions[:, :dim], dim=1)
        found = joined_parts(documents, dim, recipe)
        if siblings is not None:
            total = found.index_add(
                0, torch.from_numpy(batch.sibling_of), joined_parts(siblings, dim, recipe)
            )
            found = normalize(found + recipe.file_mean * normalize(total, dim=1), dim=1)
        scores = asked @ found.T / recipe.temperature
        if recipe.spare_files:
            scores = scores.masked_fill(spared, -1e4)
        target = torch.arange(count)
        losses.append((cross_entropy(scores, target) + cross_entropy(scores.T, target)) / 2)
    return torch.stack(losses).mean()


def joined_parts(parts: list[torch.Tensor], dim: int, recipe: Recipe) -> torch.Tensor:
    """Return unit rows as the encoder makes them of code, path and definitions, each of norm 1."""
    code, path, symbol = (normalize(part[:, :dim], dim=1) for part in parts)
    return normalize(code + recipe.path_weight * path + recipe.definition_weight * symbol, dim=1)


def train(data: TrainingSet, recipe: Recipe, drawing: Drawing) -> Model:
    """Return the trained model; on one thread, the same recipe and data give the same table."""
    torch.manual_seed(recipe.seed)
    torch.set_num_threads(recipe.threads)
    model = Model(torch.from_numpy(data.rarity), recipe)
    groups = [
        {"params": [model.vectors], "lr": recipe.rate},
        {"params": [model.document, model.question], "lr": recipe.rate_weights},
    ]
    optimiser = torch.optim.Adam(groups, betas=(0.9, 0.98), eps=1e-10, fused=True)
    started, recent = time.perf_counter(), []
    prefixes = [int(prefix) for prefix in recipe.prefixes.split(",")]
    batches = Batches(data, drawing, recipe.seed)
    for step, batch in enumerate(_first(batches.endless(), recipe.steps), 1):
        # A short climb, then straight down to nearly nothing.
        factor = min(1, step / 30) * max(0.03, 1 - (step - 1) / recipe.steps)
        for group, rate in zip(optimiser.param_groups, (recipe.rate, recipe.rate_weights), strict=True):
            group["lr"] = rate * factor
        loss = loss_of(model, batch, recipe, (recipe.dim, prefixes[step % len(prefixes)]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        recent.append(loss.item())
        if step % 25 == 0:
            pace = (time.perf_counter() - started) / step
            print(f"step {step}: loss {np.mean(recent):.3f}, {pace:.2f} s a step", flush=True)
            recent = []
    return model


def _first(batches: Iterator[Batch], count: int) -> Iterator[Batch]:
    for _, batch in zip(range(count), batches, strict=False):
        yield batch


def save(model: Model, data: TrainingSet, choices: dict[str, object], folder: Path) -> None:
    """Write the table as floats, with the recipe that made it."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez(
        folder / "table.npz",
        vectors=model.vectors.detach().numpy(),
        document_weights=model.document.detach().exp().numpy(),
        question_weights=model.question.detach().exp().numpy(),
        vocabulary=np.array("\n".join(data.vocabulary)),
    )
    (folder / "recipe.json").write_text(json.dumps(choices, indent=1))


Choices = TypeVar("Choices", Recipe, Drawing)


def chosen(default: Choices, changes: dict[str, str]) -> Choices:
    """Return *default* with the fields that *changes* names, which are taken out of it."""
    own = [field for field in fields(default) if field.name in changes]
    return replace(
        default, **{field.name: type(getattr(default, field.name))(changes.pop(field.name)) for field in own}
    )


def main(name: str, *settings: str) -> None:
    """Train with the default recipe, changed by `key=value` words."""
    changes = dict(word.split("=", 1) for word in settings)
    recipe, drawing = chosen(Recipe(), changes), chosen(Drawing(), changes)
    if changes:
        raise SystemExit(f"neither recipe nor drawing knows {', '.join(changes)}")
    started = time.perf_counter()
    data = TrainingSet.load(PREPARED, recipe.words)
    print(
        f"{len(data.kind)} pairs, {len(data.vocabulary)} words, {time.perf_counter() - started:.0f} s to load"
    )
    model = train(data, recipe, drawing)
    save(model, data, asdict(recipe) | asdict(drawing), RUNS / name)
    print(f"{name}: {time.perf_counter() - started:.0f} s in all")


if __name__ == "__main__":
    main(*sys.argv[1:])
