"""Bets on flipped labels."""

import numpy as np
import pytest
from pratique.contract.discovery import check_names, load_check
from pratique.detector.calibrated import CalibratedCheck
from pratique.detector.flip_odds import FlipOdds, log_odds
from pratique.statistics import mixture
from pratique.statistics.conformal import ConformalScore
from pratique.statistics.nulls import RateNull


def learned(losses: np.ndarray, classes: int) -> FlipOdds | None:
    return FlipOdds.fit({"losses": CalibratedCheck((), RateNull(0, 1), ConformalScore.of(losses))}, classes)


def test_the_odds_are_those_of_a_label_replaced_by_any_other():
    odds = np.exp(log_odds(-np.log([0.8, 0.5, 1e-3]), 1))
    np.testing.assert_allclose(odds, [0.25, 1.0, 999.0])
    assert np.exp(log_odds(-np.log(np.array([0.5])), 2)) == pytest.approx(0.5)
    assert np.isfinite(log_odds(np.zeros(1), 1)).all()


@pytest.mark.parametrize("classes", [2, 4])
def test_a_bet_is_fair_where_labels_are_true_and_wins_where_they_are_flipped(classes):
    """Labels are drawn by the very probabilities that the losses are made of."""
    rng = np.random.default_rng(classes)
    p = rng.dirichlet(np.full(classes, 0.3), 6000)
    own = np.array([rng.choice(classes, p=row) for row in p])
    loss = -np.log(np.maximum(p[np.arange(6000), own], 1e-12))
    flipped = -np.log(np.maximum(p[np.arange(6000), (own + 1) % classes], 1e-12))
    bet = learned(loss[:3000], classes)
    single = np.exp([bet.bets(each) for each in loss[3000:, None]])
    assert (single.mean(axis=0) < 1.02).all()
    dirty = np.array([bet.bets(np.append(loss[3000 + 12 * k : 3018 + 12 * k], flipped[k : k + 2])) for k in range(250)])
    assert dirty.mean(axis=0).max() > 0.5


def test_a_batch_without_losses_wins_and_loses_nothing():
    assert learned(np.full(30, 0.1), 2).bets(None) == [0.0] * len(mixture.STREAM_SHARES)


def test_nothing_can_be_bet_on_where_there_is_one_class_or_no_probability():
    assert learned(np.full(30, 0.1), 1) is None
    assert FlipOdds.fit({"outliers": CalibratedCheck((), RateNull(0, 1), ConformalScore.of(np.ones(30)))}, 2) is None


def test_one_check_gives_labels_a_probability():
    assert [name for name in check_names() if getattr(load_check(name), "label_likelihood", False)] == ["losses"]
