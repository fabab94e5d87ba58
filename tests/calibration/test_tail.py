"""The smooth tail: its moments by hand, its chances by law, and what it is for: less luck."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.calibration.tail import CELLS, REACH, SHAPE, STEPS, SmoothTail

SCORES = st.lists(st.floats(-50, 50), min_size=1, max_size=60).map(np.array)


@given(SCORES, st.integers(0, 99))
def test_chances_are_chances(scores, seed):
    tail = SmoothTail.of(scores)
    drawn = tail.draw(7, np.random.default_rng(seed))
    assert drawn.shape == (7, len(tail.values))
    assert (drawn >= 0).all()
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    assert (np.diff(tail.values) >= 0).all()
    assert tail.values[0] == pytest.approx(scores.min()) or len(scores) == 1


def test_the_rows_below_the_tail_are_the_trusted_ones():
    scores = np.random.default_rng(1).normal(size=200)
    tail = SmoothTail.of(scores)
    np.testing.assert_allclose(tail.values[:-STEPS], np.sort(scores)[:180])
    assert len(tail.excess) == 20


def test_a_generalised_pareto_distribution_keeps_share_and_mean_excess():
    """Its mean is scale / (1 - shape), so that with the scale mean x (1 - shape) it is the mean excess."""
    scores = np.random.default_rng(2).normal(size=1000)
    tail = SmoothTail.of(scores)
    drawn = tail.draw(4000, np.random.default_rng(3)).mean(axis=0)
    assert drawn[-STEPS:].sum() == pytest.approx(0.1, abs=0.001)
    mean = drawn[-STEPS:] @ (tail.values[-STEPS:] - np.sort(scores)[900]) / drawn[-STEPS:].sum()
    assert mean == pytest.approx(tail.excess.mean(), rel=0.02)


def test_the_upper_tenth_of_a_normal_distribution_has_about_that_shape():
    """Standard deviation over mean of a generalised Pareto distribution: 1 / sqrt(1 - 2 shape) (Pickands, 1975)."""
    scores = np.sort(np.random.default_rng(4).normal(size=10**6))[-(10**5) :]
    excess = scores - scores[0]
    assert excess.std() / excess.mean() == pytest.approx((1 - 2 * SHAPE) ** -0.5, abs=0.03)
    assert pytest.approx(6.0) == REACH


def test_references_differ_as_finite_ones_do():
    scores = np.random.default_rng(5).normal(size=100)
    drawn = SmoothTail.of(scores).draw(4000, np.random.default_rng(6))
    share = drawn[:, -STEPS:].sum(axis=1)
    assert share.std() == pytest.approx((0.1 * 0.9 / 100) ** 0.5, rel=0.05)


def test_a_large_reference_is_drawn_by_groups():
    scores = np.random.default_rng(7).normal(size=10_500)
    tail = SmoothTail.of(scores)
    assert len(tail.values) == 9 * CELLS // 10 + STEPS
    drawn = tail.draw(500, np.random.default_rng(8)).mean(axis=0)
    assert drawn @ tail.values == pytest.approx(scores.mean(), abs=0.01)


def test_the_level_that_few_rows_pass_is_less_a_matter_of_luck():
    """Over references of 200 rows: the level that 1 in 500 passes, against the trusted row that says so by itself."""
    rng = np.random.default_rng(9)
    smooth, raw = [], []
    for _ in range(300):
        scores = rng.normal(size=200)
        tail = SmoothTail.of(scores)
        above = 1 - np.cumsum(tail.draw(50, rng).mean(axis=0))
        smooth.append(tail.values[np.searchsorted(-above, -1 / 500)])
        raw.append(scores.max())
    assert np.std(smooth) < 0.85 * np.std(raw)
    assert np.mean(smooth) == pytest.approx(2.878, abs=0.15)
