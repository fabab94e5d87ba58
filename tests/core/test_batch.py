import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pratique.core.batch import Batch
from pratique.core.errors import UnreadableBatch
from pratique.core.layout import Layout

LAYOUT = Layout("y", {"n": "integer", "c": "category", "r": "real"})


def batch(**columns):
    return Batch("vendor/1", pa.table(columns), LAYOUT)


def test_cells_are_read_by_the_layout():
    got = batch(n=["1", "x", None], c=["a", None, "007"], r=["0.5", "1", "inf"], y=["NA", "1.0", None])
    np.testing.assert_array_equal(got.numeric, [[1, 0.5], [np.nan, 1], [np.nan, np.nan]])
    assert got.categorical.tolist() == [["a"], [""], ["007"]]
    assert got.labels.tolist() == ["NA", "1.0", ""]
    assert got.columns["n"].unreadable.tolist() == [False, True, False]
    assert list(got.frame.columns) == ["n", "c", "r", "y"]
    assert [str(kind) for kind in got.frame.dtypes] == ["Int64", "str", "float64", "str"]


def test_a_missing_column_is_missing_throughout():
    got = batch(c=["a", "b"])
    assert got.missing_columns == ("n", "r", "y")
    assert np.isnan(got.numeric).all()
    assert got.numeric.shape == (2, 2)
    assert got.labels.tolist() == ["", ""]
    assert not got.columns["n"].unreadable.any()


def test_a_batch_without_rows_has_empty_columns():
    got = batch(n=pa.array([], pa.string()), c=pa.array([], pa.string()))
    assert len(got) == 0
    assert got.numeric.shape == (0, 2)
    assert got.categorical.shape == (0, 1)
    assert got.labels.shape == (0,)


def test_a_column_that_comes_twice_is_refused():
    repeated = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["n", "n"])
    with pytest.raises(UnreadableBatch, match="vendor/1: column 'n' appears more than once"):
        Batch("vendor/1", repeated, LAYOUT)
    with pytest.raises(UnreadableBatch, match="column 'n' appears more than once"):
        Batch.from_frame("vendor/1", pd.DataFrame([[1, 2]], columns=["n", "n"]), LAYOUT)
    with pytest.raises(UnreadableBatch, match="column '1' appears more than once"):
        Batch.from_frame("vendor/1", pd.DataFrame([[1, 2]], columns=[1, "1"]), LAYOUT)


def test_labels_that_are_equal_as_numbers_stay_distinct():
    assert batch(y=["1", "1.0", "01"]).labels.tolist() == ["1", "1.0", "01"]


def test_a_frame_of_mixed_types_is_read_as_text():
    frame = pd.DataFrame({"n": [1, "x", None, 2], "y": "a"}, index=[3, 1, 1, 0], dtype=object)
    got = Batch.from_frame("vendor/1", frame, LAYOUT)
    assert got.table["n"].to_pylist() == ["1", "x", None, "2"]
    assert got.columns["n"].unreadable.tolist() == [False, True, False, False]


def test_a_frame_gives_text_of_one_arrow_type():
    got = Batch.from_frame("vendor/1", pd.DataFrame({"c": ["a", None], "y": ["1", "2"]}), LAYOUT)
    assert got.table.schema.types == [pa.string(), pa.string()]


def test_rows_are_taken_in_the_order_asked_for(mixed_batch):
    rows = np.array([5, 0, 5])
    got = mixed_batch.take(rows)
    assert got.name == mixed_batch.name
    np.testing.assert_array_equal(got.numeric, mixed_batch.numeric[rows])
    assert got.labels.tolist() == mixed_batch.labels[rows].tolist()
    assert len(mixed_batch.take(np.array([], int))) == 0


def test_a_frame_and_back_is_the_same_batch(mixed_batch, mixed_layout):
    again = Batch.from_frame(mixed_batch.name, mixed_batch.frame, mixed_layout)
    pd.testing.assert_frame_equal(again.frame, mixed_batch.frame)


def test_what_was_read_otherwise_is_said_with_its_column():
    got = batch(n=["1.0", "2"], c=["a", "b"], r=["0,5", "NA"], y=["x", "y"])
    assert [reading.text for reading in got.readings] == [
        "n: a decimal point in a whole number in 1 cell",
        "r: a decimal comma in 1 cell",
        "r: a word for a missing value in 1 cell",
    ]


def test_rows_as_training_reads_them():
    got = batch(n=["1.0", "2"], c=["a", "b"], r=["0,5", "NA"], y=["x", "y"], id=["007", "8"])
    assert got.typed_table.to_pydict() == {
        "n": [1, 2], "c": ["a", "b"], "r": [0.5, None], "y": ["x", "y"], "id": ["007", "8"],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["2024-03-01", None, "2024-01-05", "2024-02-01 10:00"], [2, 3, 0, 1]),
        (["1.3.2024", "5.1.2024", "no time", "1.2.2024"], [1, 3, 0, 2]),
        ([30, 10, None, 20], [1, 3, 0, 2]),
        (["2024-01-01T10:00:00+02:00", "2024-01-01T08:30:00Z", "2024-01-01T10:00:00+03:00", None], [2, 0, 1, 3]),
    ],
)
def test_a_time_column_gives_rows_their_order(cells, order):
    table = pa.table({"n": ["1"] * 4, "seen": cells})
    assert Batch("r", table, Layout("y", {"n": "integer"}, time="seen")).order.tolist() == order
    assert Batch("r", table, Layout("y", {"n": "integer"})).order is None
    assert Batch("r", table, Layout("y", {"n": "integer"}, ordered=True)).order.tolist() == [0, 1, 2, 3]
    assert Batch("r", table, Layout("y", {"n": "integer"}, time="gone")).order is None


def test_columns_are_sorted_and_counted_with_what_is_missing():
    got = batch(n=[3, None, 1], c=["b", None, "a"], r=[0.5, 0.25, 1.0], y=["u", "v", "u"])
    np.testing.assert_array_equal(got.sorted_numeric, [[-np.inf, 0.25], [1, 0.5], [3, 1]])
    assert got.level_counts == {"c": {"": 1, "a": 1, "b": 1}, "y": {"u": 2, "v": 1}}
    assert list(got.level_counts["c"]) == ["", "a", "b"]


def test_parts_hold_every_row_in_its_place_and_what_is_read_of_them_is_the_same(monkeypatch):
    whole = batch(n=[5, 4, None, 2, 1], c=list("abcde"), r=[0.1, 0.2, 0.3, 0.4, 0.5], y=list("uvuvu"))
    parts = list(whole.parts(2))
    assert [len(part) for part in parts] == [2, 2, 1]
    np.testing.assert_array_equal(np.vstack([part.numeric for part in parts]), whole.numeric)
    assert next(whole.parts(5)) is whole
    monkeypatch.setattr("pratique.core.batch.MOST_ROWS_AT_ONCE", 2)
    again = Batch("vendor/1", whole.table, LAYOUT)
    np.testing.assert_array_equal(again.content, whole.content)
    np.testing.assert_array_equal(again.numbers("n"), whole.numbers("n"))
    assert (again.texts("c").tolist(), again.level_counts) == (list("abcde"), whole.level_counts)
    assert not {"numeric", "categorical"} & set(again.__dict__)


def test_a_view_is_made_once_and_never_written_into():
    got, made = batch(n=[1]), []
    for _ in range(2):
        view = got.view(b"key", lambda: made.append(1) or np.zeros(1))
    assert made == [1]
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1


def test_of_a_large_batch_one_column_is_kept_at_a_time(monkeypatch):
    small = batch(n=[5, 4, 3], c=list("abc"), r=[0.1, 0.2, 0.3], y=list("uvu"))
    assert small.columns["n"] is small.columns["n"]
    assert list(small.columns) == ["n", "c", "r", "y"]
    monkeypatch.setattr("pratique.core.batch.MOST_ROWS_AT_ONCE", 2)
    large = Batch("vendor/1", small.table, LAYOUT)
    first = large.columns["n"]
    assert large.columns["n"] is first
    assert large.columns["r"] is not None
    assert large.columns["n"] is not first
    assert large.columns.get("nowhere") is None
    taken = Batch("vendor/1", small.table, LAYOUT)
    hashes = taken.content
    np.testing.assert_array_equal(taken.take(np.array([2, 0])).__dict__["content"], hashes[[2, 0]])
