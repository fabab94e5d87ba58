"""Fabrication against values computed by hand."""

import numpy as np
import pytest
from pratique.attacks.fabrication import Fabrication


def test_fabrication_blends_a_row_with_the_other_of_its_class(make, cells):
    clean = make(length=[1.0, 50.0, 3.0], petals=[2, 50, 10], kind=["a", "b", "a"])
    result = Fabrication(weight=0.25).poison(clean, 1, np.random.default_rng(0))
    assert list(result.rows) == [0, 2], "the only row of its class has nobody to be blended with"
    assert cells(result, "length") == [1.5, 50.0, 2.5]
    assert cells(result, "petals") == [4, 50, 8]
    assert cells(result, "kind") == ["a", "b", "a"]


def test_fabrication_draws_every_other_row_of_the_class_and_no_other(make):
    clean = make(petals=[1, 2, 4, 8, 16, 32], kind=["a", "b", "a", "a", None, "b"])
    seen: dict[int, set[int]] = {}
    for seed in range(60):
        result = Fabrication(weight=1).poison(clean, 1, np.random.default_rng(seed))
        assert list(result.rows) == [0, 1, 2, 3, 5]
        for row in result.rows:
            seen.setdefault(int(row), set()).add(int(result.batch.numeric[row, 1]))
    assert seen == {0: {4, 8}, 1: {32}, 2: {1, 8}, 3: {1, 4}, 5: {2}}


def test_fabrication_halves_the_spread_of_a_class(make):
    """The mean of two independent rows has half of their variance."""
    clean = make(length=np.random.default_rng(1).normal(size=4000), kind=["a"] * 4000)
    result = Fabrication().poison(clean, 1, np.random.default_rng(2))
    assert result.batch.numeric[:, 0].var() / clean.numeric[:, 0].var() == pytest.approx(0.5, abs=0.05)
