"""Empirical distributions: places among known values against binary searches, tail probabilities by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pratique.statistics.empirical import FEW_VALUES, SortedColumns, Sought, count_at_least, tail_probability

VALUES = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 1.0, 2.0])


def table(columns: int) -> st.SearchStrategy[np.ndarray]:
    """A few values in each of so many columns, most of them tied."""
    row = st.lists(VALUES, min_size=columns, max_size=columns)
    return st.lists(row, min_size=1, max_size=12).map(np.array)


@given(table(2), table(2))
def test_places_are_those_of_two_binary_searches(values, cells):
    known = SortedColumns(np.sort(values, axis=0))
    for found, side in zip(known.places(cells), ("left", "right"), strict=True):
        for column in range(2):
            assert (
                found[:, column].tolist() == np.searchsorted(known.values[:, column], cells[:, column], side).tolist()
            )
    for own, side in ((known.begins, "left"), (known.ends, "right")):
        for column in range(2):
            values = known.values[:, column]
            assert own[:, column].tolist() == np.searchsorted(values, values, side).tolist()


def test_equal_values_lie_beyond_and_a_new_value_counts_itself():
    """Of 1, 2, 2, 5: all reach 0.5, three reach 2, none reaches 6; shapes stay."""
    known = np.array([1.0, 2.0, 2.0, 5.0])
    asked = np.array([[0.5, 2.0], [5.0, 6.0]])
    assert count_at_least(known, asked).tolist() == [[4, 3], [1, 0]]
    np.testing.assert_allclose(tail_probability(known, asked), [[5 / 5, 4 / 5], [2 / 5, 1 / 5]])


@given(st.lists(VALUES, max_size=12), st.integers(0, 2**32), st.sampled_from([1, FEW_VALUES, FEW_VALUES + 1, 400]))
def test_many_values_are_counted_as_few_are(known, seed, count):
    values = np.random.default_rng(seed).choice([-np.inf, -1.0, 0.0, 0.25, 1.0, 3.0, np.nan], count)
    known = np.sort(np.array(known, float))
    sought = Sought.of(values)
    assert sought.count_below(known).tolist() == np.searchsorted(known, values, "left").tolist()
    assert sought.count_not_above(known).tolist() == np.searchsorted(known, values, "right").tolist()
