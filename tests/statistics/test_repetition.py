"""How often rows equal one another by chance: by hand, and held to batches that are drawn."""

import numpy as np
import pytest
from pratique.statistics.repetition import Repetition
from scipy import stats


def test_pairs_of_unseen_rows_by_hand():
    """Three values stand there once, two twice, one three times: of 3 x 3 / 2 pairs two are equal."""
    seen = Repetition.of_unseen(np.array([1, 2, 3, 4, 4, 5, 5, 6, 6, 6], np.uint64))
    assert seen == Repetition(2.0, 4.5)
    assert seen + Repetition.within(10, 8) == Repetition(4.0, 54.5)
    assert Repetition(2.0, 300.0).rate == pytest.approx(0.01)
    assert Repetition.of_unseen(np.zeros(0, np.uint64)).rate == 1.0


def test_the_chance_is_that_of_a_beta_binomial_variable():
    known = Repetition(3.0, 4000.0)
    q = 1 - np.exp(-100 * 4 / 4000)
    exact = stats.betabinom.sf(4, 20, 4, 4 * (1 - q) / q)
    assert known.p_value(5, 20, 100) == pytest.approx(exact)
    assert known.p_value(0, 20, 100) == pytest.approx(1.0)
    assert 0 < known.p_value(20, 20, 100) < known.p_value(10, 20, 100)


def test_where_rows_never_repeat_a_few_are_enough_and_where_they_always_do_none_are():
    assert Repetition.of_unseen(np.arange(1000, dtype=np.uint64)).p_value(5, 20, 100) < 1e-9
    assert Repetition.of_unseen(np.repeat(np.arange(9, dtype=np.uint64), 100)).p_value(20, 20, 100) > 0.01


@pytest.mark.parametrize("values", [300, 3000, 100_000])
def test_rows_that_repeat_honestly_are_no_news(values):
    """Values as unequal as words are (Zipf): p-values of fresh pairs of batches are not too small."""
    rng = np.random.default_rng(4)
    weights = 1 / np.arange(1, values + 1)
    draw = lambda count: rng.choice(values, count, p=weights / weights.sum()).astype(np.uint64)  # noqa: E731
    found = []
    for _ in range(300):
        trusted, mine, theirs = draw(1000), draw(100), draw(100)
        mine, theirs = (np.setdiff1d(rows, trusted) for rows in (mine, theirs))
        shared = len(np.intersect1d(mine, theirs))
        if len(mine):
            found.append(Repetition.of_unseen(trusted).p_value(shared, len(mine), len(theirs)))
    assert np.mean(np.array(found) < 0.01) <= 0.02
    assert min(found, default=1.0) > 1e-5
