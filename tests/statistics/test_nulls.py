"""Nulls: what clean rows do, against closed forms, other people's code and simulation."""

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.statistics import nulls
from pratique.statistics.nulls import (
    NULL_SIZES,
    SMALLEST_P,
    BetaBinomial,
    MomentNull,
    Pearson3,
    RateNull,
    add_unseen_row,
    fit_moments,
    fit_null_of_scores,
)
from scipy import stats

ALPHAS = (0.5, 0.05, 0.01, 1e-3, 1e-6)


def mean(scores: np.ndarray) -> np.ndarray:
    return scores.mean(axis=1)


def top_tenth(scores: np.ndarray) -> np.ndarray:
    """Mean of the highest tenth of the scores: a statistic that depends on the tail."""
    return np.sort(scores, axis=1)[:, -max(1, scores.shape[1] // 10) :].mean(axis=1)


@pytest.mark.parametrize("skew", [0.002, 0.1, 0.5, 1.0, 2.0, 5.0])
def test_the_tail_of_pearsons_third_type_is_scipys(skew):
    null = Pearson3(3.0, 2.0, skew)
    for statistic in (-1.0, 2.9, 3.0, 4.0, 9.0, 15.0, 33.0):
        expected = stats.pearson3.sf(statistic, skew, loc=3.0, scale=2.0)
        assert null.p_value(statistic) == pytest.approx(expected, rel=1e-6, abs=1e-14)
    for alpha in ALPHAS:
        expected = stats.pearson3.isf(alpha, skew, loc=3.0, scale=2.0)
        assert null.limit(alpha) == pytest.approx(expected, rel=1e-6)


def test_skew_two_is_the_exponential():
    """Shape 4 / 2^2 = 1: a standard exponential has mean 1, standard deviation 1, skew 2 and tail exp(-x)."""
    null = Pearson3(1.0, 1.0, 2.0)
    assert null.p_value(7.0) == pytest.approx(math.exp(-7), rel=1e-12)
    assert null.limit(math.exp(-7)) == pytest.approx(7.0, rel=1e-12)
    assert null.p_value(0.0) == null.p_value(-5.0) == 1.0


def test_skew_one_is_the_gamma_of_shape_four():
    null = Pearson3(4.0, 2.0, 1.0)
    expected = math.exp(-10) * (1 + 10 + 10**2 / 2 + 10**3 / 6)
    assert null.p_value(10.0) == pytest.approx(expected, rel=1e-12)


def test_no_skew_is_the_normal():
    null = Pearson3(10.0, 2.0, 0.0)
    assert null.p_value(10.0) == 0.5
    assert null.p_value(10 + 2 * 1.6448536269514722) == pytest.approx(0.05, rel=1e-12)
    assert null.limit(0.01) == pytest.approx(10 + 2 * 2.3263478740408408, rel=1e-12)


def test_a_left_skew_gets_the_normals_heavier_right_tail():
    left = Pearson3(0.0, 1.0, -2.0)
    assert left.p_value(3.0) == Pearson3(0.0, 1.0, 0.0).p_value(3.0)
    assert left.p_value(3.0) > stats.pearson3.sf(3.0, -2.0)
    assert left.limit(0.01) == Pearson3(0.0, 1.0, 0.0).limit(0.01)


@given(st.floats(-1e3, 1e3), st.floats(1e-3, 1e3), st.floats(-3, 3), st.floats(1e-12, 0.5), st.floats(0, 100))
def test_the_limit_is_where_the_p_value_is_alpha(centre, std, skew, alpha, step):
    null = Pearson3(centre, std, skew)
    limit = null.limit(alpha)
    assert null.p_value(limit) == pytest.approx(alpha, rel=1e-5)
    assert 0 < null.p_value(limit + step * std) <= null.p_value(limit) <= 1


def test_no_statistic_has_a_p_value_of_zero():
    assert Pearson3(0.0, 1.0, 0.0).p_value(1e308) == SMALLEST_P
    assert Pearson3(0.0, 1.0, 1.0).p_value(1e308) == SMALLEST_P
    assert 0 < BetaBinomial(0, 10_000, 10_000).p_value(1.0) < 1e-250


def test_a_null_that_is_no_number_passes_nothing():
    for null in (Pearson3(math.nan, 1.0, 0.0), Pearson3(0.0, math.nan, 1.0), Pearson3(0.0, 1.0, math.nan)):
        assert null.p_value(0.0) == SMALLEST_P


def test_one_row_after_one_good_row():
    """Jeffreys after 0 of 1: Beta(1/2, 3/2), whose mean 1/4 is the chance that the next row is broken."""
    null = BetaBinomial(hits=0, trusted=1, rows=1)
    assert null.p_value(0.0) == 1.0
    assert null.p_value(1.0) == pytest.approx(1 / 4, rel=1e-12)
    assert null.limit(0.3) == 1.0
    assert null.limit(0.2) == 2.0


def test_two_rows_after_one_good_row():
    """Both broken: 1/4, then (1/2 + 1) / (2 + 1) = 1/2; none broken: 3/4, then (3/2 + 1) / 3 = 5/6."""
    null = BetaBinomial(hits=0, trusted=1, rows=2)
    assert null.p_value(1.0) == pytest.approx(1 / 8, rel=1e-12)
    assert null.p_value(0.5) == pytest.approx(1 - 15 / 24, rel=1e-12)


def polya(hits: int, trusted: int, rows: int, count: int) -> Fraction:
    """The exact tail, from Polya's urn: each row that is drawn adds one of its own kind."""
    bad, good = Fraction(2 * hits + 1, 2), Fraction(2 * (trusted - hits) + 1, 2)
    chance = [Fraction(1)] + [Fraction(0)] * rows
    for drawn in range(rows):
        urn = bad + good + drawn
        for broken in range(drawn + 1, 0, -1):
            chance[broken] = (
                chance[broken] * (good + drawn - broken) / urn + chance[broken - 1] * (bad + broken - 1) / urn
            )
        chance[0] *= (good + drawn) / urn
    return sum(chance[count:], Fraction(0))


@pytest.mark.parametrize(("hits", "trusted"), [(0, 20), (3, 100), (0, 1000), (100, 100)])
def test_broken_rows_have_the_tail_of_polyas_urn_however_far_out(hits, trusted):
    rows = 60
    null = BetaBinomial(hits, trusted, rows)
    for count in (0, 1, 2, 5, 15, 30, 60):
        expected = float(polya(hits, trusted, rows, count))
        assert null.p_value(count / rows) == pytest.approx(expected, rel=1e-8)


@given(st.integers(0, 50), st.integers(1, 500), st.integers(1, 300), st.sampled_from([0.3, 0.01, 0.001, 1e-5]))
def test_the_limit_of_a_share_is_the_smallest_that_alarms(hits, trusted, rows, alpha):
    null = BetaBinomial(min(hits, trusted), trusted, rows)
    p_values = [null.p_value(count / rows) for count in range(rows + 1)]
    assert all(later <= earlier * (1 + 1e-9) for earlier, later in itertools.pairwise(p_values))  # sums of many terms
    first = next((count for count, p in enumerate(p_values) if p <= alpha), rows + 1)
    assert null.limit(alpha) == first / rows


def test_a_share_has_its_null_at_every_size():
    assert RateNull(2, 50).at(7) == BetaBinomial(2, 50, 7)


def test_scores_of_zero_and_one_are_a_share():
    assert fit_null_of_scores(np.array([0.0, 1, 1, 0, 0]), mean, np.random.default_rng(0)) == RateNull(2, 5)
    assert isinstance(fit_null_of_scores(np.array([0.0, 1, 0.5]), mean, np.random.default_rng(0)), MomentNull)


def test_the_null_of_a_mean_has_the_moments_of_sampling_twice():
    """Mean of n from m resampled scores: mean x-bar, variance s^2 (1/n + 1/m - 1/(n m)), by hand."""
    scores = np.random.default_rng(5).lognormal(0, 1, 150)
    null = fit_null_of_scores(scores, mean, np.random.default_rng(6))
    scores = add_unseen_row(scores)
    draws = 2000
    for rows in NULL_SIZES:
        sized = null.at(rows)
        std = scores.std() * math.sqrt(1 / rows + 1 / 151 - 1 / (151 * rows))
        assert sized.mean == pytest.approx(scores.mean(), abs=4 * std / math.sqrt(draws))
        assert sized.std == pytest.approx(std, rel=0.12)
        assert sized.skew > -0.1
    skew = float(stats.skew(scores))
    assert null.at(5).skew == pytest.approx(skew / math.sqrt(5), rel=0.25)


def test_equal_seeds_give_equal_nulls(monkeypatch):
    scores = np.random.default_rng(1).normal(size=40)
    monkeypatch.setattr(nulls, "NULL_DRAWS", 50)
    first, again, other = (fit_null_of_scores(scores, top_tenth, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.moments, again.moments)
    assert (first.moments != other.moments).any()


@pytest.mark.parametrize(
    ("draw", "most"),
    [
        (lambda rng, size: rng.gamma(4, size=size), 0.012),
        (lambda rng, size: rng.lognormal(0, 0.75, size), 0.012),  # without the row that nobody saw: 0.018
    ],
    ids=["skewed", "heavy tail"],
)
def test_clean_batches_alarm_about_as_often_as_promised(monkeypatch, draw, most):
    """Each reference is drawn anew: one that is known too well would hide what its own luck costs."""
    monkeypatch.setattr(nulls, "NULL_SIZES", (50,))
    monkeypatch.setattr(nulls, "NULL_DRAWS", 500)
    rng = np.random.default_rng(1)
    rates = []
    for _ in range(150):
        limit = fit_null_of_scores(draw(rng, 200), mean, rng).at(50).limit(0.01)
        rates.append((draw(rng, (2000, 50)).mean(axis=1) >= limit).mean())
    assert 0.004 <= np.mean(rates) <= most


def test_between_sizes_the_null_is_interpolated_in_the_logarithm():
    null = MomentNull(np.array([10, 1000]), np.array([[1.0, 4.0, 2.0], [3.0, 2.0, 0.0]]))
    assert null.at(10) == Pearson3(1.0, 4.0, 2.0)
    middle = null.at(100)
    assert (middle.mean, middle.std, middle.skew) == pytest.approx((2.0, 3.0, 1.0))
    assert null.at(1) == null.at(10)
    assert null.at(10**6) == null.at(1000) == Pearson3(3.0, 2.0, 0.0)


def test_samples_show_their_moments():
    null = fit_moments([5, 50], [np.array([0.0, 0.0, 0.0, 4.0]), np.array([1.0, 3.0])])
    assert null.sizes.tolist() == [5, 50]
    skew = (3 * (-1) ** 3 + 3**3) / 4 / 3**1.5
    np.testing.assert_allclose(null.moments, [[1.0, math.sqrt(3), skew], [2.0, 1.0, 0.0]])


def test_a_statistic_that_never_moves_still_has_a_null():
    sized = fit_moments([10], [np.full(50, 7.0)]).at(10)
    assert sized.std > 0
    assert sized.p_value(7.0) == pytest.approx(0.5)
    assert sized.p_value(7.001) < 1e-9
    assert sized.p_value(6.999) == pytest.approx(1.0)


def test_a_chance_is_never_rarer_than_it_says():
    """However narrow what pseudo-batches showed: of 200 that are all 0 nothing is learned about 1 in 1,000."""
    null = replace(fit_moments([10], [np.zeros(200)]), bounded_as="chance").at(10)
    assert null.p_value(3.0) == pytest.approx(1e-3)
    assert null.limit(1e-3) == pytest.approx(3.0)
    wide = replace(fit_moments([10], [np.linspace(0, 8, 200)]), bounded_as="chance").at(10)
    assert wide.p_value(3.0) > 0.1
    assert wide.limit(1e-3) > 8


def test_odds_are_never_rarer_than_a_hundredth_of_what_markov_allows():
    """Where the trusted rows happen to be all alike, half a nat is no evidence."""
    null = replace(fit_moments([10], [np.zeros(200)]), floor=0.0, bounded_as="odds").at(10)
    assert null.p_value(0.0) == 1.0
    assert null.p_value(0.5) == pytest.approx(math.exp(-0.5) / 100)
    assert null.limit(1e-3) == pytest.approx(math.log(10))
    assert null.p_value(null.limit(1e-3)) == pytest.approx(1e-3)
    assert null.p_value(-1e9) == 1.0
    assert null.p_value(1e9) == SMALLEST_P
    wide = replace(fit_moments([10], [np.linspace(0, 8, 200)]), bounded_as="odds").at(10)
    assert wide.p_value(3.0) > 0.1


def test_a_chance_that_is_no_evidence_is_no_p_value_above_one():
    null = Pearson3(-5.0, 0.1, 0.0, bounded_as="chance")
    assert null.p_value(-0.24) == 1.0
