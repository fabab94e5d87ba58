"""Label flips against values computed by hand."""

import math

import numpy as np
import pyarrow as pa
from pratique.attacks.label_flip import LabelFlip


def test_label_flip_steps_to_another_class_in_sorted_order(make, cells, script):
    clean = make(kind=["b", "a", "c", "b"])
    result = LabelFlip().poison(clean, 1, script(choice=[[0, 1, 2, 3]], integers=[[1, 1, 1, 2]]))
    assert cells(result, "kind") == ["c", "b", "a", "a"]


def test_label_flip_is_uniform_over_the_other_classes(make):
    clean = make(kind=["a"] * 3000 + ["b", "c", "d"])
    result = LabelFlip().poison(clean, 1, np.random.default_rng(0))
    counts = np.unique(result.batch.labels[:3000], return_counts=True)
    assert list(counts[0]) == ["b", "c", "d"]
    assert (abs(counts[1] - 1000) < 4 * math.sqrt(3000 * 2 / 9)).all()


def test_label_flip_leaves_a_missing_label_and_every_feature(make, cells):
    clean = make(length=["1.50", "x", ""], kind=["a", None, "b"])
    result = LabelFlip().poison(clean, 1, np.random.default_rng(0))
    assert cells(result, "kind") == ["b", None, "a"]
    assert cells(result, "length") == ["1.50", "x", ""]
    assert list(result.rows) == [0, 2]


def test_label_flip_keeps_labels_that_are_numbers_numbers(make, cells):
    result = LabelFlip().poison(make(kind=[1, 2, 1]), 1, np.random.default_rng(0))
    assert cells(result, "kind") == [2, 1, 2]
    assert result.batch.table.schema.field("kind").type == pa.int64()


def test_label_flip_adds_relabelled_copies_and_keeps_every_row(make, cells, script):
    clean = make(id=[7, 8], length=["1.50", "x"], petals=["1", None], colour=["red", "blue"], kind=["a", "b"])
    draws = script(choice=[[0, 1], [1, 2]], integers=[[1, 1]])
    result = LabelFlip(added=True).poison(clean, 1, draws)
    assert list(result.rows) == [1, 2]
    assert list(result.origin) == [0, -1, -1, 1]
    assert cells(result, "length") == ["1.50", "1.50", None, "x"]
    assert cells(result, "petals") == ["1", "1", None, None]
    assert cells(result, "colour") == ["red", "red", "blue", "blue"]
    assert cells(result, "kind") == ["a", "b", "a", "b"]
    assert cells(result, "id") == [7, None, None, 8]
