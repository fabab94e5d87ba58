"""One cell, with a gate whose verdicts are known: the counts by hand, the models where they must agree."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pratique.attacks.backdoor_trigger import BackdoorTrigger
from pratique.attacks.label_flip import LabelFlip
from pratique.attacks.outlier_insertion import OutlierInsertion
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.core.params import Params
from pratique.detector.detector import Detector
from pratique.drill.plan import Cell, Exercise
from pratique.drill.setting import Setting

LAYOUT = Layout("y", {"a": "real", "b": "real"})


def rows(count, seed):
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 2
    return pd.DataFrame({"a": rng.normal(6.0 * y), "b": rng.normal(size=count), "y": np.array(["no", "yes"])[y]})


@pytest.fixture
def setting():
    drill = {"batches": 3, "rows": 20}
    train = {"model": "logistic_regression"}
    params = Params.model_validate({"data": {"label": "y"}, "checks": {"labels": {}}, "train": train, "drill": drill})
    accepted, holdout = (Batch.from_frame("b", rows(n, seed), LAYOUT) for n, seed in ((100, 1), (200, 2)))
    return Setting(params, accepted, holdout, Detector(None, params), {"models": "m", "gate": "g"})


def cell(attack, rate, *, run=0, cleared=True, batches=3):
    return Cell(Exercise("x", type(attack).__name__, attack, (rate,), batches), rate, run, cleared)


@pytest.fixture
def gate(monkeypatch):
    """Quarantine the batches of these numbers, and hold these rows of the others."""

    def verdicts(*, quarantined=(), held=()):
        seen = []

        def judge(detector, batch):
            seen.append(batch)
            stopped = len(seen) in quarantined
            mask = np.full(len(batch), stopped)
            mask[[row for row in held if not stopped]] = True
            return SimpleNamespace(verdict="quarantine" if stopped else "accept", holds=lambda n: mask)

        monkeypatch.setattr(Detector, "examine", lambda detector, batch: batch)
        monkeypatch.setattr(Detector, "judge", judge)
        return seen

    return verdicts


def test_a_rate_of_zero_changes_nothing(setting, gate):
    gate()
    outcome = setting.run(cell(LabelFlip(), 0))
    assert outcome.clean == outcome.poisoned == outcome.oracle == outcome.gate.gated
    assert (outcome.rows, outcome.poisoned_rows, outcome.gate.batches, outcome.gate.delay) == (60, 0, 0, None)


def test_every_batch_is_measured_as_it_comes_in(setting, gate):
    seen = gate()
    setting.run(cell(OutlierInsertion(), 0.5))
    assert len(seen) == 3
    assert sum(map(len, seen)) == 90
    assert all(len(batch) >= 20 for batch in seen)


def test_counts_of_what_is_caught_and_lost(setting, gate):
    gate(quarantined=(2,))
    got = setting.run(cell(LabelFlip(), 1)).gate
    assert (got.batches, got.batches_caught, got.rows_caught, got.good_rows_lost, got.delay) == (3, 1, 20, 0, 2)


def test_a_good_row_that_is_held_is_lost(setting, gate):
    gate(held=(0, 5))
    got = setting.run(cell(LabelFlip(), 0)).gate
    assert (got.batches_caught, got.rows_caught, got.good_rows_lost, got.delay) == (0, 0, 6, None)


def test_a_perfect_gate_gives_the_model_of_the_oracle(setting, monkeypatch):
    """Hold what differs from the clean stream: the flipped rows, by their place far from their class."""
    wrong = lambda batch: (batch.numeric[:, 0] > 3) != (batch.labels == "yes")  # noqa: E731
    holding = lambda detector, batch: SimpleNamespace(verdict="partial", holds=lambda n: wrong(batch))  # noqa: E731
    monkeypatch.setattr(Detector, "examine", lambda detector, batch: batch)
    monkeypatch.setattr(Detector, "judge", holding)
    outcome = setting.run(cell(LabelFlip(), 0.4))
    assert (outcome.gate.rows_caught, outcome.gate.good_rows_lost) == (24, 0)
    assert outcome.gate.gated == outcome.oracle
    assert outcome.poisoned["accuracy"] <= outcome.oracle["accuracy"]


def test_where_nothing_passes_and_nothing_was_there_no_model_is_made(setting, gate):
    gate(quarantined=range(1, 10))
    outcome = setting.run(cell(BackdoorTrigger(), 0.2, batches=9))
    assert (outcome.gate.gated, outcome.gate.success) == (None, None)
    assert outcome.gate.good_rows_lost == 80


def test_a_backdoor_works_in_the_poisoned_model_and_not_behind_the_gate(setting, gate):
    gate(quarantined=(1, 2, 3))
    trigger = BackdoorTrigger(columns=("b",), value=50, target="no")
    outcome = setting.run(cell(trigger, 0.4))
    assert outcome.success == 1
    assert outcome.gate.success < 0.2
    assert setting.run(cell(LabelFlip(), 0.4)).success is None


def test_a_run_without_the_gate_gives_the_same_models(setting, gate):
    gate()
    cleared, quick = (setting.run(cell(LabelFlip(), 0.3, run=1, cleared=value)) for value in (True, False))
    assert quick.gate is None
    assert (quick.poisoned, quick.oracle, quick.poisoned_rows) == (
        cleared.poisoned,
        cleared.oracle,
        cleared.poisoned_rows,
    )


def test_the_first_run_comes_with_its_details(setting, gate):
    gate()
    detail = setting.run(cell(LabelFlip(), 0.1)).detail
    assert len(detail.rows) == len(detail.accepted_rows) == 6
    assert detail.before == detail.after, "flips leave the features"
    assert np.sum(detail.confusion) == 200
    assert setting.run(cell(LabelFlip(), 0.1, run=1)).detail is None
    assert set(setting.run(cell(OutlierInsertion(), 0.1)).detail.accepted_rows) == {None}


def test_the_key_covers_what_the_outcome_depends_on_and_no_more(setting):
    base = cell(LabelFlip(), 0.1)
    others = [
        cell(LabelFlip(), 0.2),
        cell(LabelFlip(), 0.1, run=1),
        cell(LabelFlip(), 0.1, batches=4),
        cell(LabelFlip(), 0.1, cleared=False),
        cell(OutlierInsertion(), 0.1),
        cell(OutlierInsertion(low=4), 0.1),
    ]
    assert len({setting.key(each) for each in (base, *others)}) == 7
    stricter = replace(setting, digests=setting.digests | {"gate": "h"})
    assert stricter.key(base) != setting.key(base)
    assert stricter.key(others[3]) == setting.key(others[3]), "no gate, no threshold"
