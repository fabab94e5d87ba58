"""Expectations about single cells, judged on the columns at hand: with the answers of Great Expectations, at once.

Starting Great Expectations takes seconds, and what most suites say is whether a cell is there, is one of a set, lies in
a range or comes once. Whatever is said in other words is its own to judge.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

ROW_COUNT = "expect_table_row_count_to_be_between"
ALLOWED: Mapping[str, frozenset[str]] = {
    "expect_column_values_to_not_be_null": frozenset({"column"}),
    "expect_column_values_to_be_in_set": frozenset({"column", "value_set"}),
    "expect_column_values_to_be_between": frozenset({"column", "min_value", "max_value", "strict_min", "strict_max"}),
    "expect_column_values_to_be_unique": frozenset({"column"}),
}
"""The words of the expectations that are judged here."""


def is_plain(kind: str, kwargs: Mapping[str, Any]) -> bool:
    """Whether an expectation is judged here: of a known kind, in words that are known, about plain values.

    One that may fail in part (`mostly`), or holds of some rows only, is not.
    """
    if kind not in ALLOWED or not set(kwargs) <= ALLOWED[kind] or not isinstance(kwargs.get("column"), str):
        return False
    if kind.endswith("_in_set"):
        values = kwargs.get("value_set")
        kinds = {type(value) for value in values} if isinstance(values, list) else set()
        return kinds == {str} or (bool(kinds) and kinds <= {int, float})
    ends = (kwargs.get("min_value"), kwargs.get("max_value"))
    if any(type(kwargs.get(strict, False)) is not bool for strict in ("strict_min", "strict_max")):
        return False
    return all(end is None or type(end) in (int, float) for end in ends) and (
        kind != "expect_column_values_to_be_between" or ends != (None, None)
    )


def counts_rows(kind: str, kwargs: Mapping[str, Any]) -> bool:
    """Whether an expectation is a least or largest number of rows, or both."""
    ends = [kwargs[key] for key in ("min_value", "max_value") if kwargs.get(key) is not None]
    known = set(kwargs) <= {"min_value", "max_value"}
    return kind == ROW_COUNT and known and bool(ends) and all(type(end) is int for end in ends)


def find_failing(kind: str, kwargs: Mapping[str, Any], column: pd.Series) -> np.ndarray | None:
    """The rows that fail a plain expectation, bool of shape (rows,); None where the column is of another type.

    Cells that are missing fail none but the one that they are there.
    """
    missing = column.isna().to_numpy()
    if kind == "expect_column_values_to_not_be_null":
        return np.asarray(missing)
    text = column.dtype == "str"
    if kind == "expect_column_values_to_be_in_set":
        return _outside(column, kwargs["value_set"], text, missing)
    if kind == "expect_column_values_to_be_unique":
        return np.asarray(column.duplicated(keep=False).to_numpy() & ~missing)
    return None if text else _beyond(column, kwargs) & ~missing


def _outside(column: pd.Series, values: list[Any], text: bool, missing: np.ndarray) -> np.ndarray | None:
    if isinstance(values[0], str) != text:
        return None
    return np.asarray(~column.isin(values).to_numpy() & ~missing)


def _beyond(column: pd.Series, kwargs: Mapping[str, Any]) -> np.ndarray:
    cells = column.to_numpy()
    beyond = np.zeros(len(cells), bool)
    compare: list[tuple[str, str, Callable[..., Any], Callable[..., Any]]] = [
        ("min_value", "strict_min", np.greater, np.greater_equal),
        ("max_value", "strict_max", np.less, np.less_equal),
    ]
    for end, strict, within, at_most in compare:
        if kwargs.get(end) is not None:
            beyond |= ~(within if kwargs.get(strict) else at_most)(cells, kwargs[end])
    return beyond
