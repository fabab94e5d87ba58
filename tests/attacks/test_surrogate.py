"""The two classes that an attacker's model is trained on, against batches that are worked out by hand."""

import numpy as np
import pyarrow as pa
import pytest
from pratique.attacks.support.surrogate import TwoClasses
from pratique.core.batch import Batch
from pratique.core.layout import Layout

LAYOUT = Layout("kind", {"length": "real", "petals": "integer", "colour": "category"})


def batch(**columns):
    return Batch("garden/week-1", pa.table(columns), LAYOUT)


def two_classes(clean, seed=0):
    return TwoClasses.of(clean, np.random.default_rng(seed))


def test_two_classes_are_the_most_common_ones_halved():
    kind = ["c"] * 5 + ["b"] * 4 + ["a"] * 4 + ["d", None]
    task = two_classes(batch(length=np.arange(15.0), colour=["red"] * 15, kind=kind))
    assert list(task.classes) == ["a", "c"], "a comes before b, which is as common"
    assert {(kind[row], sign) for row, sign in zip(task.rows, task.signs, strict=True)} == {("a", -1.0), ("c", 1.0)}
    assert sorted(task.rows) == [0, 1, 2, 3, 4, 9, 10, 11, 12]
    assert [int(task.trains[task.signs == sign].sum()) for sign in (-1, 1)] == [2, 3]
    assert task.weight == pytest.approx(5 / 9)
    assert list(task.moves) == [True, False, False], "no number of petals; one colour"


def test_two_classes_of_many_rows_are_a_draw_in_their_shares():
    kind = ["a"] * 1000 + ["b"] * 7000
    task = two_classes(batch(length=np.arange(8000.0), kind=kind))
    assert [int((task.signs == sign).sum()) for sign in (-1, 1)] == [50, 350]
    assert task.weight == pytest.approx(200 / 8000)
    assert len(set(task.rows)) == 400


@pytest.mark.parametrize(
    "columns",
    [
        {"length": [1.0, 2.0], "kind": ["a", "a"]},
        {"length": [1.0, 1.0], "kind": ["a", "b"]},
        {"colour": ["red", "blue"], "kind": ["a", "b"]},
        {"length": [1.0, 2.0]},
    ],
)
def test_two_classes_need_two_labels_and_a_number_that_varies(columns):
    assert two_classes(batch(**columns)) is None


def test_a_step_is_as_long_as_it_says_and_ends_at_the_range():
    clean = batch(length=[0.0, 4.0, 2.0, 2.0], petals=[0, 4, 2, 2], colour=["r", "r", "s", "s"], kind=list("aabb"))
    task = two_classes(clean)
    middle = np.array([[0, 0, 0.7, 0]])
    np.testing.assert_allclose(task.step_along(middle, np.array([[3.0, 4, 9, 9]]), 0.5), [[0.3, 0.4, 0.7, 0]])
    np.testing.assert_allclose(task.step_along(middle, np.array([[1.0, 0, 0, 0]]), 99), [[task.highest[0], 0, 0.7, 0]])
    np.testing.assert_array_equal(task.step_along(middle, np.zeros((1, 4)), 1), middle)


def test_insert_writes_points_back_as_rows_under_the_other_label():
    clean = batch(
        length=["1.0", "3.0", "", "2"], petals=["2", "6", "4", "4"], colour=["r", "s", "r", None], kind=list("abab")
    )
    task = two_classes(clean)
    clones = np.arange(4)
    result = task.insert(task.points, clones, np.random.default_rng(0))
    assert len(result.batch) == 8
    new = result.batch.take(result.rows)
    lengths = np.where(np.isnan(clean.numeric[task.rows, 0]), 2, clean.numeric[task.rows, 0])
    np.testing.assert_allclose(new.numeric[:, 0], lengths, err_msg="a missing one was read as the mean")
    np.testing.assert_array_equal(new.numeric[:, 1], clean.numeric[task.rows, 1])
    np.testing.assert_array_equal(new.categorical, clean.categorical[task.rows])
    assert all(new.labels != clean.labels[task.rows])
