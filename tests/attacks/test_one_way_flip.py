"""One-way flips against values computed by hand."""

import numpy as np
import pytest
from pratique.attacks.one_way_flip import OneWayFlip
from pratique.core.errors import PratiqueError
from pydantic import ValidationError


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ["b", "b", "c", "b", None, "b", "c"]),  # a is the most common; b and c come next, b first by text
        ({"source": "c"}, ["a", "b", "a", "a", None, "b", "a"]),
        ({"target": "a"}, ["a", "a", "c", "a", None, "a", "c"]),
        ({"source": "b", "target": "c"}, ["a", "c", "c", "a", None, "c", "c"]),
        ({"target": "z"}, ["z", "b", "c", "z", None, "b", "c"]),
        ({"source": "z"}, ["a", "b", "c", "a", None, "b", "c"]),
    ],
)
def test_one_way_flip_turns_the_source_into_the_target(make, cells, fields, expected):
    kind = ["a", "b", "c", "a", None, "b", "c"]
    clean = make(kind=kind, petals=[1, 2, 3, 4, 5, 6, 7])
    result = OneWayFlip(**fields).poison(clean, 1, np.random.default_rng(0))
    assert cells(result, "kind") == expected
    assert list(result.rows) == [i for i in range(7) if kind[i] != expected[i]]
    assert cells(result, "petals") == [1, 2, 3, 4, 5, 6, 7]


def test_one_way_flip_takes_the_budget_of_the_whole_batch(make):
    clean = make(kind=["a"] * 6 + ["b"] * 4)
    for rate, rows in ((0.25, 3), (0.6, 6), (0.9, 6)):
        result = OneWayFlip().poison(clean, rate, np.random.default_rng(0))
        assert len(result.rows) == rows
        assert set(result.rows) <= set(range(6))


def test_one_way_flip_of_a_single_class_needs_a_target(make, cells):
    clean = make(kind=["a", "a"])
    assert not len(OneWayFlip().poison(clean, 1, np.random.default_rng(0)).rows)
    assert cells(OneWayFlip(target="b").poison(clean, 1, np.random.default_rng(0)), "kind") == ["b", "b"]


def test_one_way_flip_keeps_labels_that_are_numbers_numbers(make, cells):
    clean = make(kind=[1, 1, 2])
    assert cells(OneWayFlip().poison(clean, 1, np.random.default_rng(0)), "kind") == [2, 2, 2]
    with pytest.raises(PratiqueError, match="garden/week-1: column 'kind'"):
        OneWayFlip(target="two").poison(clean, 1, np.random.default_rng(0))


def test_one_way_flip_refuses_one_class_as_both():
    with pytest.raises(ValidationError, match="source and target must be two classes"):
        OneWayFlip(source="a", target="a")


def test_one_way_flip_adds_rows_of_the_target_only(make, cells):
    clean = make(petals=[1, 2, 3, 4], kind=["a", "a", "a", "b"])
    result = OneWayFlip(added=True).poison(clean, 0.5, np.random.default_rng(0))
    assert len(result.batch) == 6
    assert [cells(result, "kind")[row] for row in result.rows] == ["b", "b"]
    assert {cells(result, "petals")[row] for row in result.rows} < {1, 2, 3}
