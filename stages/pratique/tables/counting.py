"""How often the values of a column come, among trusted rows and in a batch, and among the rows nearby."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pratique.core.archive import FieldsOnly
from pratique.core.batch import Batch
from pratique.statistics.beta_binomial import count_log10_p
from pratique.tables.encoding import missing_as_lowest

NEARBY_SHARE = 0.05
FEWEST_NEARBY = 25
"""Trusted rows on either side of a number that are nearby: such a share of all, and at least so many."""


@dataclass(frozen=True)
class Counts:
    """Some values of a column: how often they come in a batch and among trusted rows.

    Attributes
    ----------
    values : ndarray of float or str, shape (values,)
    counts, rows : ndarray of int, shape (values,)
        Rows of the batch that have the value, and those nearby, which include them.
    hits, trusted : ndarray of int, shape (values,)
        The same of trusted rows.
    different : int
        Values that the batch has, these and those that fewer rows have.
    """

    values: np.ndarray
    counts: np.ndarray
    rows: np.ndarray
    hits: np.ndarray
    trusted: np.ndarray
    different: int

    def take(self, chosen: np.ndarray) -> "Counts":
        """Some of the values."""
        values, counts, rows = self.values[chosen], self.counts[chosen], self.rows[chosen]
        return Counts(values, counts, rows, self.hits[chosen], self.trusted[chosen], self.different)

    def expect(self, margin: float) -> np.ndarray:
        """How many rows of the batch are expected to have each value, if it may come `margin` times as often."""
        hits, misses = self._prediction(margin)
        return np.asarray(self.rows * hits / (hits + misses))

    def log10_p(self, margin: float) -> np.ndarray:
        """Common logarithm of the chance of so many rows or more; see `beta_binomial.count_log10_p`."""
        return count_log10_p(self.counts, self.rows, *self._prediction(margin))

    def _prediction(self, margin: float) -> tuple[np.ndarray, np.ndarray]:
        return margin * (self.hits + 0.5), self.trusted - self.hits + 0.5


@dataclass(frozen=True)
class CountedColumn(FieldsOnly):
    """The cells of a column of trusted rows, in their order.

    Attributes
    ----------
    name : str
    cells : ndarray, shape (trusted rows,)
        Numbers with missing ones as -inf, or text.
    step : float
        Numbers are rounded to its multiples; 0 leaves them as they are.
    """

    name: str
    cells: np.ndarray
    step: float = 0.0

    def read(self, batch: Batch) -> np.ndarray:
        """The cells of a batch, as these are."""
        if self.name in batch.layout.numeric:
            return _round(missing_as_lowest(batch.numbers(self.name)), self.step)
        return batch.texts(self.name)

    def count_in(self, batch: Batch, fewest: int) -> Counts:
        """Count the values that at least so many rows of a batch have."""
        columns = batch.layout.numeric
        if self.name in columns:
            numbers = batch.sorted_numeric[:, columns.index(self.name)]
            return self._count_numbers(_round(numbers, self.step), fewest)
        return self._count_texts(batch.level_counts[self.name], fewest)

    @cached_property
    def ordered(self) -> np.ndarray:
        """The cells in increasing order."""
        return np.sort(self.cells)

    def count(self, cells: np.ndarray, fewest: int) -> Counts:
        """Count the values that at least so many of the cells have."""
        if self.cells.dtype.kind == "f":
            return self._count_numbers(np.sort(cells), fewest)
        names, counts = np.unique(cells, return_counts=True)
        return self._count_texts(dict(zip(names.tolist(), counts.tolist(), strict=True)), fewest)

    def _count_texts(self, known: dict[str, int], fewest: int) -> Counts:
        """The same, given how often each text comes."""
        often = {name: count for name, count in known.items() if count >= fewest}
        values, counts = np.array(list(often), dtype=str), np.array(list(often.values()), dtype=int)
        hits = self.ordered.searchsorted(values, "right") - self.ordered.searchsorted(values, "left")
        rows = np.full(len(values), sum(known.values()))
        return Counts(values, counts, rows, hits, np.full(len(values), len(self.cells)), len(known))

    def _count_numbers(self, own: np.ndarray, fewest: int) -> Counts:
        """The same, given the cells in increasing order."""
        begins = np.flatnonzero(np.concatenate([[True], own[1:] != own[:-1]])) if len(own) else np.zeros(0, int)
        different, counts = len(begins), np.diff(begins, append=len(own))
        values, counts = own[begins[counts >= fewest]], counts[counts >= fewest]
        below, not_above = (self.ordered.searchsorted(values, side) for side in ("left", "right"))
        hits = not_above - below
        low, high = self._nearby(values, below, not_above)
        rows, trusted = (k.searchsorted(high, "right") - k.searchsorted(low, "left") for k in (own, self.ordered))
        return Counts(values, counts, rows, hits, trusted, different)

    def _nearby(self, values: np.ndarray, below: np.ndarray, not_above: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and the highest number that are nearby; of a missing one all are.

        A value that more trusted rows have than are nearby would stand for all of them, so it ends the neighbourhood.
        """
        known, last = self.ordered, len(self.ordered) - 1
        nearby = max(FEWEST_NEARBY, int(np.ceil(NEARBY_SHARE * len(known))))
        ends = []
        for place, inward, outside in (
            (below - nearby, np.inf, below - nearby < 0),
            (not_above + nearby - 1, -np.inf, not_above + nearby - 1 > last),
        ):
            edge = known[np.clip(place, 0, last)]
            crowded = known.searchsorted(edge, "right") - known.searchsorted(edge, "left") > nearby
            edge = np.where(crowded & (edge != values), np.nextafter(edge, inward), edge)
            ends.append(np.where(outside | (values == -np.inf), -inward, edge))
        return ends[0], ends[1]


def count_columns(trusted: Batch) -> list[CountedColumn]:
    """Every feature of trusted rows; numbers as they are, and once more rounded where that makes them fewer."""
    layout = trusted.layout
    columns = [
        CountedColumn(name, column.astype(str))
        for name, column in zip(layout.categorical, trusted.categorical.T, strict=True)
    ]
    for name, column in zip(layout.numeric, trusted.numeric.T, strict=True):
        columns.append(CountedColumn(name, missing_as_lowest(column)))
        step = _step(column)
        if step and not np.array_equal(_round(column, step), column, equal_nan=True):
            columns.append(CountedColumn(name, _round(columns[-1].cells, step), step))
    return columns


def _step(column: np.ndarray) -> float:
    """A power of ten, the largest that is no more than a tenth of the standard deviation; 0 where nothing varies."""
    known = column[np.isfinite(column)]
    spread = float(known.std()) if len(known) else 0.0
    return 10.0 ** np.floor(np.log10(spread / 10)) if np.isfinite(spread) and spread > 1e-300 else 0.0


@np.errstate(over="ignore", invalid="ignore")
def _round(cells: np.ndarray, step: float) -> np.ndarray:
    return np.asarray(np.round(cells / step) * step) if step else cells
