"""What attacks share, against values computed by hand."""

import numpy as np
import pytest
from pratique.contract.attack import choose_rows, count_poisoned, overwrite_cells, whole_numbers


@pytest.mark.parametrize(("rate", "rows"), [(0, 0), (0.04, 0), (0.05, 1), (0.14, 1), (0.15, 2), (1, 10)])
def test_budget_rounds_half_up(make, rate, rows):
    assert count_poisoned(make(kind=["a"] * 10), rate) == rows


def test_choose_takes_all_where_fewer_are_eligible():
    assert list(choose_rows(np.array([5, 2, 9]), 7, np.random.default_rng(0))) == [2, 5, 9]


def test_whole_numbers_by_layout_or_by_type(make):
    assert whole_numbers(make(length=[1, 2], petals=[1.0, 2.0])) == ("length", "petals")
    assert whole_numbers(make(length=[1.5, 2], petals=["1", "2"])) == ("petals",)


def test_changed_writes_whole_numbers_of_any_size_into_a_column_of_floats(make, cells):
    result = overwrite_cells(make(petals=[1.0, 2.0]), np.array([1]), {"petals": np.array([2.0**60])})
    assert cells(result, "petals") == [1.0, 2.0**60]


def test_changed_writes_the_cells_given_and_no_other(make):
    clean = make(id=["x", "y", "z"], petals=["7.0", "007", "8"], kind=["a", "b", None])
    result = overwrite_cells(
        clean, np.array([0, 2]), {"petals": np.array([np.nan, 5.0]), "length": np.array([1.0, 2.0])}
    )
    assert result.batch.table.to_pydict() == {
        "id": ["x", "y", "z"],
        "petals": ["7.0", "007", "5"],
        "kind": ["a", "b", None],
    }
    assert clean.table["petals"].to_pylist() == ["7.0", "007", "8"]
