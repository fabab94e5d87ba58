"""Paired intervals: what they are of numbers that can be worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.statistics.resampling import PAIRED_DRAWS, Estimate, resample


def share(right):
    """Of one training after the other, bool of shape (trainings, rows)."""
    return lambda weights: {"share": right.astype(float) @ weights.T / weights.sum(axis=1)}


def test_the_figure_itself_is_of_all_rows_and_trainings():
    right = np.array([[True, True, False, False], [True, False, False, False]])
    draws = resample(share(right), 4, 2, seed=0)["share"]
    assert draws.shape == (1 + PAIRED_DRAWS,)
    assert draws[0] == pytest.approx(3 / 8)


def test_the_interval_of_a_share_is_as_wide_as_the_binomial_s():
    right = np.arange(400)[None] < 300
    found = Estimate.of(resample(share(right), 400, 1, seed=0)["share"])
    spread = 1.96 * np.sqrt(0.75 * 0.25 / 400)
    assert found.value == 0.75
    assert (found.value - found.low, found.high - found.value) == pytest.approx((spread, spread), rel=0.12)


def test_equal_models_differ_by_nothing_in_every_sample():
    right = np.random.default_rng(0).random((3, 50)) < 0.7
    first, second = (resample(share(right), 50, 3, seed=1)["share"] for _ in range(2))
    found = Estimate.of(first - second)
    assert (found.value, found.low, found.high) == (0, 0, 0)
    assert found.within_chance


def test_a_paired_difference_is_narrower_than_an_unpaired_one():
    base = np.random.default_rng(0).random(500) < 0.8
    better = base | (np.arange(500) < 20)
    draws = {
        name: resample(share(right[None]), 500, 1, seed=3)["share"] for name, right in (("a", base), ("b", better))
    }
    paired = Estimate.of(draws["b"] - draws["a"])
    assert 0 < paired.low < paired.high < 0.03
    assert not paired.within_chance


def test_trainings_that_differ_widen_the_interval():
    rows = np.arange(2000) % 10 < 8
    alike, apart = np.array([rows, rows]), np.array([rows | True, rows & False])
    narrow, wide = (Estimate.of(resample(share(right), 2000, 2, seed=0)["share"]) for right in (alike, apart))
    assert wide.high - wide.low > 5 * (narrow.high - narrow.low)


def test_many_rows_are_weighed_in_blocks_that_give_the_same(monkeypatch):
    right = np.random.default_rng(0).random((2, 60)) < 0.6
    whole = resample(share(right), 60, 2, seed=5)["share"]
    monkeypatch.setattr("pratique.statistics.resampling.MOST_CELLS_AT_ONCE", 60 * 7)
    assert np.array_equal(resample(share(right), 60, 2, seed=5)["share"], whole)


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(0, 2**31))
def test_an_interval_holds_its_figure(right, seed):
    found = Estimate.of(resample(share(np.array([right])), len(right), 1, seed)["share"])
    assert 0 <= found.low <= found.value <= found.high <= 1
