"""Pairs become arrays and bags, and two runs on them become one table."""

import numpy as np
import pytest

from training.bags import TrainingSet
from training.batches import Batches, Drawing
from training.prepare import Prepared, Row

NAMES = ["open_file", "close_socket", "parse_header", "send_frame", "retry_request", "hash_bytes"]


def prepared(folder):
    """Prepare a few pairs of two packages."""
    rows = []
    for number in range(48):
        name = NAMES[number % len(NAMES)]
        question = f"{name.replace('_', ' the ')} number {number}"
        code = f"def {name}(value):\n    return {name}_inner(value, step={number})\n"
        kind = "name" if number % 5 == 0 else "doc"
        package = f"pypi-{number // 24}"
        rows.append(Row(package, "python", f"src/{name}.py", kind, name, question, code))
    made = Prepared()
    made.add(rows)
    made.save(folder)
    return TrainingSet.load(folder, 60)


def test_prepared_pairs_keep_their_words(tmp_path):
    """From text to numbers and back nothing is lost but the order within code."""
    data = prepared(tmp_path)
    flat = data.question.take(np.array([1]))

    assert [data.vocabulary[row] for row in flat.ids][:3] == ["close", "the", "socket"]
    assert data.code.weights.min() >= 1
    assert len(data.kind) == 48
    assert len(np.unique(data.file)) == 12


def test_batches_are_drawn_alike_from_one_seed(tmp_path):
    """A table can be made again."""
    data = prepared(tmp_path)
    drawing = Drawing(batch=16, block=8, siblings=2)
    first, second = (next(Batches(data, drawing, 7).endless()) for _ in range(2))

    assert np.array_equal(first.questions.ids, second.questions.ids)
    assert np.array_equal(first.documents.code.ids, second.documents.code.ids)


def test_code_that_hides_its_symbol_holds_none_of_its_words(tmp_path):
    """A name that stands in the answer would teach copying."""
    data = prepared(tmp_path)
    batches = Batches(data, Drawing(batch=16, block=8), 0)
    rows, shown = np.arange(16), np.ones(16, np.bool_)

    parts = batches._found(rows, shown, shown, shown)  # noqa: SLF001  # chance decides who hides elsewhere

    symbols = data.symbol.take(rows)
    assert not np.isin(parts.code.keys(), symbols.keys()).any()
    assert len(parts.symbol.ids) == 0


@pytest.mark.slow
def test_two_runs_from_one_seed_give_one_table(tmp_path):
    """On one thread additions have one order."""
    pytest.importorskip("torch", reason="training needs torch")
    from training.train import Recipe, train

    data = prepared(tmp_path)
    recipe, drawing = Recipe(dim=16, prefixes="8", steps=5), Drawing(batch=16, block=8)
    first, second = (train(data, recipe, drawing) for _ in range(2))

    assert np.array_equal(first.vectors.detach().numpy(), second.vectors.detach().numpy())
