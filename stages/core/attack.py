"""What an attack is: a seeded way to poison a batch whose truth is then known."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from stages.core.batch import Batch
from stages.core.errors import PratiqueError


@dataclass(frozen=True)
class Poisoned:
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

    @abstractmethod
    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> Poisoned:
        """Poison `budget(batch, rate)` rows, or as many as are eligible; at rate 0 nothing changes."""


def budget(batch: Batch, rate: float) -> int:
    """The number of rows that a rate in [0, 1] stands for, rounded half up."""
    return int(np.floor(rate * len(batch) + 0.5))


def choose(eligible: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Sorted positions of `count` rows drawn without replacement; all of them where fewer are eligible."""
    return np.sort(rng.choice(eligible, min(count, len(eligible)), replace=False))


def changed(
    batch: Batch, rows: np.ndarray, cells: Mapping[str, np.ndarray], origin: np.ndarray | None = None
) -> Poisoned:
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
    for name, values in cells.items():
        given = pd.notna(values)
        if name not in table.column_names or not given.any():
            continue
        here = np.zeros(table.num_rows, bool)
        here[rows[given]] = True
        i = table.column_names.index(name)
        try:
            new = _of_type(table.schema.types[i], values[given], name in whole)
            column = pc.replace_with_mask(table[i], here, new)
        except pa.ArrowInvalid as error:
            raise PratiqueError(f"{batch.name}: column '{name}': an attack can't write there: {error}") from error
        table = table.set_column(i, table.schema.field(i), column)
    return Poisoned(Batch(batch.name, table, batch.layout), rows, origin)


def _of_type(kind: pa.DataType, values: np.ndarray, whole: bool) -> pa.Array:
    """Make cells of a column's type; a whole number becomes `7`, not `7.0`, in a column of text."""
    cells = pa.array(np.rint(values) if whole else values)
    return (cells.cast(pa.int64()) if whole and not pa.types.is_floating(kind) else cells).cast(kind)


def whole_numbers(batch: Batch) -> tuple[str, ...]:
    """Name the numeric features whose cells stay whole: by the layout, or by the batch's own column type."""
    typed = {field.name for field in batch.table.schema if pa.types.is_integer(field.type)}
    return tuple(c for c in batch.layout.numeric if batch.layout.kinds[c] == "integer" or c in typed)
