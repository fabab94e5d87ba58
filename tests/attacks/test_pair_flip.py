"""Pair flips against values computed by hand."""

import numpy as np
import pytest
from pratique.attacks.pair_flip import PairFlip
from pydantic import ValidationError

KIND = ["b", "a", None, "c", "b"]


@pytest.mark.parametrize(
    ("becomes", "expected"),
    [
        ({}, ["c", "b", None, "a", "c"]),
        ({"a": "b", "b": "a"}, ["a", "b", None, "c", "a"]),
        ({"c": "z"}, ["b", "a", None, "z", "b"]),
        ({"z": "a"}, KIND),
    ],
)
def test_pair_flip_turns_each_class_into_its_own_other(make, cells, becomes, expected):
    clean = make(length=["1.50", "x", "", "2", "3"], kind=KIND)
    result = PairFlip(becomes=becomes).poison(clean, 1, np.random.default_rng(0))
    assert cells(result, "kind") == expected
    assert list(result.rows) == [i for i in range(5) if KIND[i] != expected[i]]
    assert cells(result, "length") == ["1.50", "x", "", "2", "3"]


def test_pair_flip_keeps_labels_that_are_numbers_numbers(make, cells):
    result = PairFlip().poison(make(kind=[10, 9, 2]), 1, np.random.default_rng(0))
    assert cells(result, "kind") == [2, 10, 9], "in the order of text: 10, 2, 9"


def test_pair_flip_adds_relabelled_copies(make, cells):
    clean = make(petals=[1, 2, 3], kind=["a", "b", "c"])
    result = PairFlip(added=True).poison(clean, 1, np.random.default_rng(0))
    rows = zip(cells(result, "petals"), cells(result, "kind"), strict=True)
    assert sorted(rows) == [(1, "a"), (1, "b"), (2, "b"), (2, "c"), (3, "a"), (3, "c")]


@pytest.mark.parametrize("becomes", [{"a": "a"}, {"": "a"}, {"a": ""}])
def test_pair_flip_refuses_a_class_that_stays(becomes):
    with pytest.raises(ValidationError, match="a class must become another one"):
        PairFlip(becomes=becomes)
