"""What the columns of a table mean: the label, the features and their kinds, learned from trusted rows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pratique.core.errors import PratiqueError
from pratique.core.params import DataParams

Kind = Literal["integer", "real", "text"]
KINDS: tuple[Kind, ...] = get_args(Kind)

WHOLE_NUMBER = r"^-?(0|[1-9][0-9]{0,17})$"
"""A whole number as programs write it. `007` is a code, not a number."""
DECIMAL_NUMBER = r"^[+-]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
"""A number as programs write it, with a decimal point."""


@dataclass(frozen=True)
class Column:
    """The cells of one column, read as one kind.

    Attributes
    ----------
    cells : ExtensionArray or ndarray, shape (rows,)
        `Int64`, `float64` or `str`, missing where the cell is missing or unreadable.
    unreadable : ndarray of bool, shape (rows,)
        Cells that hold something which is not of this kind: text in a number, 7.9 or 1e3 in a whole
        number, an infinity.
    """

    cells: pd.api.extensions.ExtensionArray | np.ndarray
    unreadable: np.ndarray

    @cached_property
    def values(self) -> pd.Series:
        """The cells, rows numbered from 0; made when it is asked for, because wide batches have many columns."""
        return pd.Series(self.cells)

    @property
    def numbers(self) -> np.ndarray:
        """The cells of a column that holds numbers, float64 of shape (rows,), NaN where missing."""
        if isinstance(self.cells, np.ndarray):
            return self.cells
        return np.asarray(self.cells.to_numpy(np.float64, na_value=np.nan))


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Every cell as text; a missing cell stays missing."""
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def infer_kind(column: pa.ChunkedArray) -> Kind:
    """The narrowest kind that every present cell of a trusted column fits."""
    if pa.types.is_integer(column.type):
        return "integer"
    if pa.types.is_floating(column.type):
        return "real"
    present = column.drop_null()
    if not pa.types.is_string(column.type) or not len(present):
        return "text"
    if pc.all(pc.match_substring_regex(present, WHOLE_NUMBER)).as_py():
        return "integer"
    return "text" if read_column(column, "real").unreadable.any() else "real"


def read_column(column: pa.ChunkedArray, kind: Kind) -> Column:
    """Read a column as a kind; what doesn't fit is marked, never coerced.

    Parameters
    ----------
    column : pyarrow.ChunkedArray, shape (rows,)
        Text from a CSV file, or a typed column from Parquet.
    kind : {"integer", "real", "text"}
    """
    if kind == "text":
        text = as_text(column).to_pandas().astype("str").array
        return Column(text, np.zeros(len(text), bool))
    numbers = _parse_whole(column) if kind == "integer" else _parse_real(column)
    missing = np.asarray(pd.isna(numbers))
    return Column(numbers, missing & column.is_valid().to_numpy() if missing.any() else missing)


def _parse_real(column: pa.ChunkedArray) -> np.ndarray:
    """Finite numbers as float64, NaN elsewhere."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        numbers = pc.cast(column, pa.float64(), safe=False)
    else:
        numbers = pc.cast(_keep_matching(as_text(column), DECIMAL_NUMBER), pa.float64())
    values = numbers.to_numpy()
    return np.where(np.isfinite(values), values, np.nan)


def _parse_whole(column: pa.ChunkedArray) -> pd.arrays.IntegerArray:
    """Whole numbers as Int64, exact; missing elsewhere."""
    kind = column.type
    if pa.types.is_floating(kind):
        numbers = _parse_real(column)
        fits = (np.abs(numbers) < 2**53) & (np.mod(numbers, 1) == 0)
        return pd.arrays.IntegerArray(np.where(fits, numbers, 0).astype(np.int64), ~fits)
    if not pa.types.is_signed_integer(kind):
        undotted = pc.replace_substring_regex(as_text(column), r"([0-9])\.0*\s*$", r"\1")
        column = _keep_matching(undotted, WHOLE_NUMBER)
    whole = pc.cast(column, pa.int64())
    missing = whole.is_null().to_numpy()
    return pd.arrays.IntegerArray(pc.fill_null(whole, 0).to_numpy(), missing)


def _keep_matching(text: pa.ChunkedArray, pattern: str) -> pa.ChunkedArray:
    """The cells that match, without white space around them; missing elsewhere."""
    cells = pc.ascii_trim_whitespace(text)
    return pc.if_else(pc.match_substring_regex(cells, pattern), cells, pa.scalar(None, pa.string()))


@dataclass(frozen=True)
class Layout:
    """The columns that matter, by role and kind.

    Attributes
    ----------
    label : str
        The column that a model learns to predict; always read as text.
    kinds : dict of str to kind
        The feature columns, in the reference's order.
    personal : tuple of str
        Columns whose cells no finding shows.
    """

    label: str
    kinds: dict[str, Kind]
    personal: tuple[str, ...] = ()

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """Feature columns that hold numbers."""
        return tuple(c for c, kind in self.kinds.items() if kind != "text")

    @cached_property
    def categorical(self) -> tuple[str, ...]:
        """Feature columns that hold levels."""
        return tuple(c for c, kind in self.kinds.items() if kind == "text")

    @classmethod
    def infer(cls, table: pa.Table, data: DataParams) -> "Layout":
        """Learn the layout from trusted rows, which may all be text.

        Raises
        ------
        PratiqueError
            If the label column, or a column that params.yaml names, is not there, or no feature is left.
        """
        return cls(data.label, {c: infer_kind(table[c]) for c in _features(table, data)}, data.personal)

    @classmethod
    def of_types(cls, table: pa.Table, data: DataParams) -> "Layout":
        """Take the layout of rows that already have their types: int64, float64 or text.

        Raises
        ------
        PratiqueError
            As `infer`.
        """
        kinds: dict[pa.DataType, Kind] = {pa.int64(): "integer", pa.float64(): "real"}
        named = {c: kinds.get(table.schema.field(c).type, "text") for c in _features(table, data)}
        return cls(data.label, named, data.personal)


def _features(table: pa.Table, data: DataParams) -> list[str]:
    named = {"label": data.label, **{f"ignore[{i}]": c for i, c in enumerate(data.ignore)}}
    if data.id is not None:
        named["id"] = data.id
    personal = {f"personal[{i}]": c for i, c in enumerate(data.personal)}
    for key, column in (named | personal).items():
        if column not in table.column_names:
            known = ", ".join(table.column_names[:12])
            raise PratiqueError(
                f"params.yaml: data.{key}: column '{column}' is not in the trusted rows; they have {known}"
            )
    features = [c for c in table.column_names if c not in named.values()]
    if not features:
        raise PratiqueError("trusted rows: no feature column is left beside label, id and ignored columns")
    return features
