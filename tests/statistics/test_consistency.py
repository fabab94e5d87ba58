"""Kuncheva's index, against values computed by hand."""

import numpy as np
import pytest
from pratique.statistics.consistency import kuncheva_index, select_largest


def choose(dimensions, *selected):
    return np.isin(np.arange(dimensions), selected)


@pytest.mark.parametrize(
    ("first", "second", "index"),
    [
        ((0, 1, 2), (0, 1, 2), 1.0),
        ((0, 1, 2), (0, 1, 9), 11 / 21),  # (2 * 10 - 9) / (3 * 7)
        ((0, 1, 2), (0, 8, 9), 1 / 21),
        ((0, 1, 2), (7, 8, 9), -9 / 21),
    ],
)
def test_index_of_three_of_ten(first, second, index):
    assert kuncheva_index(choose(10, *first), choose(10, *second)) == pytest.approx(index)


def test_random_selections_are_consistent_by_chance_alone():
    rng = np.random.default_rng(0)
    pairs = [[choose(50, *rng.permutation(50)[:10]) for _ in range(2)] for _ in range(400)]
    assert abs(np.mean([kuncheva_index(*pair) for pair in pairs])) < 0.05


@pytest.mark.parametrize("selected", [(), tuple(range(4)), (0, 1)])
def test_selections_of_other_sizes_are_refused(selected):
    with pytest.raises(ValueError, match="must select the same number"):
        kuncheva_index(choose(4, *selected), choose(4, *selected[:1]))


def test_size_decides_and_of_equal_ones_the_first():
    assert select_largest(np.array([1.0, -3.0, 1.0, 0.0]), 2).tolist() == [True, True, False, False]
