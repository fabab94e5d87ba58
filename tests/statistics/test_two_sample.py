"""The Kolmogorov-Smirnov test of many columns at once, against its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.statistics.empirical import SortedColumns
from pratique.statistics.two_sample import ks_log10_p, kullback_leibler
from scipy.special import kolmogorov

VALUES = st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 1.0, 2.0])


def table(columns: int) -> st.SearchStrategy[np.ndarray]:
    """A few values in each of so many columns, most of them tied."""
    row = st.lists(VALUES, min_size=columns, max_size=columns)
    return st.lists(row, min_size=1, max_size=12).map(np.array)


@given(table(3), table(3))
def test_every_column_has_its_largest_gap_and_stephens_p_value(reference, batch):
    known = np.sort(reference, axis=0)
    found = ks_log10_p(SortedColumns(known), SortedColumns(np.sort(batch, axis=0)))
    m, n = len(reference), len(batch)
    for column, p_value in enumerate(found):
        here, there = reference[:, column], batch[:, column]
        gap = max(abs((here <= value).mean() - (there <= value).mean()) for value in (*here, *there))
        root = np.sqrt(m * n / (m + n))
        x = gap * (root + 0.12 + 0.11 / root)
        assert p_value == pytest.approx(np.log10(kolmogorov(x)), abs=1e-9)


def test_a_p_value_that_underflows_keeps_its_logarithm():
    """One term of the series, 2 exp(-2 x^2), by hand: sqrt(mn / (m + n)) = 100, gap 1, x = 100.1211."""
    reference, batch = SortedColumns(np.zeros((20_000, 1))), SortedColumns(np.ones((20_000, 1)))
    x = 100 + 0.12 + 0.11 / 100
    assert ks_log10_p(reference, batch) == pytest.approx((np.log(2) - 2 * x**2) / np.log(10))
    assert ks_log10_p(reference, batch) < -8000


def test_the_divergence_of_numbers_that_have_all_moved_into_the_last_decile():
    """One number in each of ten bins before, all ten in the last one after; one is added to each bin, by hand."""
    before = np.arange(10.0)
    expected = 9 * (1 / 20) * np.log((1 / 20) / (2 / 20)) + (11 / 20) * np.log((11 / 20) / (2 / 20))
    assert kullback_leibler(before, np.full(10, 99.0)) == pytest.approx(expected)
    assert kullback_leibler(before, before[::-1]) == 0
    assert np.isnan(kullback_leibler(before, np.zeros(0)))


def test_the_divergence_is_not_symmetric():
    here, there = np.array([0.0, 0, 0, 1, 2]), np.array([2.0, 2, 2, 2, 1])
    assert kullback_leibler(here, there) != pytest.approx(kullback_leibler(there, here))
