"""Mean shift against values computed by hand.

Length [1, 3] has mean 2 and std 1; petals [2, 6] have mean 4 and std 2.
"""

import numpy as np
import pyarrow as pa
import pytest
from pratique.attacks.mean_shift import MeanShift
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout


def test_mean_shift_adds_scale_times_std(make, cells):
    clean = make(length=[1.0, 3.0], petals=[2, 6], kind=["a", "b"])
    result = MeanShift(scale=0.75, share=1).poison(clean, 1, np.random.default_rng(0))
    assert list(result.rows) == [0], "the other row holds the highest of both columns"
    assert cells(result, "length") == [1.75, 3.0]
    assert cells(result, "petals") == [4, 6], "2 + 0.75 x 2 = 3.5, rounded half to even"
    assert cells(result, "kind") == ["a", "b"]


def test_mean_shift_stays_within_the_range_and_moves_the_cells_that_can(make, cells):
    clean = make(length=[1.0, 3.0, 2.0], petals=[6, 2, 4])
    result = MeanShift(scale=9, share=1).poison(clean, 1, np.random.default_rng(0))
    assert list(result.rows) == [0, 1, 2]
    assert cells(result, "length") == [3.0, 3.0, 3.0]
    assert cells(result, "petals") == [6, 6, 6]


def test_mean_shift_moves_whole_numbers_by_one_at_least(make, cells):
    clean = make(petals=["0"] * 9 + ["1"])
    result = MeanShift(scale=0.1).poison(clean, 0.2, np.random.default_rng(0))
    assert len(result.rows) == 2
    assert [cells(result, "petals")[row] for row in result.rows] == ["1", "1"]


def test_mean_shift_draws_the_columns_once_for_all_rows():
    names = [f"x{i}" for i in range(10)]
    rng = np.random.default_rng(0)
    columns = {name: rng.normal(size=50) for name in names} | {"x0": [1.0] * 50}
    clean = Batch("b", pa.table(columns), Layout("kind", dict.fromkeys(names, "real")))
    drawn = set()
    for seed in range(30):
        result = MeanShift().poison(clean, 0.5, np.random.default_rng(seed))
        moved = np.flatnonzero((result.batch.numeric != clean.numeric).any(axis=0))
        assert len(moved) == 3, "0.3 x 9 columns that vary = 2.7"
        drawn |= set(moved)
    assert drawn == set(range(1, 10))


def test_mean_shift_leaves_missing_and_unreadable_cells_as_written(make, cells):
    clean = make(length=["1.50", "", "n/a", "3.0"], kind=list("abab"))
    result = MeanShift(columns=("length",)).poison(clean, 1, np.random.default_rng(0))
    assert list(result.rows) == [0]
    assert cells(result, "length") == ["2.25", "", "n/a", "3.0"]


def test_mean_shift_names_a_column_that_is_no_number(make):
    with pytest.raises(PratiqueError, match="mean_shift: columns: 'colour' is no numeric feature; known: length"):
        MeanShift(columns=("colour",)).poison(make(kind=["a"]), 1, np.random.default_rng(0))
