"""Duplication against values computed by hand."""

import numpy as np
from pratique.attacks.duplication import Duplication


def test_duplication_inserts_copies_of_one_row_under_one_other_label(make, cells, script):
    clean = make(id=[7, 8], length=["1.50", "2"], petals=["1", "2"], colour=["red", None], kind=["a", "b"])
    result = Duplication().poison(clean, 1, script(choice=[[0, 2], [0]], integers=[[1]]))
    assert list(result.rows) == [0, 2]
    assert list(result.origin) == [-1, 0, -1, 1]
    assert cells(result, "length") == ["1.50", "1.50", "1.50", "2"]
    assert cells(result, "petals") == ["1", "1", "1", "2"]
    assert cells(result, "colour") == ["red", "red", "red", None]
    assert cells(result, "kind") == ["b", "a", "b", "b"]
    assert cells(result, "id") == [None, 7, None, 8]


def test_duplication_never_copies_a_row_without_label(make):
    clean = make(petals=[0, 1, 2, 3], kind=["a", None, "b", "c"])
    copied = set()
    for seed in range(50):
        result = Duplication().poison(clean, 0.5, np.random.default_rng(seed))
        copies = {(int(row), label) for row, label in zip(result.batch.numeric[:, 1], result.batch.labels, strict=True)}
        ((row, label),) = copies - {(0, "a"), (1, ""), (2, "b"), (3, "c")}
        assert label != clean.labels[row]
        copied.add((row, label))
    assert copied == {(0, "b"), (0, "c"), (2, "a"), (2, "c"), (3, "a"), (3, "b")}


def test_duplication_leaves_out_what_can_not_be_read(make, cells, script):
    clean = make(length=["n/a", "2"], kind=["a", "b"])
    result = Duplication().poison(clean, 0.5, script(choice=[[2], [0]], integers=[[1]]))
    assert cells(result, "length") == ["n/a", "2", None]
