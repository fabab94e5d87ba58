"""What the columns of a table mean: the label, the features and their kinds, learned from trusted rows."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from stages.core.errors import PratiqueError
from stages.core.params import DataParams

Kind = Literal["integer", "real", "text"]
KINDS: tuple[Kind, ...] = get_args(Kind)

WHOLE = r"^(0|-?[1-9][0-9]{0,17})$"
"""A whole number as programs write it. `007` is a code, not a number."""


@dataclass(frozen=True)
class Column:
    """The cells of one column, read as one kind.

    Attributes
    ----------
    values : pandas.Series, shape (rows,)
        `Int64`, `float64` or `str`, missing where the cell is missing or unreadable.
    unreadable : ndarray of bool, shape (rows,)
        Cells that hold something which is not of this kind: text in a number, 7.9 in a whole
        number, an infinity.
    """

    values: pd.Series
    unreadable: np.ndarray


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
    if pc.all(pc.match_substring_regex(present, WHOLE)).as_py():
        return "integer"
    if pc.any(pc.match_substring_regex(present, r"^-?0[0-9]")).as_py():
        return "text"
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
        text = as_text(column).to_pandas().astype("str")
        return Column(text, np.zeros(len(text), bool))
    missing = column.is_null().to_numpy(zero_copy_only=False)
    if kind == "integer" and not pa.types.is_floating(column.type):
        text = as_text(column)
        fits = pc.fill_null(pc.match_substring_regex(text, WHOLE), False)
        exact = pc.cast(pc.if_else(fits, text, pa.scalar(None, pa.string())), pa.int64())
        whole = exact.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
        rest = ~fits.to_numpy(zero_copy_only=False) & ~missing
        if rest.any():
            whole = whole.copy()
            whole[rest] = _whole(_numbers(text)[rest])
    else:
        numbers = _numbers(column)
        whole = pd.Series(_whole(numbers) if kind == "integer" else numbers)
    return Column(whole, whole.isna().to_numpy(bool) & ~missing)


def _numbers(column: pa.ChunkedArray) -> np.ndarray:
    """Finite float64 values, shape (rows,), NaN elsewhere."""
    cells = column.to_pandas()
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _whole(numbers: np.ndarray) -> pd.arrays.IntegerArray:
    """Whole numbers that float64 holds exactly, as Int64; missing elsewhere."""
    fits = (np.abs(numbers) <= 2**53) & (np.mod(numbers, 1) == 0)
    return pd.arrays.IntegerArray(np.where(fits, numbers, 0).astype(np.int64), ~fits)


@dataclass(frozen=True)
class Layout:
    """The columns that matter, by role and kind.

    Attributes
    ----------
    label : str
        The column that a model learns to predict; always read as text.
    kinds : dict of str to kind
        The feature columns, in the reference's order.
    """

    label: str
    kinds: dict[str, Kind]

    @property
    def numeric(self) -> tuple[str, ...]:
        """Feature columns that hold numbers."""
        return tuple(c for c, kind in self.kinds.items() if kind != "text")

    @property
    def categorical(self) -> tuple[str, ...]:
        """Feature columns that hold levels."""
        return tuple(c for c, kind in self.kinds.items() if kind == "text")

    @classmethod
    def infer(cls, table: pa.Table, data: DataParams) -> "Layout":
        """Learn the layout from trusted rows.

        Raises
        ------
        PratiqueError
            If the label column, or a column that params.yaml names, is not there, or no feature is left.
        """
        named = {"label": data.label, **{f"ignore[{i}]": c for i, c in enumerate(data.ignore)}}
        if data.id is not None:
            named["id"] = data.id
        for key, column in named.items():
            if column not in table.column_names:
                known = ", ".join(table.column_names[:12])
                raise PratiqueError(
                    f"params.yaml: data.{key}: column '{column}' is not in the reference; it has {known}"
                )
        features = [c for c in table.column_names if c not in named.values()]
        if not features:
            raise PratiqueError("data/reference: no feature column is left beside label, id and ignored columns")
        return cls(data.label, {c: infer_kind(table[c]) for c in features})
