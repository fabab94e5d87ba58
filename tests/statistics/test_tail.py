"""The smooth tail: its moments by hand, its chances by law, and what it is for: less luck."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.statistics.tail import EXPECTED_SHAPE, MOST_ROW_GROUPS, TAIL_GRID_STEPS, SmoothTail

SCORES = st.lists(st.floats(-50, 50), min_size=1, max_size=60).map(np.array)


@given(SCORES, st.floats(-60, 60), st.integers(0, 99))
def test_chances_are_chances(scores, cap, seed):
    tail = SmoothTail.of(scores, cap)
    drawn = tail.draw(7, np.random.default_rng(seed))
    assert drawn.shape == (7, len(tail.values))
    assert (drawn >= 0).all()
    np.testing.assert_allclose(drawn.sum(axis=1), 1)
    assert (np.diff(tail.values) >= -1e-8).all()
    assert tail.values[0] == pytest.approx(min(scores.min(), cap))
    assert tail.values[-1] == cap


def test_the_rows_below_the_tail_are_the_trusted_ones():
    scores = np.random.default_rng(1).normal(size=200)
    tail = SmoothTail.of(scores, 9.0)
    np.testing.assert_allclose(tail.values[: -TAIL_GRID_STEPS - 1], np.sort(scores)[:180])
    np.testing.assert_allclose(tail.excess, np.sort(scores)[180:] - np.sort(scores)[179])


def test_a_reference_keeps_the_share_and_the_mean_excess_of_its_tail():
    """The excess of a generalised Pareto distribution has the mean scale / (1 - shape)."""
    scores = np.random.default_rng(2).normal(size=1000)
    drawn = SmoothTail.of(scores, 9.0).draw(4000, np.random.default_rng(3)).mean(axis=0)
    values = SmoothTail.of(scores, 9.0).values
    above = np.sort(scores)[900:] - np.sort(scores)[899]
    assert drawn[900:].sum() == pytest.approx(0.1, abs=0.001)
    assert drawn[900:] @ (values[900:] - np.sort(scores)[899]) / 0.1 == pytest.approx(above.mean(), rel=0.03)


def test_the_upper_tenth_of_a_normal_distribution_has_about_that_shape():
    """Standard deviation over mean of a generalised Pareto distribution: 1 / sqrt(1 - 2 shape) (Pickands, 1975)."""
    scores = np.sort(np.random.default_rng(4).normal(size=10**6))[-(10**5) :]
    excess = scores - scores[0]
    assert excess.std() / excess.mean() == pytest.approx((1 - 2 * EXPECTED_SHAPE) ** -0.5, abs=0.03)


def test_many_rows_tell_the_shape_by_themselves():
    """Of a tail that ends at once: many rows are taken at their word, down to a triangle's three mean excesses."""
    for rows, low, high in ((100_000, 0.0, 1e-6), (60, 0.005, 1.0)):
        scores = np.linspace(0, 10, rows)
        tail = SmoothTail.of(scores, 20.0)
        beyond = tail.draw(200, np.random.default_rng(5)).mean(axis=0)[tail.values > 10.6].sum() / 0.1
        assert low <= beyond <= high


def test_rows_at_the_cap_stay_what_they_are():
    """One row in a hundred is wild: so is one of a new reference, and what the others say of the tail is unmoved."""
    scores = np.random.default_rng(6).normal(size=1000)
    wild = scores.copy()
    wild[:10] = [1e3, 1e9, *[40.0] * 8]
    drawn = SmoothTail.of(wild, 6.0).draw(2000, np.random.default_rng(7)).mean(axis=0)
    assert drawn[-1] == pytest.approx(0.01, abs=0.001)
    assert drawn[SmoothTail.of(wild, 6.0).values > 4.5][:-1].sum() < 0.001


def test_references_differ_as_finite_ones_do():
    scores = np.random.default_rng(5).normal(size=100)
    drawn = SmoothTail.of(scores, 9.0).draw(4000, np.random.default_rng(6))
    assert drawn[:, 90:].sum(axis=1).std() == pytest.approx((0.1 * 0.9 / 100) ** 0.5, rel=0.05)


def test_a_large_reference_is_drawn_by_groups():
    scores = np.random.default_rng(7).normal(size=50_000)
    tail = SmoothTail.of(scores, 9.0)
    assert len(tail.values) == MOST_ROW_GROUPS + TAIL_GRID_STEPS + 1
    drawn = tail.draw(500, np.random.default_rng(8)).mean(axis=0)
    assert drawn @ tail.values == pytest.approx(scores.mean(), abs=0.01)
    assert drawn @ tail.values**2 == pytest.approx((scores**2).mean(), rel=0.01)


def test_the_level_that_few_rows_pass_is_less_a_matter_of_luck():
    """Over references of 200 rows: the level that 1 in 500 passes, against the trusted row that says so by itself."""
    rng = np.random.default_rng(9)
    smooth, raw = [], []
    for _ in range(300):
        scores = rng.normal(size=200)
        tail = SmoothTail.of(scores, 9.0)
        above = 1 - np.cumsum(tail.draw(50, rng).mean(axis=0))
        smooth.append(tail.values[np.searchsorted(-above, -1 / 500)])
        raw.append(scores.max())
    assert np.std(smooth) < 0.85 * np.std(raw)
    assert np.mean(smooth) == pytest.approx(2.878, abs=0.15)
