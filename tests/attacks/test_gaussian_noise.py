"""Gaussian noise against values computed by hand.

Length [1, 3] has mean 2 and std 1; petals [2, 6] have mean 4 and std 2.
"""

import math

import numpy as np
import pytest
from pratique.attacks.gaussian_noise import GaussianNoise


def test_gaussian_noise_adds_std_times_the_draw_then_rounds_and_clips(make, cells, script):
    clean = make(length=[1.0, 3.0], petals=[2, 6], kind=["a", "b"])
    draws = script(choice=[[0, 1]], normal=[[[0.25, 0.8], [1.5, -9.0]]])
    result = GaussianNoise().poison(clean, 1, draws)
    assert cells(result, "length") == [1.25, 3.0]
    assert cells(result, "petals") == [4, 2]
    assert cells(result, "kind") == ["a", "b"]


def test_gaussian_noise_scales(make, cells, script):
    clean = make(length=[1.0, 3.0])
    result = GaussianNoise(scale=0.5).poison(clean, 0.5, script(choice=[[0]], normal=[[[1.0, 0.0]]]))
    assert cells(result, "length") == [1.5, 3.0]


def test_gaussian_noise_moves_a_row_that_rounding_or_clipping_brought_back(make, cells, script):
    clean = make(petals=[2, 6])
    result = GaussianNoise().poison(clean, 1, script(choice=[[0, 1]], normal=[[[5.0, 0.1], [5.0, 2.0]]]))
    assert cells(result, "petals") == [3, 2], "one whole step up; the noise of 4 turned inwards"


def test_gaussian_noise_moves_one_cell_only_in_such_a_row(make, cells, script):
    clean = make(length=[1.0, 3.0], petals=[2, 6])
    result = GaussianNoise().poison(clean, 0.5, script(choice=[[0]], normal=[[[-0.5, -0.25]]]))
    assert cells(result, "length") == [1.5, 3.0]
    assert cells(result, "petals") == [2, 6]


def test_gaussian_noise_leaves_missing_unreadable_and_untouched_cells_as_written(make, cells):
    clean = make(length=["1.50", "", "n/a", "3.0"], petals=["2", "4", None, "6"], kind=list("abab"))
    result = GaussianNoise().poison(clean, 1, np.random.default_rng(3))
    assert list(result.rows) == [0, 1, 3]
    assert cells(result, "length")[1:3] == ["", "n/a"]
    assert cells(result, "petals")[2] is None
    assert set(cells(result, "petals")) <= {"2", "3", "4", "5", "6", None}


def test_gaussian_noise_has_the_spread_it_says(make):
    values = np.concatenate([np.linspace(-1, 1, 4000), [-100, 100]])
    clean = make(length=values)
    result = GaussianNoise(scale=0.1).poison(clean, 1, np.random.default_rng(0))
    noise = (result.batch.numeric - clean.numeric)[:-2, 0]
    assert noise.std() == pytest.approx(0.1 * values.std(), rel=0.05)
    assert abs(noise.mean()) < 4 * 0.1 * values.std() / math.sqrt(4000)
