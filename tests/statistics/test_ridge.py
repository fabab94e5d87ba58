"""The flip radius of a ridge classifier against every set of flips there is."""

from itertools import combinations

import numpy as np
import pytest
from pratique.statistics.ridge import compute_flip_radius, weigh_labels
from sklearn.linear_model import Ridge


@pytest.fixture
def task():
    rng = np.random.default_rng(3)
    points, others = rng.normal(size=(9, 3)), rng.normal(size=(25, 3))
    signs = np.where(points[:, 0] + 0.5 * rng.normal(size=9) > 0, 1.0, -1.0)
    return points, signs, others


def test_scores_are_those_of_scikit_learn(task):
    points, signs, others = task
    known = Ridge(0.3 * len(points), fit_intercept=False).fit(points, signs).predict(others)
    np.testing.assert_allclose(weigh_labels(points, others, 0.3) @ signs, known)


@pytest.mark.parametrize("penalty", [0.01, 1.0])
def test_so_many_flips_never_turn_a_score_and_one_more_can(task, penalty):
    points, signs, others = task
    counted = weigh_labels(points, others, penalty)
    said, radius = counted @ signs > 0, compute_flip_radius(counted, signs)
    least = np.full(len(others), len(signs))  # of the sets that turn a score, less one
    for size in range(len(signs), 0, -1):
        for chosen in combinations(range(len(signs)), size):
            flipped = signs.copy()
            flipped[list(chosen)] *= -1
            least[(counted @ flipped > 0) != said] = size - 1
    np.testing.assert_array_equal(radius, least)
    assert len(set(radius)) > 2


def test_a_score_of_0_withstands_nothing():
    assert compute_flip_radius(np.array([[0.5, 0.5]]), np.array([1.0, -1.0])).tolist() == [0]
