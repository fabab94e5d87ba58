"""Row noise against draws that are known."""

import numpy as np
import pytest
from pratique.attacks.row_noise import RowNoise


def test_a_seed_draws_as_the_legacy_generator_does(make):
    clean = make(length=np.arange(20.0), kind=["a", "b"] * 10)
    draws = np.random.RandomState(42)
    rows = draws.choice(20, 5, replace=False)
    expected = np.arange(20.0)
    expected[rows] += draws.normal(0, 0.5, (5, 2))[:, 0]  # petals, which are absent, take their draws too
    for seed in (0, 1):
        result = RowNoise(std=0.5, seed=42).poison(clean, 0.25, np.random.default_rng(seed))
        assert list(result.rows) == sorted(rows)
        np.testing.assert_array_equal(result.batch.numeric[:, 0], expected)


def test_noise_has_its_deviation_whatever_the_column_s(make):
    rng = np.random.default_rng(0)
    clean = make(length=rng.normal(0, 0.01, 4000), kind=["a", "b"] * 2000)
    noise = RowNoise(std=3).poison(clean, 1, rng).batch.numeric[:, 0] - clean.numeric[:, 0]
    assert noise.std() == pytest.approx(3, rel=0.05)
    assert abs(noise.mean()) < 0.2


def test_a_whole_number_moves_by_one_at_least(make, cells):
    clean = make(petals=[5] * 200, kind=["a"] * 200)
    moved = np.subtract(cells(RowNoise(std=0.1).poison(clean, 1, np.random.default_rng(0)), "petals"), 5)
    assert set(moved) == {-1, 1}
