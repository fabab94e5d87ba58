"""Exercises and cells as params.yaml asks for them."""

import pytest
from pratique.attacks.label_flip import LabelFlip
from pratique.attacks.unit_error import UnitError
from pratique.core.errors import PratiqueError
from pratique.core.params import DrillParams
from pratique.drill.plan import Cell, Exercise, cells, exercises


def params(**sections):
    return DrillParams.model_validate({"attacks": {"label_flip": {}}, **sections})


def test_an_entry_may_have_another_name_rates_batches_and_fields():
    attacks = {
        "slow_drip": {"attack": "unit_error", "rates": [0.5, 0.01], "batches": 9, "factor": 2.5, "poisoned_batches": 1}
    }
    assert exercises(params(attacks=attacks)) == [
        Exercise("slow_drip", "unit_error", UnitError(factor=2.5), (0.01, 0.5), 9, 1.0)
    ]


def test_exercises_are_in_the_order_of_their_names_and_default_to_the_section():
    found = exercises(params(attacks={"mimicry": {}, "label_flip": {}}, rates=[0.2, 0, 0.2], batches=4))
    assert [(e.name, e.kind, e.rates, e.batches, e.poisoned_batches) for e in found] == [
        ("label_flip", "label_flip", (0, 0.2), 4, 1 / 3),
        ("mimicry", "mimicry", (0, 0.2), 4, 1 / 3),
    ]


def test_every_run_is_a_cell_and_the_first_ones_pass_the_gate():
    exercise = Exercise("label_flip", "label_flip", LabelFlip(), (0.1, 0.3), 6, 0.25)
    assert list(cells(params(rates=[0.1, 0.3], repetitions=1, retrainings=2, poisoned_batches=0.25))) == [
        Cell(exercise, 0.1, 0, True),
        Cell(exercise, 0.1, 1, False),
        Cell(exercise, 0.3, 0, True),
        Cell(exercise, 0.3, 1, False),
    ]


@pytest.mark.parametrize(
    ("attacks", "message"),
    [
        ({}, r"^params\.yaml: drill\.attacks: none is named; known: .*label_flip"),
        ({"flip": {}}, r"^params\.yaml: drill\.attacks\.flip: no such attack 'flip'; known: .*label_flip"),
        ({"a": {"attack": "b\n"}}, r"no such attack 'b\\n'"),
        (
            {"unit_error": {"ratse": [1]}},
            r"drill\.attacks\.unit_error: ratse: unknown key; known here: columns, factor",
        ),
        ({"unit_error": {"poisoned_batches": 0}}, r"unit_error: poisoned_batches: .*greater than 0"),
        ({"unit_error": {"rates": [2]}}, r"drill\.attacks\.unit_error: rates\.0: .*less than or equal to 1"),
    ],
)
def test_a_fault_names_the_key(attacks, message):
    with pytest.raises(PratiqueError, match=message):
        exercises(params(attacks=attacks))


def test_more_repetitions_than_retrainings_are_refused():
    with pytest.raises(ValueError, match="retrainings must not be below repetitions, which are 3"):
        params(repetitions=3, retrainings=2)


def test_a_name_is_fit_for_a_file():
    with pytest.raises(ValueError, match="should match pattern"):
        params(attacks={"../x": {}})


def test_poison_is_transferred_to_the_kinds_that_it_was_not_made_for():
    attacks = {"back_gradient": {}, "biggio_svm": {}, "label_flip": {}}
    found = exercises(params(attacks=attacks, transfer=["random_forest", "logistic_regression"]))
    assert [e.unseen for e in found] == [("random_forest",), ("random_forest", "logistic_regression"), ()]


@pytest.mark.parametrize("attack", ["label_flip", "back_gradient"])
def test_nothing_to_transfer_is_a_fault(attack):
    with pytest.raises(PratiqueError, match=r"drill\.transfer: none of .*; known: .*biggio_svm \(linear_svm\)"):
        exercises(params(attacks={attack: {}}, transfer=["logistic_regression"]))
