"""What the columns of a table mean: the label, the features, their kinds, and how their cells are written."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pratique.core.columns import AS_IT_IS, NUMERIC, Kind, Writing
from pratique.core.image_params import ImageSize
from pratique.core.numbers import DECIMAL_NUMBER, SPREADSHEET_WORDS, WHOLE_NUMBER, read_number, to_plain
from pratique.core.params import DataParams

WHOLE_WORDS = "a decimal point in a whole number"
SPELLING_WORDS = "another spelling of the same value"


@dataclass(frozen=True)
class Column:
    """The cells of one column, read as one kind.

    Attributes
    ----------
    cells : ExtensionArray or ndarray, shape (rows,)
        `Int64`, `float64` or `str`, missing where the cell is missing or unreadable.
    unreadable : ndarray of bool, shape (rows,)
        Cells that hold something which is not of this kind: text in a number, 7.9 in a whole number, an infinity.
    ambiguous : ndarray of bool, shape (rows,)
        Unreadable ones that could mean two numbers, as 1,234 could.
    readings : mapping of str to ndarray of bool
        What was read otherwise than the column is written: in words, and in which cells.
    """

    cells: pd.api.extensions.ExtensionArray | np.ndarray
    unreadable: np.ndarray
    ambiguous: np.ndarray
    readings: Mapping[str, np.ndarray] = field(default_factory=dict)

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

    def hold_converted(self) -> "Column":
        """The same, where what is not written as the column is written can't be read."""
        converted = np.logical_or.reduce([*self.readings.values(), np.zeros(len(self.unreadable), bool)])
        if not converted.any():
            return self
        cells = self.cells.copy()
        cells[converted] = np.nan if isinstance(cells, np.ndarray) else pd.NA
        return Column(cells, self.unreadable | converted, self.ambiguous, self.readings)


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Every cell as text; a missing cell stays missing."""
    return column if pa.types.is_string(column.type) else pc.cast(column, pa.string())


def read_column(column: pa.ChunkedArray, kind: Kind, writing: Writing = AS_IT_IS) -> Column:
    """Read a column as a kind; what doesn't fit is marked, never coerced.

    Parameters
    ----------
    column : pyarrow.ChunkedArray, shape (rows,)
        Text from a CSV file, or a typed column from Parquet.
    kind : Kind
    writing : Writing
        How its cells are written.
    """
    if kind not in NUMERIC:
        return _read_levels(as_text(column), kind, writing)
    if pa.types.is_floating(column.type) or pa.types.is_integer(column.type):
        return _read_typed(column, kind, writing)
    if pa.types.is_null(column.type) or pa.types.is_boolean(column.type):
        column = as_text(column)
    said = to_plain(as_text(column), writing.format, writing.missing)
    readings = dict(said.readings)
    if kind == "real":
        numbers: pd.api.extensions.ExtensionArray | np.ndarray = _parse_real(said.text)
    else:
        numbers, dotted = _parse_whole_text(said.text, readings.get(SPREADSHEET_WORDS))
        readings |= {WHOLE_WORDS: dotted} if dotted.any() else {}
    missing = np.asarray(pd.isna(numbers))
    unreadable = missing & ~said.absent
    readings = {words: where & ~unreadable for words, where in readings.items()}
    return Column(numbers, unreadable, said.ambiguous, {w: where for w, where in readings.items() if where.any()})


def _read_typed(column: pa.ChunkedArray, kind: Kind, writing: Writing) -> Column:
    """Cells that are numbers already; those that stand for a missing value are missing."""
    absent = column.is_null().to_numpy()
    markers = [float(read.plain) for read in map(read_number, writing.missing) if read.plain is not None]
    if markers:
        marked = np.isin(pc.cast(column, pa.float64(), safe=False).to_numpy(), markers)
        absent = absent | marked
        column = pc.if_else(pa.array(marked), pa.scalar(None, column.type), column)
    numbers = _parse_real(column) if kind == "real" else _parse_whole(column)
    missing = np.asarray(pd.isna(numbers))
    return Column(numbers, missing & ~absent, np.zeros(len(missing), bool))


def _parse_real(column: pa.ChunkedArray) -> np.ndarray:
    """Finite numbers as float64, NaN elsewhere; text holds plain numbers only."""
    if pa.types.is_string(column.type):
        column = pc.if_else(pc.match_substring_regex(column, DECIMAL_NUMBER), column, pa.scalar(None, pa.string()))
    values = pc.cast(column, pa.float64(), safe=False).to_numpy()
    return np.where(np.isfinite(values), values, np.nan)


def _parse_whole(column: pa.ChunkedArray) -> pd.arrays.IntegerArray:
    """Whole numbers as Int64, exact; missing elsewhere."""
    if pa.types.is_floating(column.type):
        numbers = _parse_real(column)
        fits = (np.abs(numbers) < 2**53) & (np.mod(numbers, 1) == 0)
        return pd.arrays.IntegerArray(np.where(fits, numbers, 0).astype(np.int64), ~fits)
    whole = pc.cast(column, pa.int64())
    missing = whole.is_null().to_numpy()
    return pd.arrays.IntegerArray(pc.fill_null(whole, 0).to_numpy(), missing)


def _parse_whole_text(
    text: pa.ChunkedArray, spreadsheet: np.ndarray | None
) -> tuple[pd.arrays.IntegerArray, np.ndarray]:
    """Whole numbers of plain text, and which had a decimal point; exponents count where a spreadsheet wrote them."""
    undotted = pc.replace_substring_regex(text, r"([0-9])\.0*$", r"\1")
    dotted = pc.fill_null(pc.not_equal(undotted, text), False).to_numpy()
    whole = pc.if_else(pc.match_substring_regex(undotted, WHOLE_NUMBER), undotted, pa.scalar(None, pa.string()))
    numbers = _parse_whole(whole)
    if spreadsheet is not None:
        rows = np.flatnonzero(spreadsheet)
        numbers = numbers.copy()
        numbers[rows] = _parse_whole(pa.chunked_array([pa.array(_parse_real(text.take(pa.array(rows))), pa.float64())]))
    return numbers, dotted & ~np.asarray(numbers.isna())


def value_of(cell: str) -> str:
    """What a cell says, whatever its spelling: `true` and `True`, `1`, `1.0` and `1 ` are one value, `01` is another.

    Examples
    --------
    >>> value_of("True ") == value_of("true"), value_of("1.0") == value_of("1"), value_of("01") == value_of("1")
    (True, True, False)
    """
    text = cell.strip(" \t\r\n")
    number = read_number(text)
    if number.plain is not None and not number.words and "e" not in text.lower():
        value = Decimal(number.plain)
        return f"{value.normalize():f}" if value else "0"
    return text.lower() if text.lower() in ("true", "false") else text


def _read_levels(text: pa.ChunkedArray, kind: Kind, writing: Writing) -> Column:
    """Text, each value in the one spelling that trusted rows have for it."""
    nowhere = np.zeros(len(text), bool)
    if writing.missing:
        marked = pc.is_in(text, value_set=pa.array(writing.missing, pa.string()))
        text = pc.if_else(marked, pa.scalar(None, pa.string()), text)
    if not writing.levels:
        return Column(text.to_pandas().astype("str").array, nowhere, nowhere)
    cells = text.combine_chunks().dictionary_encode()
    spellings = Spellings.of(writing.levels, either=kind == "boolean")
    spelled = [spellings.spell(cell) for cell in cells.dictionary.to_pylist()]
    changed = pc.not_equal(cells.dictionary, pa.array(spelled, pa.string()))
    if not pc.any(changed).as_py():
        return Column(text.to_pandas().astype("str").array, nowhere, nowhere)
    respelled = pc.fill_null(pc.take(changed, cells.indices), False).to_numpy(zero_copy_only=False)
    text = pc.take(pa.array(spelled, pa.string()), cells.indices)
    return Column(text.to_pandas().astype("str").array, nowhere, nowhere, {SPELLING_WORDS: respelled})


@dataclass(frozen=True)
class Spellings:
    """How trusted rows spell values.

    Attributes
    ----------
    levels : frozenset of str
    by_value : dict of str to str
        The spelling of each value (`value_of`) that has one.
    """

    levels: frozenset[str]
    by_value: dict[str, str]

    @classmethod
    def of(cls, levels: tuple[str, ...], either: bool = False) -> "Spellings":
        """From the levels of a column; `either` takes the first of two spellings of a value instead of none."""
        known: dict[str, list[str]] = {}
        for level in levels:
            known.setdefault(value_of(level), []).append(level)
        one = {value: spelled[0] for value, spelled in known.items() if either or len(spelled) == 1}
        return cls(frozenset(levels), one)

    def spell(self, cell: str) -> str:
        """A cell in the spelling of trusted rows, if they have one for its value; else as it is.

        Examples
        --------
        >>> Spellings.of(("0", "1")).spell("1.0"), Spellings.of(("1", "01", "1.00")).spell("1.0")
        ('1', '1.0')
        """
        return cell if cell in self.levels else self.by_value.get(value_of(cell), cell)


@dataclass(frozen=True)
class Layout:
    """The columns that matter, by role and kind.

    Attributes
    ----------
    label : str
        The column that a model learns to predict; always read as text.
    kinds : dict of str to Kind
        The feature columns, in the reference's order.
    personal : tuple of str
        Columns whose cells no finding and no report shows: those of `data.personal`, or all where `data.cells` hides.
    writings : mapping of str to Writing
        How the cells of columns are written that are not written plainly.
    ignored : tuple of str
        Columns that a batch may have and nobody examines.
    time : str, optional
        The column that says when a row was taken.
    ordered : bool
        Whether rows stand in the order in which they were taken.
    formats : {"read", "hold"}
        What becomes of a cell that is written in another format than trusted ones and has one meaning.
    image : tuple of int, optional
        Height, width and channels of a row, where rows are images.
    """

    label: str
    kinds: dict[str, Kind]
    personal: tuple[str, ...] = ()
    writings: Mapping[str, Writing] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    time: str | None = None
    ordered: bool = False
    formats: Literal["read", "hold"] = "read"
    image: ImageSize | None = None

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every column that is known by name."""
        return (*self.kinds, self.label, *self.ignored)

    @cached_property
    def numeric(self) -> tuple[str, ...]:
        """Feature columns that hold numbers."""
        return tuple(c for c, kind in self.kinds.items() if kind in NUMERIC)

    @cached_property
    def categorical(self) -> tuple[str, ...]:
        """Feature columns that hold levels."""
        return tuple(c for c, kind in self.kinds.items() if kind not in NUMERIC)

    def may_show(self, name: str, cell: str | None) -> bool:
        """Whether people may see a cell as it stands.

        None of a personal column. Where there are such columns, of others a known level and an empty cell only: in a
        row whose cells went astray a person's cell stands in any column. Levels that are not listed are shown.
        """
        if name in self.personal:
            return False
        if not self.personal or not cell:
            return True
        levels = self.writings.get(name, AS_IT_IS).levels
        return cell in levels if levels else name not in self.numeric

    def hides_any(self, columns: Collection[str]) -> bool:
        """Whether one of some columns is personal."""
        return not set(self.personal).isdisjoint(columns)

    def read(self, name: str, cells: pa.ChunkedArray, kind: Kind | None = None) -> Column:
        """Read the cells of one of the columns as they are written there; by its own kind if none is given."""
        chosen = kind or self.kinds.get(name, "target" if name == self.label else "text")
        column = read_column(cells, chosen, self.writings.get(name, AS_IT_IS))
        return column.hold_converted() if self.formats == "hold" else column

    @classmethod
    def of(cls, kinds: dict[str, Kind], data: DataParams, writings: Mapping[str, Writing]) -> "Layout":
        """The layout of features of these kinds, with the roles that params.yaml gives."""
        every = dict.fromkeys([*kinds, data.label, *data.ignore, *filter(None, (data.id, data.time))])
        personal = data.personal if data.cells == "show" else (*every,)
        image = data.image_size
        return cls(data.label, kinds, personal, writings, data.ignore, data.time, data.ordered, data.formats, image)
