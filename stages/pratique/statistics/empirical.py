"""Empirical distributions: how many known values lie beyond a new one."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

Side = Literal["left", "right"]


FEW_VALUES = 200
"""Values up to which a binary search for each is faster than to sort them first."""


@dataclass(frozen=True)
class Sought:
    """Values to be placed among known ones.

    Many are sorted once, and the known values are then placed among them, which are far fewer: a tenth of the time of
    a binary search for each value, which jumps through memory.

    Attributes
    ----------
    values : ndarray, shape (values,)
        In increasing order where there is an `order`; NaN counts as larger than every number.
    order : ndarray of int, shape (values,), optional
        Where each of them stood.
    """

    values: np.ndarray
    order: np.ndarray | None

    @classmethod
    def of(cls, values: np.ndarray) -> "Sought":
        """Values in any order, shape (values,)."""
        if len(values) <= FEW_VALUES:
            return cls(values, None)
        order = np.argsort(values)
        return cls(values[order], order)

    def count_below(self, known: np.ndarray) -> np.ndarray:
        """How many of the known values, in increasing order, lie below each value; int of shape (values,)."""
        return self._count(known, "left", "right")

    def count_not_above(self, known: np.ndarray) -> np.ndarray:
        """How many of the known values, in increasing order, do not lie above each value; int of shape (values,)."""
        return self._count(known, "right", "left")

    def _count(self, known: np.ndarray, side: Side, other_side: Side) -> np.ndarray:
        if self.order is None:
            return np.asarray(np.searchsorted(known, self.values, side))
        first = np.searchsorted(self.values, known, other_side)
        counts = np.empty(len(self.values), np.int64)
        counts[self.order] = np.bincount(first, minlength=len(self.values) + 1)[:-1].cumsum()
        return counts


def count_at_least(known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """How many of the known values, in increasing order, are as large as each value or larger; int of its shape."""
    return np.asarray(len(known) - Sought.of(np.ravel(values)).count_below(known).reshape(np.shape(values)))


def tail_probability(known: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The conformal p-value of each value among m exchangeable known ones: (1 + #{known >= value}) / (m + 1).

    In [1 / (m + 1), 1]; valid at every m (Vovk, Gammerman and Shafer, "Algorithmic Learning in a Random World", 2005).

    Parameters
    ----------
    known : ndarray, increasing, shape (m,)
    values : ndarray of any shape

    Examples
    --------
    >>> tail_probability(np.array([1.0, 2.0, 2.0]), np.array([2.0, 5.0])).tolist()
    [0.75, 0.25]
    """
    return np.asarray((1 + count_at_least(known, values)) / (len(known) + 1))


@dataclass(frozen=True)
class SortedColumns:
    """Columns of values, each increasing, shape (values, columns); at least one value."""

    values: np.ndarray

    def places(self, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How many values of each column lie below the cells of it, and how many do not lie above them.

        Parameters
        ----------
        cells : ndarray, shape (rows, columns)

        Returns
        -------
        below, not_above : ndarray of int, shape (rows, columns)

        Examples
        --------
        >>> below, not_above = SortedColumns(np.array([[1.0], [2.0], [2.0]])).places(np.array([[2.0], [1.5]]))
        >>> below.ravel().tolist(), not_above.ravel().tolist()
        ([1, 1], [3, 1])
        """
        below, not_above = np.empty((2, *cells.shape), np.int64)
        for c, (column, own) in enumerate(zip(self.values.T, cells.T, strict=True)):
            sought = Sought.of(own)
            below[:, c], not_above[:, c] = sought.count_below(column), sought.count_not_above(column)
        return below, not_above

    @cached_property
    def begins(self) -> np.ndarray:
        """For each value, how many of its column lie below it: where its run of equal values begins.

        Examples
        --------
        >>> SortedColumns(np.array([[1.0], [2.0], [2.0]])).begins.ravel().tolist()
        [0, 1, 1]
        """
        first = np.vstack([np.ones((1, self.values.shape[1]), bool), self._steps])
        return np.maximum.accumulate(np.where(first, np.arange(len(self.values))[:, None], 0), axis=0)

    @cached_property
    def ends(self) -> np.ndarray:
        """For each value, how many of its column do not lie above it: where its run of equal values ends.

        Examples
        --------
        >>> SortedColumns(np.array([[1.0], [2.0], [2.0]])).ends.ravel().tolist()
        [1, 3, 3]
        """
        last = np.vstack([self._steps, np.ones((1, self.values.shape[1]), bool)])
        rows = np.arange(1, len(self.values) + 1, dtype=np.int32)[:, None]
        return np.minimum.accumulate(np.where(last, rows, rows[-1])[::-1], axis=0)[::-1]

    @property
    def _steps(self) -> np.ndarray:
        return np.asarray(self.values[1:] != self.values[:-1])
