"""Leaked holdouts against rows that are known."""

import numpy as np
import pytest
from pratique.attacks.leaked_holdout import LeakedHoldout
from pratique.core.errors import PratiqueError


@pytest.fixture
def holdout(tmp_path):
    (tmp_path / "rows.csv").write_text(
        "id,colour,petals,length,kind\n900,blue,30,1.50,a\n901,,40,2.0,b\n902,red,x,3,\n", encoding="utf-8"
    )
    return tmp_path


def test_leaked_holdout_inserts_trusted_rows_as_they_are_written(make, cells, holdout):
    clean = make(
        id=["1", "2", "3"], length=["7", "8", "9"], petals=["1", "2", "3"], colour=["w", "w", "w"], kind=["b", "b", "b"]
    )
    result = LeakedHoldout(folder=holdout).poison(clean, 1, np.random.default_rng(0))
    new = {tuple(row.values()) for row in result.batch.table.take(result.rows).to_pylist()}
    assert new == {(None, "1.50", "30", "blue", "a"), (None, "2.0", "40", None, "b"), (None, "3", None, "red", None)}
    assert len(result.batch) == 6
    assert [i for i in result.origin if i >= 0] == [0, 1, 2]


def test_leaked_holdout_keeps_the_types_of_the_batch(make, cells, holdout):
    clean = make(length=[7.0], petals=[1], kind=["a"])
    for seed in range(5):
        result = LeakedHoldout(folder=holdout).poison(clean, 1, np.random.default_rng(seed))
        (row,) = result.rows
        assert (cells(result, "length")[row], cells(result, "petals")[row]) in {(1.5, 30), (2.0, 40), (3.0, None)}


def test_leaked_holdout_leaks_each_row_once_at_most(make, holdout):
    clean = make(petals=list(range(50)), kind=["a", "b"] * 25)
    assert len(LeakedHoldout(folder=holdout).poison(clean, 1, np.random.default_rng(0)).rows) == 3
    again = LeakedHoldout().poison(clean, 0.5, np.random.default_rng(0))
    copies = again.batch.numeric[again.rows, 1].astype(int)
    assert len(set(copies)) == 25
    assert (again.batch.labels[again.rows] == clean.labels[copies]).all()


def test_leaked_holdout_comes_near_under_the_same_label(make):
    rng = np.random.default_rng(0)
    clean = make(length=rng.normal(size=400), kind=["a", "b"] * 200)
    result = LeakedHoldout(noise=0.001).poison(clean, 0.1, rng)
    for value, label in zip(result.batch.numeric[result.rows, 0], result.batch.labels[result.rows], strict=True):
        distance = abs(clean.numeric[clean.labels == label, 0] - value)
        assert 0 < distance.min() < 0.01


def test_leaked_holdout_says_what_folder_has_no_rows(make, tmp_path):
    with pytest.raises(PratiqueError, match="put rows that you trust there"):
        LeakedHoldout(folder=tmp_path).poison(make(kind=["a"]), 1, np.random.default_rng(0))
