"""One cell, with a gate whose verdicts are known: the counts by hand, the models where they must agree."""

from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pratique.attacks.backdoor_trigger import BackdoorTrigger
from pratique.attacks.hardest_flip import HardestFlip
from pratique.attacks.label_flip import LabelFlip
from pratique.attacks.outlier_insertion import OutlierInsertion
from pratique.core import archive
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.core.params import Params, TrainParams
from pratique.detector.detector import Detector
from pratique.detector.verdict import RowReason, Verdict
from pratique.drill.bystanders import Bystanders
from pratique.drill.outcome import Transfer
from pratique.drill.plan import Cell, Exercise
from pratique.drill.setting import Setting
from pratique.training.metrics import score
from pratique.training.models import learn, train

LAYOUT = Layout("y", {"a": "real", "b": "real"})


def rows(count, seed):
    rng = np.random.default_rng(seed)
    y = np.arange(count) % 2
    return pd.DataFrame({"a": rng.normal(6.0 * y), "b": rng.normal(size=count), "y": np.array(["no", "yes"])[y]})


@pytest.fixture
def setting():
    drill = {"rows": 20}
    train = {"model": "logistic_regression"}
    params = Params.model_validate({"data": {"label": "y"}, "checks": {"labels": {}}, "train": train, "drill": drill})
    reference, holdout = (Batch.from_frame("b", rows(n, seed), LAYOUT) for n, seed in ((200, 1), (200, 2)))
    folds = tuple(np.arange(200).reshape(2, 100))
    detectors, nothing = (Detector("first", params), Detector("second", params)), Bystanders(pa.table({}))
    return Setting(params, reference, folds, detectors, holdout, nothing, {"models": "m", "gate": "g"})


def alone(setting):
    """Models learn from the batches alone."""
    train = setting.params.train.model_copy(update={"rows": "accepted"})
    params = setting.params.model_copy(update={"train": train})
    return replace(setting, params=params, clean_scores={}, clean_verdicts={})


def cell(attack, rate, *, run=0, cleared=True, batches=3, poisoned_batches=1.0, unseen=()):
    exercise = Exercise("x", type(attack).__name__, attack, (rate,), batches, poisoned_batches, unseen)
    return Cell(exercise, rate, run, cleared)


@pytest.fixture
def gate(monkeypatch):
    """Quarantine the batches of these numbers, and hold these rows of the others; a bet wins so much on each."""

    def verdicts(*, quarantined=(), held=(), won=()):
        seen = []

        def judge(detector, found):
            seen.append(found.batch)
            if len(seen) in quarantined:
                return Verdict("quarantine", 0.0, ("rows",))
            return Verdict("partial" if held else "accept", 0.5, (), suspects=dict.fromkeys(held, RowReason("rows")))

        monkeypatch.setattr(Detector, "examine", lambda detector, batch: SimpleNamespace(batch=batch, bets=won))
        monkeypatch.setattr(Detector, "judge", judge)
        return seen

    return verdicts


def test_a_rate_of_zero_changes_nothing(setting, gate):
    gate()
    outcome = setting.run(cell(LabelFlip(), 0))
    assert outcome.clean == outcome.without == outcome.oracle == outcome.gate.scores
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
    holding = lambda detector, found: SimpleNamespace(verdict="partial", holds=lambda n: wrong(found.batch))  # noqa: E731
    monkeypatch.setattr(Detector, "examine", lambda detector, batch: SimpleNamespace(batch=batch, bets=()))
    monkeypatch.setattr(Detector, "judge", holding)
    outcome = setting.run(cell(LabelFlip(), 0.4))
    assert (outcome.gate.rows_caught, outcome.gate.good_rows_lost) == (24, 0)
    assert outcome.gate.scores == outcome.oracle
    assert outcome.without["accuracy"] <= outcome.oracle["accuracy"]


def test_where_nothing_passes_and_nothing_was_there_no_model_is_made(setting, gate):
    gate(quarantined=range(1, 11))
    outcome = alone(setting).run(cell(BackdoorTrigger(), 0.2, batches=10))
    assert (outcome.gate.scores, outcome.gate.success) == (None, None)
    assert outcome.gate.good_rows_lost == 160


def test_where_nothing_passes_trusted_rows_that_were_not_dealt_are_learned_from(setting, gate):
    gate(quarantined=range(1, 10))
    planned = cell(BackdoorTrigger(), 0.2, batches=9)
    outcome = setting.run(planned)
    rest = setting.reference.take(np.setdiff1d(np.arange(200), setting.deal(planned).positions))
    assert len(rest) == 20
    assert outcome.gate.scores == asdict(score(train(rest, setting.params.train, 0), setting.holdout)[0])


def test_every_model_learns_from_each_trusted_row_once_or_from_the_stream_alone(setting, gate):
    """20 of 200 trusted rows are dealt out."""
    gate()
    planned = cell(LabelFlip(), 0, batches=1)
    deal = setting.deal(planned)
    rest = setting.reference.take(np.setdiff1d(np.arange(200), deal.positions))
    for known, learned in ((setting, rest.append(deal.stream)), (alone(setting), deal.stream)):
        outcome = known.run(planned)
        model = train(learned, known.params.train, 0)
        assert outcome.clean == outcome.gate.scores == asdict(score(model, setting.holdout)[0])
        assert outcome.detail.model == archive.dumps(model)


def test_each_batch_is_judged_by_the_fold_that_its_rows_are_of(setting, gate, monkeypatch):
    gate()
    asked, examine = [], Detector.examine
    monkeypatch.setattr(Detector, "examine", lambda self, batch: (asked.append(self.profile), examine(self, batch))[1])
    planned = cell(LabelFlip(), 0.5, batches=7, poisoned_batches=0.5)
    setting.run(planned)
    assert asked == [("first", "second")[fold] for fold in setting.deal(planned).folds]
    assert set(asked) == {"first", "second"}


def test_what_cannot_be_dealt_is_said(setting):
    assert setting.describe_shortage([cell(LabelFlip(), 0, batches=10)]) == ""
    told = setting.describe_shortage([cell(LabelFlip(), 0, batches=3), cell(LabelFlip(), 0, batches=11)])
    assert "10 batches of 20 rows come in, not 11 of 20" in told
    assert "the 2 folds have 100 rows each" in told
    large = setting.params.model_copy(update={"drill": setting.params.drill.model_copy(update={"rows": 150})})
    told = replace(setting, params=large).describe_shortage([cell(LabelFlip(), 0, batches=2)])
    assert "2 batches of 100 rows come in, not 2 of 150" in told


def test_a_part_of_the_batches_comes_in_poisoned(setting, gate):
    """Of five batches of 20 rows two, all of whose rows are flipped; the gate holds the second and the last."""
    seen = gate(quarantined=(2, 5))
    outcome = setting.run(cell(LabelFlip(), 1, batches=5, poisoned_batches=0.4))
    got = outcome.gate
    assert (outcome.rows, outcome.poisoned_rows, len(seen)) == (100, 40, 5)
    assert (got.batches, got.batches_caught, got.rows_caught, got.good_rows_lost, got.delay) == (2, 1, 20, 20, 2)


def test_batches_without_poison_are_judged_once_for_all_attacks(setting, gate):
    seen = gate(quarantined=(5,))
    first = setting.run(cell(LabelFlip(), 1, batches=5, poisoned_batches=0.4)).gate
    second = setting.run(cell(LabelFlip(), 0.5, batches=5, poisoned_batches=0.4)).gate
    assert len(seen) == 5 + 2
    assert first.good_rows_lost == second.good_rows_lost == 20
    setting.run(cell(LabelFlip(), 1, run=1, batches=5, poisoned_batches=0.4))
    assert len(seen) == 7 + 5, "another run deals other batches"


def test_the_batches_of_a_run_are_one_stream_of_a_source(setting, gate):
    """A slow drip: no batch stands out alone, the fourth brings the stream to 10,000; a rerun begins anew."""
    seen = gate(won=(np.log(10.0),) * 2)
    for _ in range(2):
        got = setting.run(cell(LabelFlip(), 1, batches=5)).gate
        assert (got.batches, got.batches_caught, got.delay, got.good_rows_lost) == (5, 1, 4, 0)
    assert len(seen) == 10


def test_the_gap_is_the_damage_to_the_proxy_less_that_to_another_kind(setting, gate):
    gate()
    attack = HardestFlip(by="loss")
    outcome = setting.run(cell(attack, 0.4, unseen=("nearest_neighbours", "linear_svm")))
    assert outcome.transfer.proxy == outcome.clean["accuracy"] - outcome.without["accuracy"], "the team ships its kind"
    assert list(outcome.transfer.unseen) == ["nearest_neighbours", "linear_svm"]
    assert setting.run(cell(attack, 0, unseen=("nearest_neighbours",))).transfer == Transfer(
        0.0, {"nearest_neighbours": 0.0}
    )
    assert setting.run(cell(attack, 0.4)).transfer is None


def test_a_backdoor_works_in_the_poisoned_model_and_not_behind_the_gate(setting, gate):
    gate(quarantined=(1, 2))
    trigger = BackdoorTrigger(columns=("b",), value=50, target="no")
    outcome = setting.run(cell(trigger, 0.4, poisoned_batches=0.67))
    assert outcome.success == 1
    assert outcome.gate.success < 0.2
    assert outcome.success_oracle < 0.2
    assert setting.run(cell(LabelFlip(), 0.4)).success is None


def test_a_run_without_the_gate_gives_the_same_models(setting, gate):
    gate()
    cleared, quick = (setting.run(cell(LabelFlip(), 0.3, run=1, cleared=value)) for value in (True, False))
    assert quick.gate is None
    assert (quick.without, quick.oracle, quick.poisoned_rows) == (
        cleared.without,
        cleared.oracle,
        cleared.poisoned_rows,
    )


def test_the_first_run_comes_with_its_details(setting, gate):
    gate()
    detail = setting.run(cell(LabelFlip(), 0.1)).detail
    assert len(detail.rows) == len(detail.reference_rows) == 6
    assert detail.before == detail.after, "flips leave the features"
    assert detail.kl_divergence == {"a": 0, "b": 0}
    assert np.sum(detail.confusion) == 200
    assert setting.run(cell(LabelFlip(), 0.1, run=1)).detail is None
    inserted = setting.run(cell(OutlierInsertion(), 0.1, poisoned_batches=0.3)).detail
    assert set(inserted.reference_rows) == {None}
    assert inserted.before["a"] != inserted.after["a"]


def test_features_are_those_of_the_batches_that_come_in_poisoned(setting, gate):
    gate()
    detail = setting.run(cell(OutlierInsertion(), 1, poisoned_batches=0.3)).detail
    target = setting.deal(cell(OutlierInsertion(), 1, poisoned_batches=0.3)).target
    assert detail.before["a"]["mean"] == pytest.approx(target.numeric[:, 0].mean())
    assert len(detail.rows) == len(target) == 20


def test_the_key_covers_what_the_outcome_depends_on_and_no_more(setting):
    base = cell(LabelFlip(), 0.1)
    others = [
        cell(LabelFlip(), 0.2),
        cell(LabelFlip(), 0.1, run=1),
        cell(LabelFlip(), 0.1, batches=4),
        cell(LabelFlip(), 0.1, poisoned_batches=0.5),
        cell(LabelFlip(), 0.1, unseen=("random_forest",)),
        cell(LabelFlip(), 0.1, cleared=False),
        cell(OutlierInsertion(), 0.1),
        cell(OutlierInsertion(low=4), 0.1),
    ]
    assert len({setting.key(each) for each in (base, *others)}) == 9
    stricter = replace(setting, digests=setting.digests | {"gate": "h"})
    assert stricter.key(base) != setting.key(base)
    assert stricter.key(others[5]) == setting.key(others[5]), "no gate, no threshold"


def test_the_drill_trains_by_the_method_that_is_named(setting):
    train = {"model": "logistic_regression", "method": "trimmed_loss"}
    named = replace(setting, params=setting.params.model_copy(update={"train": TrainParams(**train)}))
    stream, undealt = setting.reference.take(np.arange(40)), setting.reference.take(np.arange(40, 200))
    expected = learn(undealt.append(stream), named.params.train, 0, trusted=undealt)[0]
    assert named._model(stream, undealt, 0).to_bytes() == expected.to_bytes()
