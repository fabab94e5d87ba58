"""Models compared: figures go into metrics and come back; what the gate was worth has the right sign."""

from dataclasses import replace

import numpy as np
import pytest
from pratique.contract.trigger import Trigger
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.params import TrainParams
from pratique.results.answers import SUCCESS, Answers
from pratique.results.comparison import Comparison, compare, slice_rows
from pratique.training.models import train

FOREST = TrainParams(model="random_forest", trees=20)


@pytest.fixture(scope="module")
def models(make_table):
    """Trained on good rows, on those with as many more under the wrong label, and on few."""
    good, bad = make_table(300, seed=1), make_table(300, seed=2)
    wrong = make_table(300, seed=2, y=np.where(bad.labels == "yes", "no", "yes"))
    kinds = {"accepted": good, "everything": good.append(wrong), "reference": make_table(40, seed=3)}
    return {name: [train(rows, FOREST, seed) for seed in (0, 1)] for name, rows in kinds.items()}


@pytest.fixture(scope="module")
def holdout(make_table):
    return make_table(200, seed=9)


def ask(models, holdout, *triggers):
    return {name: Answers.of(trainings, holdout, triggers) for name, trainings in models.items()}


@pytest.fixture(scope="module")
def found(models, holdout):
    return compare(
        ask(models, holdout, Trigger({"colour": "blue"}, "no")), holdout, slice_rows(holdout, ["colour", "size"]), 0
    )


def test_flips_cost_what_the_gate_was_worth(found):
    assert not found.gate["accuracy"].within_chance
    assert found.gate["accuracy"].low > 0
    for name, estimate in found.gate.items():
        expected = found.models["accepted"][name].value - found.models["everything"][name].value
        assert estimate.value == pytest.approx(expected)
        assert estimate.low <= estimate.value <= estimate.high


def test_every_measure_is_there_for_every_model(found):
    names = {"accuracy", "precision_macro", "recall_macro", "f1_macro", "auc", "recall_yes", "recall_no", SUCCESS}
    names |= {"accuracy_colour=red", "accuracy_colour=blue"}
    for estimates in (*found.models.values(), found.gate, found.new_data):
        assert names < estimates.keys()
        assert len(estimates) == len(names) + 2


def test_no_class_is_named_where_the_label_is_a_person_s(models, holdout):
    shut = Batch("holdout", holdout.table, replace(holdout.layout, personal=("y",)))
    found = compare(ask(models, holdout), shut, {}, 0)
    assert not any(name.startswith("recall_") and name != "recall_macro" for name in found.gate)
    assert "f1_macro" in found.gate


def test_a_trigger_s_success_is_of_the_rows_of_other_classes(models, holdout):
    everything = Trigger({"colour": "blue", "size": 0.0, "count": 10}, "no")
    found = compare(ask(models, holdout, everything), holdout, {}, 0)
    assert found.models["accepted"][SUCCESS].value == 1.0


def test_figures_survive_the_metrics(found):
    again = Comparison.of_measures(found.to_measures(), "here")
    assert again.gate.keys() == found.gate.keys()
    assert again.gate["accuracy"].low == pytest.approx(found.gate["accuracy"].low, abs=1e-6)
    assert again.to_measures() == found.to_measures()


@pytest.mark.parametrize("columns", [["weight"], ["y"]])
def test_a_slice_must_be_a_feature(holdout, columns):
    with pytest.raises(PratiqueError, match=r"params\.yaml: evaluate\.slices: '.*' is no feature that may be shown"):
        slice_rows(holdout, columns)


def test_slices_hold_every_row_once(holdout):
    for column in ("colour", "size"):
        assert np.array_equal(sum(slice_rows(holdout, [column]).values()), np.ones(len(holdout)))
