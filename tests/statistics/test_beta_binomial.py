"""Chances of counts: by hand, against SciPy, and what is scaled down."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.statistics.beta_binomial import MOST_COUNTED_ROWS, count_log10_p
from scipy import stats


def log10_p(count: int, rows: int, hits: float, misses: float) -> float:
    return float(count_log10_p(*(np.array([each]) for each in (count, rows, hits, misses)))[0])


def test_two_rows_by_hand():
    """A rate with a uniform prior: E[r^2] = 1/3, 1 - E[(1 - r)^2] = 2/3."""
    assert log10_p(2, 2, 1.0, 1.0) == pytest.approx(np.log10(1 / 3))
    assert log10_p(1, 2, 1.0, 1.0) == pytest.approx(np.log10(2 / 3))
    assert log10_p(0, 2, 1.0, 1.0) == 0.0


@given(st.integers(1, 300), st.floats(0.1, 50), st.floats(0.5, 2000), st.data())
def test_it_is_the_tail_of_the_beta_binomial(rows, hits, misses, data):
    count = data.draw(st.integers(0, rows))
    expected = stats.betabinom.pmf(np.arange(count, rows + 1), rows, hits, misses).sum()
    assert 10 ** log10_p(count, rows, hits, misses) == pytest.approx(min(1.0, expected), rel=1e-6, abs=1e-250)


def test_a_tail_that_is_very_small_stays_exact():
    assert log10_p(200, 200, 0.5, 1000.5) == pytest.approx(
        float(stats.betabinom.logpmf(200, 200, 0.5, 1000.5)) / np.log(10)
    )


def test_more_rows_than_count_are_scaled_down():
    shares = [log10_p(rows // 10, rows, 50.5, 950.5) for rows in (MOST_COUNTED_ROWS, 50 * MOST_COUNTED_ROWS)]
    assert shares[0] == shares[1]
    assert -20 < shares[0] < -4


def test_many_values_are_taken_one_by_one():
    counts, rows, hits, misses = np.array([[3, 3, 5], [10, 10, 20], [0.5, 0.5, 3.5], [99.5, 99.5, 40.5]])
    one_by_one = [log10_p(*each) for each in zip(counts, rows, hits, misses, strict=True)]
    assert count_log10_p(counts, rows, hits, misses).tolist() == one_by_one
    assert count_log10_p(*np.zeros((4, 0))).tolist() == []
