"""A batch as a mixture: likelihood ratios by hand, shares that are known, nulls against simulation."""

import numpy as np
import pytest
from pratique.statistics import mixture
from pratique.statistics.mixture import (
    MIXTURE_SHARES,
    NATS_PER_ROW,
    TAIL_END,
    bets,
    draw_blocks,
    estimate_share,
    fit_null,
    fit_nulls_over_folds,
    largest_ratio,
    mean_odds,
    p_value_bet,
    posterior_log_odds,
    sum_terms,
)
from pratique.statistics.tail import SmoothTail


def likelihood_ratio(log_odds, cap=TAIL_END):
    return sum_terms(log_odds, cap).max(axis=-1)


def test_the_likelihood_ratio_of_two_rows_by_hand():
    """Odds 3 and 1/2: (1 + 2 pi)(1 - pi / 2) has its maximum over the shares at pi = .8, 2.6 x .6."""
    assert likelihood_ratio(np.log([3.0, 0.5]), cap=9.0) == pytest.approx(np.log(2.6 * 0.6))


def test_odds_are_capped():
    assert likelihood_ratio(np.array([50.0]), cap=2.0) == likelihood_ratio(np.array([2.0]), cap=2.0)
    assert likelihood_ratio(np.array([2.0]), cap=2.0) == pytest.approx(np.log1p(0.8 * np.expm1(2.0)))


def test_one_row_counts_no_more_than_its_share_of_the_evidence():
    assert likelihood_ratio(np.array([50.0])) == NATS_PER_ROW
    assert likelihood_ratio(np.array([50.0, 50.0])) == 2 * NATS_PER_ROW


def test_clean_rows_speak_for_the_smallest_share():
    clean = np.full(100, -2.0)
    assert likelihood_ratio(clean, cap=5.0) == pytest.approx(100 * np.log1p(MIXTURE_SHARES[0] * np.expm1(-2.0)))


def test_batches_are_taken_one_by_one():
    both = np.array([[1.0, -1.0, 0.5], [3.0, 2.0, -4.0]])
    assert likelihood_ratio(both, 5.0).tolist() == [likelihood_ratio(b, 5.0) for b in both]


def rows(count: int, poisoned: float, rng: np.random.Generator) -> np.ndarray:
    """Honest log odds: clean N(0, 1) against poisoned N(2, 1)."""
    x = rng.normal(2.0 * (rng.random(count) < poisoned), 1.0)
    return 2 * x - 2


@pytest.mark.parametrize("true", [0.0, 0.1, 0.5])
def test_the_share_is_found(true):
    rng = np.random.default_rng(3)
    found = [estimate_share(rows(500, true, rng)) for _ in range(60)]
    assert np.mean([f.estimate for f in found]) == pytest.approx(true, abs=0.02)
    assert np.mean([f.lowest <= true <= f.highest for f in found]) >= 0.83
    assert all(f.lowest <= f.estimate <= f.highest for f in found)


def test_the_posterior_adds_the_odds_of_the_share():
    np.testing.assert_allclose(posterior_log_odds(np.array([0.0, 1.0]), 0.2), np.array([0.0, 1.0]) + np.log(0.25))
    assert np.isfinite(posterior_log_odds(np.array([0.0]), 0.0)).all()
    assert np.isfinite(posterior_log_odds(np.array([0.0]), 1.0)).all()


@pytest.mark.parametrize("size", [20, 100, 1000])
def test_the_null_is_what_clean_batches_do(size):
    """With a reference so large that it hardly errs."""
    rng = np.random.default_rng(5)
    learned = fit_null(rows(4000, 0.0, rng), rng).at(size)
    drawn = [learned.p_value(float(likelihood_ratio(rows(size, 0.0, rng)))) for _ in range(1500)]
    for level in (0.01, 0.05, 0.5):
        assert (np.array(drawn) <= level).mean() <= 1.6 * level + 0.004
    assert (np.array(drawn) <= 0.2).mean() >= 0.05  # nor much rarer than promised


def test_what_speaks_against_poison_is_no_evidence_however_narrow_the_null():
    """Rows that nothing tells apart: all their odds are below one, and nearly the same."""
    scores = np.random.default_rng(8).normal(-1.0, 1e-6, 300)
    learned = fit_null(scores, np.random.default_rng(9)).at(30)
    batch = float(likelihood_ratio(np.full(30, -0.9), 5.7))
    assert batch < 0
    assert learned.p_value(batch) == 1.0
    assert learned.limit(0.01) == 0.0


def test_a_small_reference_widens_the_null():
    """The same scores, known from 60 rows or from 6,000."""
    rng = np.random.default_rng(6)
    scores = rows(60, 0.0, rng)
    few, many = (fit_null(s, rng).at(5000) for s in (scores, np.tile(scores, 100)))
    assert few.std > 3 * many.std


def test_a_bet_wins_nothing_on_clean_rows_and_much_on_poisoned_ones():
    rng = np.random.default_rng(7)
    expected = mean_odds(rows(1000, 0.0, rng))
    clean = np.array([bets(rows(20, 0.0, rng), expected) for _ in range(4000)])
    assert (np.exp(clean).mean(axis=0) <= 1.02).all()
    poisoned = np.array([bets(rows(20, 0.1, rng), expected) for _ in range(400)])
    assert poisoned.mean(axis=0).max() > 0.3


def test_the_mean_odds_are_a_bound():
    assert mean_odds(np.zeros(10)) == pytest.approx(1.0)
    assert mean_odds(np.array([0.0, np.log(3.0)])) == pytest.approx(2 + 1.645 / np.sqrt(2))
    assert mean_odds(np.full(9, 99.0)) == pytest.approx(np.exp(mixture.STREAM_CAP))


def test_one_row_of_a_small_batch_can_be_enough():
    """29 rows beside 137 trusted ones, one of them far odder than any."""
    rng = np.random.default_rng(8)
    trusted, batch = rows(137, 0.0, rng), rows(29, 0.0, rng)
    batch[0] = 9.0
    assert fit_null(trusted, rng).at(29).p_value(float(likelihood_ratio(batch))) < 0.005  # what the budget gives it


def test_a_handful_of_rows_widens_the_null():
    """Of 50 rows it is twice as wide as its draws are; of 100 or more as wide."""
    rng = np.random.default_rng(9)
    for count, wider in ((50, 2.0), (100, 1.0), (400, 1.0)):
        scores = rows(count, 0.0, rng)
        clean = SmoothTail.of(scores, TAIL_END)
        chances = clean.draw(2000, rng)
        draws = [likelihood_ratio(rng.choice(clean.values, 20, p=c / c.sum())) for c in chances]
        assert fit_null(scores, rng).at(20).std == pytest.approx(wider * np.std(draws), rel=0.15)


def test_the_null_over_folds_is_that_of_batches():
    """Three folds that say nearly the same of rows: the mean ratio of simulated batches, against what is learned."""
    rng = np.random.default_rng(11)

    def folds(count: int) -> np.ndarray:
        return rows(count, 0.0, rng) + rng.normal(0, 0.3, (3, count))

    learned = fit_nulls_over_folds([folds(4000)], 1000, rng)[0].at(100)
    ratios = np.array([float(largest_ratio(sum_terms(folds(100)))) for _ in range(2000)])
    assert learned.mean == pytest.approx(ratios.mean(), abs=0.25)
    assert learned.std == pytest.approx(ratios.std(), rel=0.25)  # so many rows know their tail only so well


def test_folds_that_disagree_make_no_evidence():
    """One fold finds every row a little odd, the other finds each as little odd as that: together they say nothing."""
    disagreeing = np.array([np.full(100, 0.3), np.full(100, -0.3)])
    dealt = float(likelihood_ratio(disagreeing[np.arange(100) % 2, np.arange(100)]))
    assert float(largest_ratio(sum_terms(disagreeing))) == pytest.approx(dealt)
    assert np.mean([likelihood_ratio(fold) for fold in disagreeing]) > dealt + 5


def test_rows_that_move_together_in_time_have_a_wider_null():
    rng = np.random.default_rng(12)
    slow = np.repeat(rng.normal(-1, 2, 40), 50)[None]
    alone, blocks = (
        fit_nulls_over_folds([slow], 1000, np.random.default_rng(1), each)[0].at(50) for each in (False, True)
    )
    assert blocks.std > 2 * alone.std


def test_an_order_that_says_nothing_makes_no_null_narrower():
    """Blocks alone would leave out that so many rows know their own distribution only so well."""
    rng = np.random.default_rng(14)
    for _ in range(3):
        shuffled = rows(200, 0.0, rng)[None]
        alone, ordered = (
            fit_nulls_over_folds([shuffled], 1000, np.random.default_rng(1), each)[0].at(100) for each in (False, True)
        )
        assert ordered.limit(0.01) > alone.limit(0.01) - 0.25


def test_blocks_are_consecutive_and_as_long_as_the_batch():
    rng = np.random.default_rng(13)
    short, long = draw_blocks(100, 10, 50, rng), draw_blocks(100, 135, 50, rng)
    assert set(short.sum(axis=1)) == {10.0}
    assert all(set(np.diff(np.flatnonzero(counts))) == {1} for counts in short)
    assert set(long.sum(axis=1)) == {135.0}


def test_a_bet_on_valid_p_values_wins_nothing_on_average():
    p = (np.arange(200_000) + 0.5) / 200_000
    assert np.exp([p_value_bet(each) for each in p]).mean() == pytest.approx(1.0, abs=0.08)
    assert np.exp(p_value_bet(1.0)) == pytest.approx(0.5)
    assert p_value_bet(1e-6) > np.log(4000)
