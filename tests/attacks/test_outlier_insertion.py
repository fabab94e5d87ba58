"""Outlier insertion against values computed by hand."""

import numpy as np
import pytest
from pratique.attacks.outlier_insertion import OutlierInsertion
from pydantic import ValidationError


def test_outliers_lie_low_to_high_standard_deviations_out(make, cells, script):
    clean = make(length=[1.0, 3.0], petals=[2, 6], colour=["red", "blue"], kind=["a", "b"])
    draws = script(choice=[[1], [[1, -1]]], uniform=[[[3.5, 5.2]]], integers=[[1]])
    result = OutlierInsertion().poison(clean, 0.5, draws)
    assert list(result.rows) == [1]
    assert list(result.origin) == [0, -1, 1]
    assert cells(result, "length") == [1.0, 2 + 3.5, 3.0]
    assert cells(result, "petals") == [2, -7, 6], "4 - 5.2 x 2 = -6.4, rounded away from the mean"
    assert cells(result, "colour") == ["red", "blue", "blue"]
    assert cells(result, "kind") == ["a", "b", "b"]


@pytest.mark.parametrize(("low", "high"), [(3, 6), (10, 10)])
def test_outliers_keep_their_distance_in_every_column(make, low, high):
    rng = np.random.default_rng(0)
    clean = make(length=rng.normal(5, 2, 200), petals=rng.integers(0, 50, 200))
    result = OutlierInsertion(low=low, high=high).poison(clean, 0.5, rng)
    step = np.array([0, 1])
    away = abs(result.batch.numeric[result.rows] - clean.numeric.mean(axis=0))
    std = clean.numeric.std(axis=0)
    assert (away >= low * std - 1e-9).all()
    assert (away <= high * std + step + 1e-9).all()


def test_outliers_leave_what_is_no_feature_missing(make, cells):
    clean = make(id=["7", "8"], length=["1.50", "2"], colour=[None, None], kind=["a", "a"])
    result = OutlierInsertion().poison(clean, 0.5, np.random.default_rng(0))
    (row,) = result.rows
    assert [cells(result, name)[row] for name in ("id", "colour", "kind")] == [None, None, "a"]
    assert sorted(cells(result, "id"), key=str) == ["7", "8", None]


def test_outliers_keep_a_constant_column_and_whole_numbers_in_text(make, cells):
    clean = make(length=["0.1"] * 3, petals=["2", "4", "9"])
    result = OutlierInsertion().poison(clean, 1, np.random.default_rng(0))
    assert set(cells(result, "length")) == {"0.1"}
    assert not result.batch.columns["petals"].unreadable.any()
    assert not any("." in cell for cell in cells(result, "petals"))


def test_outliers_refuse_a_range_upside_down():
    with pytest.raises(ValidationError, match="low must not be above high"):
        OutlierInsertion(low=6, high=3)
