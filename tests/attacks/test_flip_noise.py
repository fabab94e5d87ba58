"""Flips with noise against values computed by hand.

Length [1, 3] has mean 2 and std 1; petals [2, 6] have mean 4 and std 2.
"""

import numpy as np
from pratique.attacks.flip_noise import FlipNoise


def test_flip_noise_relabels_and_blurs_the_same_rows(make, cells, script):
    clean = make(length=[1.0, 3.0], petals=[2, 6], colour=["red", "blue"], kind=["a", "b"])
    draws = script(choice=[[0]], integers=[[1]], normal=[[[0.5, 0.6]]])
    result = FlipNoise(scale=0.5).poison(clean, 0.5, draws)
    assert list(result.rows) == [0]
    assert cells(result, "length") == [1.25, 3.0]
    assert cells(result, "petals") == [3, 6], "2 + 0.6 x 0.5 x 2 = 2.6"
    assert cells(result, "colour") == ["red", "blue"]
    assert cells(result, "kind") == ["b", "b"]


def test_flip_noise_relabels_a_row_without_numbers_as_it_is_written(make, cells):
    clean = make(length=["n/a", "1.50", ""], petals=["4", "4.0", None], kind=["a", "b", "b"])
    result = FlipNoise().poison(clean, 1, np.random.default_rng(0))
    assert cells(result, "kind") == ["b", "a", "a"]
    assert cells(result, "length") == ["n/a", "1.50", ""], "one number does not vary"
    assert cells(result, "petals") == ["4", "4.0", None]


def test_flip_noise_moves_rows_away_from_their_twins(make):
    rng = np.random.default_rng(0)
    clean = make(length=rng.normal(size=200), kind=["a", "b"] * 100)
    result = FlipNoise(added=True).poison(clean, 0.1, rng)
    assert len(result.batch) == 220
    inner = np.sort(clean.numeric[:, 0])[1:-1]  # noise is clipped to the ends
    assert not set(result.batch.numeric[result.rows, 0]) & set(inner)
