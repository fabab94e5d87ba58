"""The far tail: limits by hand where the tail is known, and on the safe side where it is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.statistics.pareto import FarTail, cautious_shape, estimate_shape, fit_scale

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60).map(np.array)


def pareto(shape, count=20_000, seed=1):
    """Values of a generalised Pareto distribution of scale 2."""
    u = np.random.default_rng(seed).random(count)
    return 2 * (-np.log(u) if shape == 0 else (u**-shape - 1) / shape)


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.5, 1.2])
def test_shape_and_scale_are_found(shape):
    excess = pareto(shape)
    assert estimate_shape(excess) == pytest.approx(shape, abs=0.03)
    if shape >= 0:
        assert fit_scale(excess, shape) == pytest.approx(2, rel=0.03)


def test_the_chance_beyond_the_largest_is_one_in_all_and_falls_with_the_tail():
    tail = FarTail(values=999, largest=10.0, scale=2.0, shape=0.0)
    assert tail.limit(0.001) == 10.0
    assert tail.limit(0.001 * np.exp(-3)) == pytest.approx(16.0)
    heavy = FarTail(values=999, largest=10.0, scale=2.0, shape=0.5)
    assert heavy.limit(0.001 / 4) == pytest.approx(10 + 2 * (4**0.5 - 1) / 0.5)


@given(VALUES, st.floats(1e-9, 0.5))
def test_a_limit_is_beyond_all_and_farther_for_less_chance(values, chance):
    tail = FarTail.of(values)
    if tail is None:
        assert np.ptp(values) == pytest.approx(0, abs=1e-300)
    else:
        assert tail.limit(chance / 10) >= tail.limit(chance) >= values.max()


def test_few_values_are_taken_for_heavier_than_many():
    shapes = [cautious_shape(pareto(0.2, count)) for count in (5, 50, 5000)]
    assert shapes == sorted(shapes, reverse=True)
    assert shapes[-1] < 0.3


def test_a_tail_without_values_takes_the_scale_of_the_other_side():
    """Nine tenths are the largest value itself."""
    tail = FarTail.of(np.array([0.0] * 10 + [1.0] * 90))
    assert (tail.largest, tail.scale) == (1.0, pytest.approx(1.0))
    assert FarTail.of(np.full(50, 3.0)) is None
    assert FarTail.of(np.array([])) is None
