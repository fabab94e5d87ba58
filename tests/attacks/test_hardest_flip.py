"""Hardest flips on a line whose logistic regression is known by symmetry: its boundary lies near 0."""

import numpy as np
import pytest
from pratique.attacks.hardest_flip import HardestFlip
from pydantic import ValidationError

PLACES = np.concatenate([np.linspace(-3, -0.5, 60), np.linspace(0.5, 3, 60), [-0.02, 2.9]])
KIND = ["a"] * 60 + ["b"] * 60 + ["a", "a"]  # the last one but one is unsure, the last one is wrong


@pytest.mark.parametrize(("by", "expected"), [("confidence", 120), ("loss", 121)])
def test_hardest_flip_takes_the_unsure_row_or_the_wrong_one(make, cells, by, expected):
    for seed in range(5):
        result = HardestFlip(by=by).poison(make(length=PLACES, kind=KIND), 1 / 122, np.random.default_rng(seed))
        assert list(result.rows) == [expected]
        assert cells(result, "kind")[expected] == "b"


def test_hardest_flip_goes_outwards_from_the_boundary(make):
    clean = make(length=PLACES[:120], kind=KIND[:120])
    result = HardestFlip().poison(clean, 0.5, np.random.default_rng(0))
    rest = np.setdiff1d(np.arange(120), result.rows)
    for side in (PLACES[:120] < 0, PLACES[:120] > 0):
        taken, left = (np.abs(PLACES[rows[side[rows]]]) for rows in (result.rows, rest))
        assert taken.max() < left.min()


def test_hardest_flip_gives_the_likeliest_other_class(make, cells):
    """Three groups on a line: the outer ones are mistaken for the middle one, which is mistaken for the nearer."""
    places = np.concatenate([np.linspace(-1, 1, 41) + middle for middle in (-6, 0, 6)])
    clean = make(length=places, kind=np.repeat(["left", "middle", "right"], 41))
    result = HardestFlip().poison(clean, 1, np.random.default_rng(0))
    kind = np.array(cells(result, "kind"))
    assert set(kind[:41]) == set(kind[82:]) == {"middle"}
    assert kind[41] == "left"
    assert kind[81] == "right"


def test_hardest_flip_leaves_rows_without_label_and_every_feature(make, cells):
    clean = make(length=["1.50", "x", "", "2"], kind=["a", None, "b", ""])
    result = HardestFlip().poison(clean, 1, np.random.default_rng(0))
    assert cells(result, "kind") == ["b", None, "a", ""]
    assert cells(result, "length") == ["1.50", "x", "", "2"]


def test_hardest_flip_refuses_another_measure():
    with pytest.raises(ValidationError, match="confidence"):
        HardestFlip(by="doubt")
