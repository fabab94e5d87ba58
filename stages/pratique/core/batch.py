"""A batch: rows that came in together, as they came and as the layout reads them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa

from pratique.core.errors import UnreadableBatch
from pratique.core.layout import Column, Layout, as_text

MOST_ROWS_AT_ONCE = 100_000
"""Rows up to which all cells are read at once; of a larger batch only those of a part, while it is looked at."""
CACHED_ARRAYS = ("numeric", "categorical", "labels")
"""Arrays, one line a row, that a batch reads from its table once."""
HASHES = ("content", "features")
"""What is made of these, and goes along with the rows where it was made."""


@dataclass(frozen=True)
class Reading:
    """Something that was read otherwise than trusted rows are written: nothing is converted silently.

    Attributes
    ----------
    words : str
        What stood there.
    column : str, optional
        None where it concerns the file.
    cells : int
        How many cells it was in; 0 where it concerns the file.
    """

    words: str
    column: str | None = None
    cells: int = 0

    @property
    def text(self) -> str:
        """For people."""
        if self.column is None:
            return self.words
        return f"{self.column}: {self.words} in {self.cells:,} cell{'' if self.cells == 1 else 's'}"


@dataclass(frozen=True)
class Batch:
    """Rows under one name, with the layout that says how to read them.

    A batch never fails on what is in its cells: a cell that can't be read is missing in `frame`
    and marked in `columns`; a column that is not there is missing throughout.

    Attributes
    ----------
    name : str
        `<source>/<stem>` in the pipeline.
    table : pyarrow.Table
        The rows as they came, in their order.
    layout : Layout
    """

    name: str
    table: pa.Table
    layout: Layout

    def __post_init__(self) -> None:
        _check_unique(self.name, self.table.column_names)

    @classmethod
    def from_frame(cls, name: str, frame: pd.DataFrame, layout: Layout) -> "Batch":
        """A batch of a pandas frame; its index is dropped, columns of mixed types are read as text."""
        return cls(name, table_of_frame(frame, name), layout)

    def __len__(self) -> int:
        return self.table.num_rows

    @cached_property
    def missing_columns(self) -> tuple[str, ...]:
        """Columns of the layout that the batch lacks."""
        present = set(self.table.column_names)
        return tuple(c for c in (*self.layout.kinds, self.layout.label) if c not in present)

    @cached_property
    def columns(self) -> Mapping[str, Column]:
        """Features and label by name, as read: once, unless there are very many rows."""
        return _Columns(self.table, self.layout)

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """What was read otherwise than the columns are written, in the order of the columns."""
        return tuple(
            Reading(words, name, int(where.sum()))
            for name, column in self.columns.items()
            for words, where in sorted(column.readings.items())
        )

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Features and label as typed columns, rows numbered from 0."""
        return pd.DataFrame({name: column.values for name, column in self.columns.items()})

    @cached_property
    def typed_table(self) -> pa.Table:
        """The rows as training reads them: features and label first, in the reference's order and kinds."""
        read = {name: pa.array(column.values, from_pandas=True) for name, column in self.columns.items()}
        return pa.table(read | {name: self.table[name] for name in self.table.column_names if name not in read})

    @cached_property
    def numeric(self) -> np.ndarray:
        """The numeric features, float64 of shape (rows, numeric columns), NaN where missing."""
        out = np.empty((len(self), len(self.layout.numeric)))
        for i, name in enumerate(self.layout.numeric):
            out[:, i] = self.columns[name].numbers
        return out

    @cached_property
    def sorted_numeric(self) -> np.ndarray:
        """Each numeric column in increasing order, missing numbers first, as -inf; shape of `numeric`."""
        ordered = np.empty((len(self.layout.numeric), len(self)))
        for name, cells in zip(self.layout.numeric, ordered, strict=True):
            cells[:] = self.numbers(name)
            cells[np.isnan(cells)] = -np.inf
            cells.sort()
        return ordered.T

    @cached_property
    def categorical(self) -> np.ndarray:
        """The categorical features as text, shape (rows, categorical columns), '' where missing."""
        out = np.empty((len(self), len(self.layout.categorical)), dtype=object)
        for i, name in enumerate(self.layout.categorical):
            out[:, i] = self.columns[name].values.fillna("").to_numpy(object)
        return out

    @cached_property
    def labels(self) -> np.ndarray:
        """The labels as text, shape (rows,), '' where missing."""
        return self.columns[self.layout.label].values.fillna("").to_numpy(str)

    def numbers(self, name: str) -> np.ndarray:
        """One numeric feature, as `numeric` has it."""
        if len(self) <= MOST_ROWS_AT_ONCE or "numeric" in self.__dict__:
            return np.asarray(self.numeric[:, self.layout.numeric.index(name)])
        return np.asarray(self.columns[name].numbers, np.float64)

    def texts(self, name: str) -> np.ndarray:
        """One categorical feature as text, as `categorical` has it."""
        if len(self) <= MOST_ROWS_AT_ONCE or "categorical" in self.__dict__:
            return np.asarray(self.categorical[:, self.layout.categorical.index(name)])
        return self.columns[name].values.fillna("").to_numpy(object)

    @cached_property
    def level_counts(self) -> dict[str, dict[str, int]]:
        """How many rows have each level, in the order of their names, '' where missing; of the labels, too."""
        counts = {name: _count(self.texts(name)) for name in self.layout.categorical}
        return {**counts, self.layout.label: _count(self.labels)}

    def view(self, key: bytes, make: Callable[[], np.ndarray]) -> np.ndarray:
        """What is made of the rows under this key, made once for all checks, and never written into."""
        if key not in self._views:
            self._views[key] = make()
            self._views[key].flags.writeable = False
        return self._views[key]

    @cached_property
    def _views(self) -> dict[bytes, np.ndarray]:
        return {}

    @cached_property
    def order(self) -> np.ndarray | None:
        """Positions of the rows in the order in which they were taken, those without a time last; None if unknown."""
        name = self.layout.time
        if name is None or name not in self.table.column_names:
            return np.arange(len(self)) if self.layout.ordered else None
        return np.asarray(_to_times(self.table[name]).argsort(kind="stable"))

    @cached_property
    def content(self) -> np.ndarray:
        """A hash of what each row holds, uint64 of shape (rows,): the same wherever the row stands."""
        return self._hash(lambda part: part._cells.assign(label=part.labels))

    @cached_property
    def features(self) -> np.ndarray:
        """The same without the label."""
        return self._hash(lambda part: part._cells)

    def _hash(self, cells: Callable[["Batch"], pd.DataFrame]) -> np.ndarray:
        parts = [pd.util.hash_pandas_object(cells(part), index=False) for part in self.parts(MOST_ROWS_AT_ONCE)]
        return np.concatenate([np.asarray(part) for part in parts])

    @property
    def _cells(self) -> pd.DataFrame:
        return pd.DataFrame(self.numeric).join(pd.DataFrame(self.categorical.astype(str)).add_prefix("text "))

    def take(self, rows: np.ndarray) -> "Batch":
        """The rows at these positions, in this order, as a batch of the same name.

        Cells are not read again, unless there are very many: calibration takes thousands of samples of one reference.
        """
        taken = Batch(self.name, self.table.take(pa.array(rows, pa.int64())), self.layout)
        for view in (*CACHED_ARRAYS, *HASHES):
            if view in self.__dict__ or (len(self) <= MOST_ROWS_AT_ONCE and view not in HASHES):
                taken.__dict__[view] = getattr(self, view)[rows]
        return taken

    def parts(self, rows: int) -> Iterator["Batch"]:
        """Consecutive parts of at most so many rows, which are read by themselves; a small batch is its only part."""
        if len(self) <= rows:
            yield self
            return
        for begin in range(0, len(self), rows):
            yield Batch(self.name, self.table.slice(begin, rows), self.layout)

    def append(self, other: "Batch") -> "Batch":
        """The rows of both, which have the same columns and layout; cells are not read again."""
        both = Batch(self.name, pa.concat_tables([self.table, other.table]), self.layout)
        for view in CACHED_ARRAYS:
            both.__dict__[view] = np.concatenate([getattr(self, view), getattr(other, view)])
        return both


class _Columns(Mapping[str, Column]):
    """Columns that are read when they are asked for; of more than `MOST_ROWS_AT_ONCE` rows one is kept."""

    def __init__(self, table: pa.Table, layout: Layout) -> None:
        self.table, self.layout = table, layout
        self.names = dict.fromkeys((*layout.kinds, layout.label))
        self.read: dict[str, Column] = {}

    def __getitem__(self, name: str) -> Column:
        if name not in self.names:
            raise KeyError(name)
        if name in self.read:
            return self.read[name]
        rows, place = self.table.num_rows, self.table.schema.get_field_index(name)
        cells = self.table.column(place) if place >= 0 else pa.chunked_array([pa.nulls(rows, pa.string())])
        column = self.layout.read(name, cells)
        if rows > MOST_ROWS_AT_ONCE:
            self.read.clear()
        self.read[name] = column
        return column

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


def _count(cells: np.ndarray) -> dict[str, int]:
    """How often each text comes, sorted."""
    codes, names = pd.factorize(cells)
    counts = np.bincount(codes, minlength=len(names)).tolist()
    return dict(sorted((str(name), count) for name, count in zip(names, counts, strict=True)))


def _to_times(column: pa.ChunkedArray) -> np.ndarray:
    """Times that can be compared, float64 of shape (rows,), NaN where there is none; `1.2.2024` is in February."""
    cells = column.to_pandas()
    if pd.api.types.is_numeric_dtype(cells):
        return cells.to_numpy(np.float64)
    times = pd.to_datetime(cells, format="ISO8601", errors="coerce", utc=True)
    others = pd.to_datetime(cells.where(times.isna()), format="mixed", dayfirst=True, errors="coerce", utc=True)
    times = times.fillna(others)
    since = (times - pd.Timestamp(0, tz="UTC")).dt.total_seconds()
    return since.to_numpy(np.float64)


def table_of_frame(frame: pd.DataFrame, name: str) -> pa.Table:
    """A pandas frame as an Arrow table; its index is dropped, columns of mixed types are read as text.

    Raises
    ------
    UnreadableBatch
        If two columns share a name; `name` says which frame.
    """
    _check_unique(name, [str(column) for column in frame.columns])
    return pa.table({str(column): _to_arrow(cells) for column, cells in frame.items()})


def _to_arrow(cells: pd.Series) -> pa.ChunkedArray:
    """A pandas column as Arrow has it; text where its cells are of several types."""
    try:
        array = pa.array(cells, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        array = pa.array(cells.astype("str"), from_pandas=True)
    column = pa.chunked_array(array)
    return as_text(column) if pa.types.is_large_string(column.type) else column


def _check_unique(name: str, columns: list[str]) -> None:
    repeated = sorted(column for column, count in Counter(columns).items() if count > 1)
    if repeated:
        raise UnreadableBatch(f"{name}: column '{repeated[0]}' appears more than once; name each column once")
