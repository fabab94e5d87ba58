"""The fusion: weights, draws, the line to honest odds, and that it keeps."""

import numpy as np
import pytest
from pratique.contract.finding import Finding, RowScores
from pratique.core.frozen import freeze, thaw
from pratique.detector.fusion import (
    POISONED_PER_CLEAN,
    TRUSTED_TYPES,
    Fusion,
    balance_by_drawing,
    balance_weights,
    fit_platt_line,
)
from pratique.detector.signals import SignalRarity, SignalRows, collect_signals, stack_signals

OWN = [f"pratique.detector.fusion.{name}" for name in ("Fusion", "LinearScorer")]


@pytest.fixture(scope="module")
def measured() -> SignalRows:
    """Two simulations; the second moves the first signal, the first the second."""
    rng = np.random.default_rng(1)
    groups = np.repeat([-1, 0, 4], [300, 500, 100])
    signals = rng.normal(size=(900, 3)) + 2.0 * np.column_stack([groups == 4, groups == 0, np.zeros(900)])
    return SignalRows(signals.astype(np.float32), groups)


def test_clean_and_poisoned_weigh_the_same_and_so_do_simulations(measured):
    weights = balance_weights(measured.groups)
    assert [weights[measured.groups == g].sum() for g in (-1, 0, 4)] == pytest.approx([450, 225, 225])


def test_a_draw_keeps_clean_rows_and_as_many_of_each_simulation(measured):
    got = balance_by_drawing(measured, np.random.default_rng(0))
    counts = [int((got.groups == g).sum()) for g in (-1, 0, 4)]
    assert counts == [300, POISONED_PER_CLEAN * 300 // 2, 100]


@pytest.fixture(scope="module")
def rarity(measured) -> SignalRarity:
    return SignalRarity.of(measured.signals[measured.groups < 0])


def test_poisoned_rows_get_higher_odds_than_new_clean_ones(measured, rarity):
    fusion = Fusion.train(measured, rarity, 0)
    new = np.random.default_rng(2).normal(size=(300, 3)).astype(np.float32)
    clean = fusion.log_odds(rarity.rate(new))
    for shifted in (0, 1):
        moved = new + 2 * np.eye(3, dtype=np.float32)[shifted]
        assert (fusion.log_odds(rarity.rate(moved))[:, None] > clean).mean() > 0.75


def test_the_line_makes_odds_honest():
    """Scores twice as large as they should be, and off by 3."""
    rng = np.random.default_rng(3)
    groups = np.repeat([-1, 0], [6000, 6000])
    x = rng.normal(2.0 * (groups >= 0), 1.0)
    slope, intercept = fit_platt_line(2 * (2 * x - 2) + 3, groups)
    assert (slope, intercept) == (pytest.approx(0.5, rel=0.1), pytest.approx(-1.5, rel=0.15))


def test_a_line_never_turns_the_order_round():
    assert fit_platt_line(np.array([1.0, 2.0, -1.0, -2.0]), np.array([-1, -1, 0, 0]))[0] == 0


def test_signals_are_named_by_check_and_missing_ones_are_missing():
    findings = {
        "labels": RowScores(np.array([1.0, 2.0]), "x", {"entropy": np.array([3.0, 4.0])}).finding(2),
        "shift": Finding(0.0, "x"),
    }
    got = collect_signals(findings)
    assert list(got) == ["labels", "labels.entropy"]
    np.testing.assert_array_equal(
        stack_signals(got, ["labels.entropy", "losses", "labels"]), [[3, np.nan, 1], [4, np.nan, 2]]
    )


def test_it_is_kept_in_equal_bytes_and_weighs_the_same(measured, rarity, tmp_path):
    fusion = Fusion.train(measured, rarity, 0).recalibrate(0.5, 1.0)
    for name, made in (("a", fusion), ("b", Fusion.train(measured, rarity, 0).recalibrate(0.5, 1.0))):
        freeze(tmp_path / name, made)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    again = thaw(tmp_path / "a", {*OWN, *TRUSTED_TYPES})
    rated = rarity.rate(measured.signals)
    np.testing.assert_array_equal(again.log_odds(rated), fusion.log_odds(rated))


def test_rows_that_every_fold_measures_nearly_alike_are_equally_common():
    """Nine in ten rows have one value, which each of five folds measures slightly otherwise."""
    rng = np.random.default_rng(4)
    folds = np.repeat(np.arange(5), 100)
    column = np.where(rng.random(500) < 0.9, 0.01 * folds, 2 + rng.random(500))
    rarity = SignalRarity.of(column[:, None].astype(np.float32))
    for value in (0.0, 0.02, 0.04):
        above, below, distance = rarity.rate(np.array([[value]], np.float32)).complete_features[0]
        assert above == pytest.approx(0.0, abs=0.01)
        assert below == pytest.approx(-np.log(0.9), abs=0.05)
        assert abs(distance) < 0.1
    assert rarity.rate(np.array([[2.95]], np.float32)).complete_features[0][0] > 2


def test_what_some_trusted_rows_lack_is_counted_among_those_that_have_it():
    rng = np.random.default_rng(5)
    whole = rng.normal(size=(400, 1)).astype(np.float32)
    gaps = np.vstack([whole, np.full((100, 1), np.nan, np.float32)])
    asked = np.array([[-3.0], [0.0], [3.0], [np.nan]], np.float32)
    np.testing.assert_array_equal(
        SignalRarity.of(gaps).rate(asked).features, SignalRarity.of(whole).rate(asked).features
    )
    nobody = SignalRarity.of(np.full((50, 1), np.nan, np.float32))
    assert not nobody.rate(np.array([[np.nan], [0.0]], np.float32)).complete_features.any()
