"""Confusing flips against values computed by hand."""

import numpy as np
import pytest
from pratique.attacks import confusing_flip
from pratique.attacks.confusing_flip import ConfusingFlip
from pydantic import ValidationError

# on a line, a at 0 1 2 3, b at 5 6 7 8; of the three nearest, only those of the 3 (2 1 5) and of the 5 (6 7 3) vary
LINE = {"length": [0.0, 1.0, 2.0, 3.0, 5.1, 6.1, 7.1, 8.1], "kind": list("aaaabbbb")}


@pytest.mark.parametrize(
    ("select", "rate", "expected"),
    [("confusing", 0.25, {3, 4}), ("confident", 0.75, {0, 1, 2, 5, 6, 7})],
)
def test_confusing_flip_takes_the_margins_it_says(make, cells, select, rate, expected):
    result = ConfusingFlip(neighbours=3, select=select).poison(make(**LINE), rate, np.random.default_rng(0))
    assert set(result.rows) == expected
    flipped = ["b" if kind == "a" else "a" for kind in LINE["kind"]]
    assert cells(result, "kind") == [flipped[i] if i in expected else LINE["kind"][i] for i in range(8)]
    assert cells(result, "length") == LINE["length"]


def test_confusing_flip_takes_rows_that_are_wrong_last(make):
    kinds = [*LINE["kind"], "b"]  # a b at 1.5, among the rows of a
    clean = make(length=[*LINE["length"], 1.5], kind=kinds)
    for select in ("confusing", "confident"):
        attack = ConfusingFlip(neighbours=3, select=select)
        assert 8 not in attack.poison(clean, 8 / 9, np.random.default_rng(0)).rows
        assert len(attack.poison(clean, 1, np.random.default_rng(0)).rows) == 9


def test_confusing_flip_flips_to_the_rival(make, cells):
    """The nearest three of the first row are a, a and c: it becomes c, not b."""
    clean = make(length=[0.0, 0.1, -0.1, 0.2, 50.0, 50.1, 50.2, 50.3], kind=list("aaacbbbb"))
    result = ConfusingFlip(neighbours=3).poison(clean, 3 / 8, np.random.default_rng(0))
    assert cells(result, "kind") == list("ccccbbbb")


def test_confusing_flip_draws_among_equals(make):
    clean = make(length=[0.0] * 6, kind=list("aabbcc"))
    results = [ConfusingFlip(neighbours=5).poison(clean, 0.5, np.random.default_rng(seed)) for seed in range(40)]
    assert len({tuple(result.rows) for result in results}) > 10
    became = {(int(row), result.batch.labels[row]) for result in results for row in result.rows}
    assert became == {(i, label) for i in range(6) for label in "abc" if label != "aabbcc"[i]}


def test_confusing_flip_never_counts_a_row_as_its_own_neighbour(make):
    """Twins at one place, apart from all else: each is its own nearest, and the other one contradicts it."""
    clean = make(length=[0.0, 0.0, 9.0, 9.1, 9.2, 9.3], kind=["a", "b", "a", "a", "b", "b"])
    votes = confusing_flip.ConfusingFlip(neighbours=1)._votes(clean.numeric[:, :1], np.arange(6), None)
    assert votes[:2, 0].tolist() == [1, 0]


def test_confusing_flip_leaves_rows_without_label(make, cells):
    clean = make(length=[0.0, 1.0, 2.0, 3.0], kind=["a", None, "b", ""])
    result = ConfusingFlip().poison(clean, 1, np.random.default_rng(0))
    assert cells(result, "kind") == ["b", None, "a", ""]


def test_confusing_flip_asks_a_sample_of_many_rows(make, monkeypatch):
    monkeypatch.setattr(confusing_flip, "MAX_VOTERS", 40)
    rng = np.random.default_rng(0)
    kind = np.repeat([0, 1], 200)
    clean = make(length=rng.normal(6.0 * kind, 1), petals=rng.integers(0, 3, 400), kind=kind)
    result = ConfusingFlip(neighbours=5).poison(clean, 0.02, np.random.default_rng(0))
    length = clean.numeric[:, 0]
    assert len(result.rows) == 8
    assert abs(length[result.rows] - 3).max() < np.quantile(abs(length - 3), 0.5)


def test_confusing_flip_refuses_another_selection():
    with pytest.raises(ValidationError, match="confusing"):
        ConfusingFlip(select="loudest")
