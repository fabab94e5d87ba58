"""Measures of runs, worked out by hand: what the gate makes of them is a difference within one and the same run."""

from dataclasses import replace

import pytest
from pratique.attacks.label_flip import LabelFlip
from pratique.drill.outcome import Gate, Outcome, Plainly, Transfer
from pratique.drill.plan import Cell, Exercise
from pratique.drill.tables import groups, list_measures, list_metrics

EXERCISE = Exercise("flips", "label_flip", LabelFlip(), (0.2,), 6, 0.34)


def outcome(
    *, clean=0.9, without=0.8, gated=0.88, success=None, success_with=None, cleared=True, transfer=None, plainly=None
):
    gate = Gate(2, 1, 30, 16, 2, None if gated is None else {"accuracy": gated}, success_with) if cleared else None
    scores = [{"accuracy": value} for value in (clean, without, 0.91)]
    return Outcome(600, 40, *scores, success, 0.125, gate, plainly, transfer, None)


def test_the_measures_of_a_run():
    assert list_measures(outcome(success=1.0, success_with=0.25)) == {
        "batches_caught": 0.5,
        "rows_caught": 0.75,
        "good_rows_lost": pytest.approx(16 / 560),
        "delay": 2,
        "accuracy_clean": 0.9,
        "accuracy_without": 0.8,
        "accuracy_oracle": 0.91,
        "accuracy_with": 0.88,
        "damage_without": pytest.approx(0.1),
        "damage_with": pytest.approx(0.02),
        "damage_avoided": pytest.approx(0.08),
        "success_without": 1.0,
        "success_oracle": 0.125,
        "success_with": 0.25,
        "success_avoided": 0.75,
    }


def test_a_run_that_passes_no_gate_and_one_that_lets_nothing_through_lack_what_they_can_not_say():
    quick = list_measures(outcome(cleared=False))
    assert not [name for name in quick if name.endswith(("_with", "avoided", "caught", "lost"))]
    nothing = list_measures(outcome(gated=None))
    assert nothing["rows_caught"] == 0.75
    assert not [name for name in nothing if name.endswith(("_with", "avoided"))]


def test_the_gap_of_a_transfer():
    found = list_measures(outcome(transfer=Transfer(0.1, {"random_forest": 0.04})))
    assert (found["damage_proxy"], found["damage_on_random_forest"]) == (0.1, 0.04)
    assert found["transfer_gap_random_forest"] == pytest.approx(0.06)


def test_a_method_is_compared_with_a_plain_training_on_the_same_rows():
    plainly = Plainly(*({"accuracy": value} for value in (0.92, 0.7, 0.9)))
    found = list_measures(outcome(plainly=plainly))
    assert {name: value for name, value in found.items() if "plain" in name or "gain" in name} == {
        "accuracy_plain_clean": 0.92,
        "method_gain_clean": pytest.approx(-0.02),
        "accuracy_plain_without": 0.7,
        "method_gain_without": pytest.approx(0.1),
        "accuracy_plain_with": 0.9,
        "method_gain_with": pytest.approx(-0.02),
    }
    nothing = list_measures(outcome(gated=None, plainly=replace(plainly, gated=None)))
    assert not {"accuracy_plain_with", "method_gain_with"} & set(nothing)


def test_intervals_are_of_the_differences_run_by_run():
    """Accuracies that differ much from run to run, and a gate that saves 7, 8 and 9 points: 8 -+ 2.48414 points."""
    runs = [outcome(without=w, gated=w + d) for w, d in ((0.5, 0.07), (0.7, 0.08), (0.9, 0.09))]
    (group,) = groups([Cell(EXERCISE, 0.2, run, True) for run in range(3)], runs)
    assert (group.name, group.dose) == ("flips-20", (0.2, 6, 0.34))
    metrics = list_metrics(group.spreads())
    assert metrics["damage_avoided"] == pytest.approx(0.08)
    assert metrics["damage_avoided_low"] == pytest.approx(0.08 - 0.0248414, abs=1e-6)
    assert metrics["damage_avoided_high"] == pytest.approx(0.08 + 0.0248414, abs=1e-6)
    assert metrics["accuracy_with_high"] == 1, "a share ends there"
    assert not {"delay", "accuracy_oracle"} & set(metrics)


def test_one_run_has_no_interval():
    (group,) = groups([Cell(EXERCISE, 0.2, 0, True)], [outcome()])
    assert not [name for name in list_metrics(group.spreads()) if name.endswith(("_low", "_high"))]
