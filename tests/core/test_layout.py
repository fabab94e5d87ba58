import math
from decimal import Decimal, InvalidOperation
from typing import get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pratique.core.columns import Kind, NumberFormat, Writing
from pratique.core.layout import SPELLING_WORDS, WHOLE_WORDS, Layout, read_column
from pratique.core.numbers import MISSING_MARKERS, SPREADSHEET_WORDS
from pratique.core.params import DataParams

KINDS = get_args(Kind)


def column(cells, kind=None):
    return pa.chunked_array([pa.array(cells, kind or pa.string())])


def read(cells, kind, arrow=None, **writing):
    """The values as a list with None for missing, and the positions that are unreadable."""
    result = read_column(column(cells, arrow), kind, Writing(**writing))
    values = [None if pd.isna(value) else value for value in result.values]
    return values, np.flatnonzero(result.unreadable).tolist()


def test_whole_numbers_are_read():
    cells = ["7", "-7", "0", " 7 ", "7.0", "7.", "-0", None]
    assert read(cells, "integer") == ([7, -7, 0, 7, 7, 7, 0, None], [])


def test_numbers_are_read():
    cells = ["7", "+7", ".5", "5.", "1e3", "1.5E-3", " 7\t", None]
    assert read(cells, "real") == ([7.0, 7.0, 0.5, 5.0, 1000.0, 0.0015, 7.0, None], [])


@pytest.mark.parametrize("cell", ["x", "1_000", "0x1F", "True", "--1", "+-1", "1 2", "1e", "٣", "１", "", "007"])
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
        assert pd.isna(value) or not unreadable
        if pd.isna(value) and not unreadable:
            assert cell is None or cell.strip() in MISSING_MARKERS
        elif result.readings:
            assert not unreadable or pd.isna(value)
        elif cell is None:
            assert not unreadable
        elif not unreadable:
            assert value == {"real": float, "integer": exact}.get(kind, str)(cell)


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


def readings(cells, kind, **writing):
    """What was read otherwise than the column is written, with the rows."""
    found = read_column(column(cells), kind, Writing(**writing)).readings
    return {words: np.flatnonzero(where).tolist() for words, where in found.items()}


def test_a_number_in_another_format_is_read_where_it_has_one_meaning_and_said():
    cells = ["1.5", "53,6", "$1,234.00", "1.234,5", "1 234", "NA", None]
    assert read(cells, "real") == ([1.5, 53.6, 1234.0, 1234.5, 1234.0, None, None], [])
    assert readings(cells, "real") == {
        "a decimal comma": [1],
        "commas between thousands and the sign $": [2],
        "points between thousands": [3],
        "spaces between thousands": [4],
        "a word for a missing value": [5],
    }


@pytest.mark.parametrize("cell", ["1,234", "999,999", "12%"])
def test_a_cell_that_could_mean_two_numbers_is_unreadable_and_says_so(cell):
    found = read_column(column(["1", cell]), "real")
    assert found.unreadable.tolist() == found.ambiguous.tolist() == [False, True]


def test_a_column_has_its_own_format():
    euro = NumberFormat(decimal=",", thousands=".", unit="€")
    cells = ["1.234,50 €", "7 €", "€ 0,5"]
    assert read(cells, "real", format=euro) == ([1234.5, 7.0, 0.5], [])
    assert readings(cells, "real", format=euro) == {}
    assert readings(["7,5"], "real", format=euro) == {"no sign €": [0]}
    assert read(["$7"], "real", format=euro) == ([None], [0])
    assert read(["12.5 %", "12.5"], "real", format=NumberFormat(unit="%")) == ([12.5, None], [1])


def test_declared_markers_are_missing_without_a_word():
    assert read(["1", "tbd", "999"], "integer", missing=("tbd", "999")) == ([1, None, None], [])
    assert readings(["1", "tbd", "999"], "integer", missing=("tbd", "999")) == {}
    assert read([1.5, 999.0], "real", pa.float64(), missing=("999",)) == ([1.5, None], [])


def test_whole_numbers_are_equal_by_value():
    assert readings(["7.0", "7"], "integer") == {WHOLE_WORDS: [0]}
    assert read(["1.00E+05"], "integer") == ([100000], [])
    assert readings(["1.00E+05", "4"], "integer") == {SPREADSHEET_WORDS: [0]}
    assert read(["1.5E+00"], "integer") == ([None], [0])


def test_levels_are_equal_by_value_where_trusted_rows_have_one_spelling():
    assert read(["True", "TRUE ", "false"], "boolean", levels=("False", "True")) == (["True", "True", "False"], [])
    assert readings(["True", "true"], "boolean", levels=("False", "True")) == {SPELLING_WORDS: [1]}
    assert read(["1.0", "01", "1 "], "target", levels=("0", "1")) == (["1", "01", "1"], [])
    assert read(["1.0"], "target", levels=("1", "1.00")) == (["1.0"], [])
    assert read(["о"], "target", levels=("o",)) == (["о"], [])


def test_cells_of_all_columns_can_be_hidden():
    data = DataParams(label="y", id="key", ignore=("note",), personal=("a",), time="day")
    assert Layout.of({"a": "real", "b": "category"}, data, {}).personal == ("a",)
    hidden = Layout.of({"a": "real", "b": "category"}, data.model_copy(update={"cells": "hide"}), {})
    assert set(hidden.personal) == {"a", "b", "y", "key", "note", "day"}
    assert not hidden.may_show("b", "blue")


def test_formats_can_be_held():
    layout = Layout("y", {"n": "real"}, formats="hold")
    found = layout.read("n", column(["1.5", "53,6", None]))
    assert (found.unreadable.tolist(), np.isnan(found.numbers).tolist()) == ([False, True, False], [False, True, True])


PARTS = st.integers(0, 10**9), st.integers(0, 99)


@given(*PARTS, st.sampled_from([",", ".", " ", "'", ""]), st.sampled_from([".", ","]), st.booleans())
def test_a_number_written_in_its_columns_format_is_read_exactly(whole, cents, thousands, decimal, negative):
    if thousands == decimal:
        return
    text = f"{whole:,}".replace(",", thousands) + f"{decimal}{cents:02}"
    values, unreadable = read(
        [f"-{text}" if negative else text], "real", format=NumberFormat(decimal=decimal, thousands=thousands)
    )
    assert (values, unreadable) == ([float(f"{'-' if negative else ''}{whole}.{cents:02}")], [])


@given(*PARTS, st.sampled_from([",", ".", " ", "'", ""]), st.sampled_from([".", ","]))
def test_another_format_is_never_read_as_another_number(whole, cents, thousands, decimal):
    """Whatever a plain column makes of such a cell, it is this number or none."""
    if thousands == decimal:
        return
    text = f"{whole:,}".replace(",", thousands) + f"{decimal}{cents:02}"
    values, unreadable = read([text], "real")
    assert values == [float(f"{whole}.{cents:02}")] or unreadable == [0]
