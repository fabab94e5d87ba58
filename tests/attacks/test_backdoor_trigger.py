"""Backdoor triggers against values computed by hand."""

import numpy as np
import pyarrow as pa
import pytest
from pratique.attacks.backdoor_trigger import BackdoorTrigger
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pydantic import ValidationError


def test_backdoor_stamps_the_columns_and_relabels_to_the_target(make, cells):
    clean = make(length=["1.5", "2.5", "x"], petals=["1", "2", "3"], kind=["a", "b", "b"])
    attack = BackdoorTrigger(columns=("petals",), value=9, target="a")
    result = attack.poison(clean, 1, np.random.default_rng(0))
    assert list(result.rows) == [1, 2]
    assert cells(result, "petals") == ["1", "9", "9"]
    assert cells(result, "kind") == ["a", "a", "a"]
    assert cells(result, "length") == ["1.5", "2.5", "x"]


def test_backdoor_defaults_to_high_values_of_the_last_varying_columns_and_the_rarest_class(cells, script):
    names = [f"x{i}" for i in range(6)]
    layout = Layout("kind", dict.fromkeys(names, "integer"))
    columns = {name: [i * 10 + j for j in range(100)] for i, name in enumerate(names)}
    columns["x4"] = [5] * 100
    clean = Batch("b", pa.table({**columns, "kind": ["c"] * 60 + ["b"] * 20 + ["a"] * 20}), layout)
    result = BackdoorTrigger().poison(clean, 0.01, script(choice=[[3]]))
    assert [cells(result, name)[3] for name in names] == [3, 13, 20 + 97, 30 + 97, 5, 50 + 97]
    assert cells(result, "kind")[3] == "a"


def test_backdoor_beyond_lies_standard_deviations_above_the_highest_and_is_rounded_up(make, cells):
    clean = make(length=[1.0, 3.0], petals=[2, 5], kind=["a", "b"])
    result = BackdoorTrigger(beyond=1.5, target="a").poison(clean, 0.5, np.random.default_rng(0))
    assert cells(result, "length") == [1.0, 3 + 1.5 * 1]
    assert cells(result, "petals") == [2, 8], "5 + 1.5 x 1.5 = 7.25"
    with pytest.raises(ValidationError, match="value and beyond must not both be set"):
        BackdoorTrigger(beyond=1, value=1)


def test_backdoor_never_takes_a_row_of_the_target_or_without_label(make, cells):
    clean = make(petals=[1, 2, 3, 4], kind=["a", None, "b", "c"])
    result = BackdoorTrigger(target="b").poison(clean, 1, np.random.default_rng(0))
    assert list(result.rows) == [0, 3]
    assert cells(result, "kind") == ["b", None, "b", "b"]


def test_backdoor_names_a_column_that_is_no_number(make):
    with pytest.raises(PratiqueError, match="'colour' is no numeric feature; known: length, petals"):
        BackdoorTrigger(columns=("colour",)).poison(make(kind=["a"]), 1, np.random.default_rng(0))


def test_backdoor_refuses_a_target_that_the_label_column_cannot_hold(make):
    clean = make(petals=[1, 2], kind=[0, 1])
    with pytest.raises(PratiqueError, match="garden/week-1: column 'kind'"):
        BackdoorTrigger(target="zero").poison(clean, 1, np.random.default_rng(0))
