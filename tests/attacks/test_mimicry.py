"""Mimicry against values computed by hand."""

import numpy as np
import pytest
from pratique.attacks.mimicry import Mimicry


def test_mimicry_blends_a_row_with_one_of_another_class(make, cells):
    clean = make(length=[1.0, 3.0], petals=[2, 10], colour=["red", "red"], kind=["a", "b"])
    result = Mimicry(weight=0.25).poison(clean, 1, np.random.default_rng(0))
    assert cells(result, "length") == [1.5, 2.5]
    assert cells(result, "petals") == [4, 8]
    assert cells(result, "colour") == ["red", "red"]
    assert cells(result, "kind") == ["a", "b"]


def test_mimicry_rounds_and_leaves_what_one_of_the_two_lacks(make, cells):
    clean = make(length=["1.50", ""], petals=["2", "5"], colour=["red", "blue"], kind=["a", "b"])
    result = Mimicry(weight=1).poison(clean, 1, np.random.default_rng(0))
    assert cells(result, "length") == ["1.50", ""]
    assert cells(result, "petals") == ["5", "2"]
    assert cells(result, "colour") == ["blue", "red"]


def test_mimicry_takes_levels_over_one_by_one_with_probability_weight(make):
    clean = make(length=[1.0, 2.0] * 2000, colour=["red", "blue"] * 2000, kind=["a", "b"] * 2000)
    result = Mimicry(weight=0.3).poison(clean, 1, np.random.default_rng(0))
    taken = (result.batch.categorical != clean.categorical).mean()
    assert taken == pytest.approx(0.3, abs=4 * np.sqrt(0.3 * 0.7 / 4000))


def test_mimicry_takes_one_cell_over_in_a_row_that_would_stay(make, cells):
    clean = make(petals=[0, 1], kind=["a", "b"])
    result = Mimicry(weight=0.1).poison(clean, 1, np.random.default_rng(0))
    assert cells(result, "petals") == [1, 0], "0.1 and 0.9 are rounded back"


def test_mimicry_draws_every_row_of_the_other_classes_and_no_other(make):
    clean = make(petals=[1, 2, 4, 8, 16], kind=["a", "a", "b", None, "c"])
    seen = {}
    for seed in range(60):
        result = Mimicry(weight=1).poison(clean, 1, np.random.default_rng(seed))
        assert list(result.rows) == [0, 1, 2, 4]
        for row in result.rows:
            seen.setdefault(int(row), set()).add(int(result.batch.numeric[row, 1]))
    assert seen == {0: {4, 16}, 1: {4, 16}, 2: {1, 2, 16}, 4: {1, 2, 4}}


def test_mimicry_passes_over_a_row_that_is_like_the_other(make):
    clean = make(petals=[1, 1, 2, 3], kind=["a", "b", "b", "b"])
    chosen = {tuple(Mimicry().poison(clean, 1, np.random.default_rng(seed)).rows) for seed in range(30)}
    assert chosen == {(2, 3), (0, 2, 3)}, "the second row can only draw the first, which is the same"
