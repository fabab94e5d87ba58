"""Row scores on one scale: conformal p-values and their sums, by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.statistics.conformal import TIE_BREAK, ConformalScore

FOUR = np.array([3.0, 1.0, 2.0, 4.0])
scores_of_rows = st.lists(st.integers(-40, 40), min_size=1, max_size=30).map(lambda scores: np.array(scores) / 8)


def test_a_new_row_is_counted_among_the_trusted_ones():
    p_values = ConformalScore.of(FOUR).p_values(np.array([0.0, 1.0, 1.5, 3.0, 4.0, 4.5, 1e300]))
    np.testing.assert_allclose(p_values, [5 / 5, 5 / 5, 4 / 5, 3 / 5, 2 / 5, 1 / 5, 1 / 5])


def test_ties_count_as_at_least_as_odd():
    surprise = ConformalScore.of(np.array([1.0, 2.0, 2.0, 2.0]))
    np.testing.assert_allclose(surprise.p_values(np.array([1.0, 2.0, 2.1])), [5 / 5, 4 / 5, 1 / 5])


def test_beyond_everything_seen_rows_are_ranked_by_a_hair():
    """Scores reach over 3; one of 7 is 3 beyond the highest, and so gets half of the hair."""
    got = ConformalScore.of(FOUR).scores(np.array([4.0, 4.5, 7.0, 1e300]))
    np.testing.assert_allclose(got, [math.log10(5 / 2), *(math.log10(5) + TIE_BREAK * np.array([0.5 / 3.5, 0.5, 1.0]))])


def test_trusted_rows_that_are_all_alike_still_rank_what_is_beyond():
    surprise = ConformalScore.of(np.zeros(9))
    np.testing.assert_allclose(surprise.scores(np.array([0.0, 1.0, 3.0])), [0, 1 + TIE_BREAK / 2, 1 + 0.75 * TIE_BREAK])


@given(scores_of_rows, scores_of_rows)
def test_a_higher_score_is_never_less_surprising(trusted, new):
    surprise = ConformalScore.of(trusted)
    beyond = trusted.max() + (np.ptp(trusted) + 1) * np.array([0.1, 1.0, 10.0])
    assert (np.diff(surprise.scores(beyond)) > 0).all()
    ordered = np.sort(np.concatenate([new, trusted, beyond, [1e300]]))
    got = surprise.scores(ordered)
    assert (np.diff(got) >= 0).all()
    assert (np.diff(surprise.p_values(ordered)) <= 0).all()
    assert got.min() >= 0
    assert got.max() == pytest.approx(math.log10(len(trusted) + 1) + TIE_BREAK)


@given(scores_of_rows)
def test_the_order_of_trusted_rows_does_not_matter(trusted):
    np.testing.assert_array_equal(
        ConformalScore.of(trusted).sorted_scores, ConformalScore.of(trusted[::-1]).sorted_scores
    )


def test_the_p_values_of_exchangeable_rows_are_uniform():
    """Whatever the distribution: at most a share t of new rows has a p-value of t or less."""
    rng = np.random.default_rng(4)
    p_values = np.concatenate(
        [ConformalScore.of(rng.lognormal(0, 2, 99)).p_values(rng.lognormal(0, 2, 20)) for _ in range(500)]
    )
    for level in (0.01, 0.05, 0.2, 0.5):
        assert (p_values <= level).mean() == pytest.approx(level, abs=0.15 * level + 0.002)
