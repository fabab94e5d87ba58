"""What an attack is: a seeded way to poison a batch whose truth is then known."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field

from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import as_text
from pratique.core.params import ModelKind


@dataclass(frozen=True)
class PoisonedBatch:
    """A poisoned copy of a batch, and the truth about it.

    Attributes
    ----------
    batch : Batch
    rows : ndarray of int, sorted
        Positions, in the poisoned batch, of the rows that the attack changed or inserted.
    origin : ndarray of int, shape (rows of the poisoned batch,)
        The position each row had in the clean batch; -1 for an inserted row.
    """

    batch: Batch
    rows: np.ndarray
    origin: np.ndarray


class Attack(BaseModel, ABC):
    """An attack and its params: the fields of a subclass."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    backdoor: ClassVar[bool] = False
    """Whether the poison plants a trigger, whose success the drill then measures."""
    proxy: ClassVar[ModelKind | None] = None
    """The kind of model that the poison is optimised against: the drill can tell how it transfers to others."""

    @abstractmethod
    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Poison `count_poisoned(batch, rate)` rows, or as many as are eligible; at rate 0 nothing changes."""


Added = Annotated[bool, Field(description="Poisoned copies come beside the rows, which stay, not in their place.")]


def count_poisoned(batch: Batch, rate: float) -> int:
    """The number of rows that a rate in [0, 1] stands for, rounded half up."""
    return int(np.floor(rate * len(batch) + 0.5))


def choose_rows(eligible: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Sorted positions of `count` rows drawn without replacement; all of them where fewer are eligible."""
    return np.sort(rng.choice(eligible, min(count, len(eligible)), replace=False))


def rewrite_cells(
    batch: Batch, cells: Mapping[str, np.ndarray], rate: float, rng: np.random.Generator
) -> PoisonedBatch:
    """Write cells into `count_poisoned(batch, rate)` rows, drawn among those in which at least one cell really changes.

    Parameters
    ----------
    batch : Batch
        The clean batch.
    cells : mapping of str to ndarray, each of shape (rows of the batch,)
        What each row would hold, by feature or label: numbers as float64, anything else as text; a missing
        one (NaN, None) leaves the cell. A cell that is missing or unreadable stays as it came.
    """
    numbers = dict(zip(batch.layout.numeric, batch.numeric.T, strict=True))
    texts = dict(zip(batch.layout.categorical, batch.categorical.T, strict=True))
    texts[batch.layout.label] = batch.labels.astype(object)
    eligible, new = np.zeros(len(batch), bool), {}
    for name, values in cells.items():
        old = numbers[name] if name in numbers else texts[name]
        absent = np.isnan(old) if name in numbers else old == ""
        stays = absent | pd.isna(values) | (old == values)
        eligible |= ~stays
        new[name] = np.where(stays, np.nan, values.astype(old.dtype))
    rows = choose_rows(np.flatnonzero(eligible), count_poisoned(batch, rate), rng)
    return overwrite_cells(batch, rows, {name: values[rows] for name, values in new.items()})


def draw_insertions(batch: Batch, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw positions for new rows: theirs in the poisoned batch, sorted, and the `origin` of all its rows."""
    rows = choose_rows(np.arange(len(batch) + count), count, rng)
    origin = np.full(len(batch) + count, -1)
    origin[np.setdiff1d(np.arange(len(origin)), rows)] = np.arange(len(batch))
    return rows, origin


def insert_beside(batch: Batch, poisoned: PoisonedBatch, rng: np.random.Generator) -> PoisonedBatch:
    """Keep every row of the clean batch, and insert the rows that an attack changed as new ones among them.

    Columns that are no feature (id, ignored), and cells that are missing or can't be read, are missing in the
    new rows.
    """
    rows, origin = draw_insertions(batch, len(poisoned.rows), rng)
    label = poisoned.batch.labels[poisoned.rows]
    return overwrite_cells(
        batch, rows, {**copy_cells(poisoned.batch, poisoned.rows), batch.layout.label: label}, origin
    )


def overwrite_cells(
    batch: Batch, rows: np.ndarray, cells: Mapping[str, np.ndarray], origin: np.ndarray | None = None
) -> PoisonedBatch:
    """Overwrite cells of `rows`; every other cell, and the type of every column, stays as it came.

    Parameters
    ----------
    batch : Batch
        The clean batch.
    rows : ndarray of int, sorted
        Positions, in the poisoned batch, of the rows that the attack changes or inserts.
    cells : mapping of str to ndarray, each of shape (len(rows),)
        New values by column, numbers as float64 and anything else as text; a missing one (NaN, None) leaves
        the cell. A column that the batch lacks stays lacking.
    origin : ndarray of int, optional
        Where rows are inserted: the clean position of every row of the poisoned batch, -1 for an inserted
        one, whose cells are missing unless `cells` fills them.

    Raises
    ------
    PratiqueError
        If a column of the batch can't hold a value, such as a target class in words among whole numbers.
    """
    table, whole = batch.table, whole_numbers(batch)
    if origin is None:
        origin = np.arange(len(batch))
    else:
        table = table.take(pa.array(origin, pa.int64(), mask=origin < 0))
    columns = dict(zip(table.column_names, table.columns, strict=True))
    for name, values in cells.items():
        given = pd.notna(values)
        if name not in columns or not given.any():
            continue
        here = np.zeros(table.num_rows, bool)
        here[rows[given]] = True
        try:
            new = _cast_cells(columns[name].type, values[given], name in whole)
            columns[name] = pc.replace_with_mask(columns[name], here, new)
        except pa.ArrowInvalid as error:
            raise PratiqueError(f"{batch.name}: column '{name}': an attack can't write there: {error}") from error
    table = pa.table(list(columns.values()), schema=table.schema)
    return PoisonedBatch(Batch(batch.name, table, batch.layout), rows, origin)


def _cast_cells(kind: pa.DataType, values: np.ndarray, whole: bool) -> pa.Array:
    """Make cells of a column's type; a whole number becomes `7`, not `7.0`, in a column of text."""
    rounds = whole and values.dtype.kind == "f"
    cells = pa.array(np.rint(values) if rounds else values)
    if rounds and not pa.types.is_floating(kind):
        cells = cells.cast(pa.int64())
    return cells if cells.type == kind else cells.cast(kind)


def whole_numbers(batch: Batch) -> tuple[str, ...]:
    """Name the numeric features whose cells stay whole: by the layout, or by the batch's own column type."""
    typed = {field.name for field in batch.table.schema if pa.types.is_integer(field.type)}
    return tuple(c for c in batch.layout.numeric if batch.layout.kinds[c] == "integer" or c in typed)


@dataclass(frozen=True)
class LegalValues:
    """What the numeric features of a batch may hold: its own range, and whole numbers where they are whole.

    Attributes
    ----------
    lowest, highest : ndarray of float, shape (numeric columns,)
        NaN where a column holds no number.
    whole : ndarray of bool, shape (numeric columns,)
    """

    lowest: np.ndarray
    highest: np.ndarray
    whole: np.ndarray

    @classmethod
    def of(cls, batch: Batch) -> "LegalValues":
        """Read it off the batch itself."""
        return cls(
            np.fmin.reduce(batch.numeric, axis=0, initial=np.nan),
            np.fmax.reduce(batch.numeric, axis=0, initial=np.nan),
            np.isin(batch.layout.numeric, whole_numbers(batch)),
        )

    @property
    def varies(self) -> np.ndarray:
        """Columns that hold at least two different numbers."""
        return self.lowest < self.highest

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """The nearest legal values to these, shape (rows, numeric columns)."""
        return np.clip(np.where(self.whole, np.rint(values), values), self.lowest, self.highest)


@np.errstate(over="ignore", invalid="ignore")
def standard_deviations(batch: Batch) -> np.ndarray:
    """Population standard deviation of each numeric feature; NaN where it holds no number."""
    return np.ma.masked_invalid(batch.numeric).std(axis=0).filled(np.nan)


@np.errstate(over="ignore")
def add_noise(batch: Batch, rows: np.ndarray, scale: float, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Normal noise of `scale` standard deviations on every number of `rows`, within the legal values.

    A missing or unreadable cell stays as it came. In a row that clipping and rounding bring back to itself, one
    cell moves all the same: the one that drew the most standard deviations, by its noise or the smallest step
    there is, towards the farther end of its range. Only a row without a number in a column that varies stays.
    """
    old, legal = batch.numeric[rows], LegalValues.of(batch)
    if not old.size:
        return {}
    movable = ~np.isnan(old) & legal.varies
    draw = rng.normal(size=old.shape)
    noise = draw * scale * standard_deviations(batch)
    new = legal(old + noise)
    new[~movable | (new == old)] = np.nan

    still = np.isnan(new).all(axis=1) & movable.any(axis=1)
    cell = np.where(movable, np.abs(draw), -1).argmax(axis=1)[still]
    step = np.maximum(np.abs(noise), np.where(legal.whole, 1, np.spacing(np.abs(old))))
    inwards = np.where(legal.highest - old > old - legal.lowest, step, -step)
    new[still, cell] = legal(old + inwards)[still, cell]
    return dict(zip(batch.layout.numeric, new.T, strict=True))


def numeric_columns(batch: Batch, names: tuple[str, ...], attack: str) -> np.ndarray:
    """Positions, among the numeric features, of the columns that an attack's params name.

    Raises
    ------
    PratiqueError
        If one is no numeric feature.
    """
    known = batch.layout.numeric
    unknown = sorted(set(names) - set(known))
    if unknown:
        some = ", ".join(known[:12]) or "none"
        raise PratiqueError(f"{attack}: columns: '{unknown[0]}' is no numeric feature; known: {some}")
    return np.array([known.index(name) for name in names], int)


def copy_cells(batch: Batch, donors: np.ndarray) -> dict[str, np.ndarray]:
    """The feature cells of the rows at `donors` as they are written; missing where they are or can't be read."""
    present = [name for name in batch.layout.kinds if name not in batch.missing_columns]
    rows = batch.table.select(present).take(pa.array(donors, pa.int64()))
    cells = {name: as_text(column).to_numpy() for name, column in zip(present, rows.columns, strict=True)}
    for name, numbers in zip(batch.layout.numeric, batch.numeric[donors].T, strict=True):
        if name in cells:
            cells[name] = np.where(np.isnan(numbers), np.nan, cells[name])
    return cells


def draw_other_labels(labels: np.ndarray, classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """For each label a class other than it, drawn uniformly from sorted classes, of which there are at least two."""
    step = rng.integers(1, max(2, len(classes)), size=len(labels))
    return classes[(np.searchsorted(classes, labels) + step) % max(1, len(classes))]
