import math
from decimal import Decimal, InvalidOperation

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.core.errors import PratiqueError
from pratique.core.layout import KINDS, Layout, infer_kind, read_column
from pratique.core.params import DataParams


def column(cells, kind=None):
    return pa.chunked_array([pa.array(cells, kind or pa.string())])


def read(cells, kind, arrow=None):
    """The values as a list with None for missing, and the positions that are unreadable."""
    result = read_column(column(cells, arrow), kind)
    values = [None if pd.isna(value) else value for value in result.values]
    return values, np.flatnonzero(result.unreadable).tolist()


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["1", "-20", None, "0"], "integer"),
        (["1", "2.5"], "real"),
        (["1e3", ".5", "5.", "-0.25"], "real"),
        (["1", "007"], "text"),
        (["-01.5", "2.5"], "text"),
        (["1", "x"], "text"),
        (["1", "NA"], "text"),
        (["1", "inf"], "text"),
        (["1,5"], "text"),
        ([None, None], "text"),
        ([], "text"),
    ],
)
def test_the_narrowest_kind_that_fits_is_inferred(cells, kind):
    assert infer_kind(column(cells)) == kind


def test_typed_columns_tell_their_kind():
    assert infer_kind(column([1, None], pa.int64())) == "integer"
    assert infer_kind(column([1.0], pa.float64())) == "real"
    assert infer_kind(column([None], pa.null())) == "text"


def test_whole_numbers_are_read():
    cells = ["7", "-7", "0", " 7 ", "7.0", "7.", "-0", None]
    assert read(cells, "integer") == ([7, -7, 0, 7, 7, 7, 0, None], [])


def test_numbers_are_read():
    cells = ["7", "+7", ".5", "5.", "1e3", "1.5E-3", " 7\t", None]
    assert read(cells, "real") == ([7.0, 7.0, 0.5, 5.0, 1000.0, 0.0015, 7.0, None], [])


@pytest.mark.parametrize(
    "cell", ["x", "NA", "nan", "1_000", "0x1F", "True", "--1", "+-1", "1 2", "1e", "٣", "１", "", "007"]
)
@pytest.mark.parametrize("kind", ["integer", "real"])
def test_a_cell_that_is_no_number_is_unreadable(cell, kind):
    assert read(["1", cell], kind) == ([1, None], [1])


def test_a_number_that_would_lose_digits_is_unreadable():
    assert read(["7.9", "7.0001", "1e-400"], "integer") == ([None] * 3, [0, 1, 2])
    assert read([7.9, 7.0], "integer", pa.float64()) == ([None, 7], [0])


def test_whole_numbers_beyond_float64_are_exact_or_unreadable():
    big = 2**53 + 1
    assert read([str(big), f"{big}.0", "9" * 18], "integer") == ([big, big, 10**18 - 1], [])
    assert read([big, 2**63 - 1, -(2**63), None], "integer", pa.int64()) == (
        [big, 2**63 - 1, -(2**63), None],
        [],
    )
    assert read([float(big), 2.0**53 - 1], "integer", pa.float64()) == ([None, 2**53 - 1], [0])
    assert read(["9" * 19], "integer") == ([None], [0])


def test_infinite_numbers_are_unreadable():
    assert read(["inf", "-Infinity", "1e400", "-1e400"], "real") == ([None] * 4, [0, 1, 2, 3])
    assert read([math.inf, -math.inf, math.nan, None], "real", pa.float64()) == ([None] * 4, [0, 1, 2])
    assert read([math.inf, 1.0], "integer", pa.float64()) == ([None, 1], [0])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("arrow", [pa.string(), pa.null(), pa.int64(), pa.float64()])
def test_a_column_without_a_cell_is_missing_not_unreadable(kind, arrow):
    assert read([None, None], kind, arrow) == ([None, None], [])
    assert read([], kind, arrow) == ([], [])


def test_decimal_commas_are_no_numbers():
    assert read(["1,5", "1.000,5", "1,000"], "real") == ([None] * 3, [0, 1, 2])


def test_text_is_kept_as_it_is():
    assert read(["NA", " x", "007", "", None], "text") == (["NA", " x", "007", "", None], [])
    assert read([7, None], "text", pa.int64()) == (["7", None], [])
    assert read([True], "text", pa.bool_()) == (["true"], [])


def test_truth_values_are_no_numbers():
    assert read([True], "real", pa.bool_()) == ([None], [0])
    assert read([True], "integer", pa.bool_()) == ([None], [0])


LOOKS_LIKE_A_NUMBER = st.text("0123456789+-.eE _,nainfx\t", max_size=12)
CELLS = st.none() | st.text(max_size=6) | LOOKS_LIKE_A_NUMBER | st.floats().map(repr) | st.integers().map(str)


@given(st.lists(CELLS, max_size=8), st.sampled_from(KINDS))
def test_reading_never_raises_and_never_changes_what_it_accepts(cells, kind):
    cells = [cell if cell is None else cell.encode("utf-8", "ignore").decode() for cell in cells]
    result = read_column(column(cells), kind)
    assert len(result.values) == len(result.unreadable) == len(cells)
    for cell, value, unreadable in zip(cells, result.values, result.unreadable, strict=True):
        assert pd.isna(value) == (cell is None or unreadable)
        if cell is None:
            assert not unreadable
        elif not unreadable:
            assert value == {"text": str, "real": float, "integer": exact}[kind](cell)


def exact(cell):
    """The whole number that a cell stands for, without a detour through floating point."""
    try:
        return int(Decimal(cell))
    except InvalidOperation:
        return None


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_every_finite_float_survives_text(numbers):
    assert read([repr(number) for number in numbers], "real") == (numbers, [])


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_every_int64_is_read_exactly(numbers):
    assert read(numbers, "integer", pa.int64()) == (numbers, [])


def table():
    return pa.table({"id": ["1"], "n": ["1"], "c": ["x"], "note": ["z"], "y": ["7"]})


def test_label_id_and_ignored_columns_are_no_features():
    layout = Layout.infer(table(), DataParams(label="y", id="id", ignore=("note",)))
    assert layout == Layout("y", {"n": "integer", "c": "text"})
    assert (layout.numeric, layout.categorical) == (("n",), ("c",))


def test_typed_rows_carry_their_layout():
    typed = pa.table({"n": [1], "r": [1.0], "c": ["1"], "y": [7]})
    assert Layout.of_types(typed, DataParams(label="y")) == Layout("y", {"n": "integer", "r": "real", "c": "text"})


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"label": "z"}, r"data\.label: column 'z' is not in the trusted rows; they have id, n, c, note, y"),
        ({"label": "y", "id": "z"}, r"data\.id: column 'z'"),
        ({"label": "y", "ignore": ("n", "z")}, r"data\.ignore\[1\]: column 'z'"),
        ({"label": "y", "ignore": ("id", "n", "c", "note")}, "no feature column is left"),
    ],
)
def test_a_layout_that_the_reference_does_not_have_is_refused(params, message):
    with pytest.raises(PratiqueError, match=message):
        Layout.infer(table(), DataParams(**params))
