"""Relabelled copies against values computed by hand."""

import numpy as np
from pratique.attacks.relabelled_copy import RelabelledCopy


def test_relabelled_copy_repeats_the_row_of_its_class_that_is_left(make, cells, script):
    clean = make(length=["1.50", "2.0", "3"], petals=["1", "2", "3"], colour=["red", "blue", "white"], kind=list("aab"))
    result = RelabelledCopy().poison(clean, 0.33, script(choice=[[0]], integers=[[0], [1]]))
    assert list(result.rows) == [0]
    assert cells(result, "length") == ["2.0", "2.0", "3"], "as it is written"
    assert cells(result, "petals") == ["2", "2", "3"]
    assert cells(result, "colour") == ["blue", "blue", "white"]
    assert cells(result, "kind") == ["b", "a", "b"]


def test_relabelled_copy_takes_rows_that_are_not_chosen(make):
    clean = make(petals=list(range(100)), kind=["a", "b"] * 50)
    result = RelabelledCopy().poison(clean, 0.5, np.random.default_rng(0))
    donors, labels = result.batch.numeric[result.rows, 1].astype(int), result.batch.labels
    assert len(result.rows) == 50
    assert not set(donors) & set(result.rows)
    assert (clean.labels[donors] != labels[result.rows]).all()
    assert (clean.labels[result.rows] != labels[result.rows]).all()


def test_relabelled_copy_takes_another_row_where_all_are_chosen(make):
    clean = make(petals=[0, 1, 2, 3, 4, 5], kind=["a", "a", "a", "b", "b", "c"])
    seen = [set() for _ in range(5)]
    for seed in range(50):
        result = RelabelledCopy().poison(clean, 1, np.random.default_rng(seed))
        assert list(result.rows) == [0, 1, 2, 3, 4], "no other row is a c"
        for row in result.rows:
            seen[row].add(int(result.batch.numeric[row, 1]))
    assert seen == [{1, 2}, {0, 2}, {0, 1}, {4}, {3}]


def test_relabelled_copy_leaves_what_the_donor_lacks_and_what_is_no_feature(make, cells, script):
    clean = make(
        id=[7, 8, 9], length=["1", "x", "3"], petals=["4", None, "6"], colour=["red", None, "r"], kind=list("aab")
    )
    result = RelabelledCopy().poison(clean, 0.33, script(choice=[[0]], integers=[[0], [1]]))
    assert cells(result, "id") == [7, 8, 9]
    assert [cells(result, name)[0] for name in ("length", "petals", "colour", "kind")] == ["1", "4", "red", "b"]


def test_relabelled_copy_keeps_whole_numbers_of_any_size(make, cells, script):
    clean = make(petals=[1, 2**60 + 1, 3], kind=list("aab"))
    result = RelabelledCopy().poison(clean, 0.33, script(choice=[[0]], integers=[[0], [1]]))
    assert cells(result, "petals") == [2**60 + 1, 2**60 + 1, 3]
