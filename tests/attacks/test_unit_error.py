"""Unit errors against values computed by hand."""

import numpy as np
import pytest
from pratique.attacks.unit_error import UnitError
from pratique.core.errors import PratiqueError
from pydantic import ValidationError


def test_unit_error_multiplies_the_named_column(make, cells):
    clean = make(length=["1.50", "", "x", "0", "-2"], petals=["3", "4", "5", "6", "7"])
    result = UnitError(columns=("length",)).poison(clean, 1, np.random.default_rng(0))
    assert list(result.rows) == [0, 4], "nothing, no number and zero are the same in every unit"
    assert cells(result, "length") == ["15", "", "x", "0", "-20"]
    assert cells(result, "petals") == ["3", "4", "5", "6", "7"]


def test_unit_error_rounds_whole_numbers(make, cells):
    clean = make(petals=[17, 4, 0, 60])
    result = UnitError(factor=0.1).poison(clean, 1, np.random.default_rng(0))
    assert cells(result, "petals") == [2, 0, 0, 6]
    assert list(result.rows) == [0, 1, 3]


def test_unit_error_draws_one_varying_column_with_enough_rows_that_change(make):
    clean = make(length=[0.0, 0.0, 1.0, 2.0], petals=[1, 2, 3, 4])
    for rate, columns in ((0.5, {0, 1}), (0.75, {1}), (1, {1})):
        hit = set()
        for seed in range(20):
            result = UnitError().poison(clean, rate, np.random.default_rng(seed))
            moved = np.flatnonzero((result.batch.numeric != clean.numeric).any(axis=0))
            assert len(moved) == 1
            assert len(result.rows) == 4 * rate
            hit |= set(moved)
        assert hit == columns


def test_unit_error_passes_over_a_constant_column(make, cells):
    clean = make(length=[5.0] * 4, petals=[0, 0, 0, 1])
    result = UnitError().poison(clean, 1, np.random.default_rng(0))
    assert cells(result, "length") == [5.0] * 4
    assert cells(result, "petals") == [0, 0, 0, 10]


def test_unit_error_leaves_what_would_not_fit(make, cells):
    clean = make(length=[1e308, 1.0], petals=[2**53 - 1, 1])
    result = UnitError(columns=("length", "petals")).poison(clean, 1, np.random.default_rng(0))
    assert list(result.rows) == [1]
    assert cells(result, "length") == [1e308, 10.0]
    assert cells(result, "petals") == [2**53 - 1, 10]


def test_unit_error_refuses_what_it_cannot_do(make):
    with pytest.raises(ValidationError, match="factor must not be 1, which changes nothing"):
        UnitError(factor=1)
    with pytest.raises(PratiqueError, match="unit_error: columns: 'kind' is no numeric feature"):
        UnitError(columns=("kind",)).poison(make(kind=["a"]), 1, np.random.default_rng(0))
