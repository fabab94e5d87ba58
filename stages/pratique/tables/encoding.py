"""Mixed columns as points in one space: the geometry that neighbours, distances and models share."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from pratique.core.archive import FieldsOnly
from pratique.core.batch import Batch
from pratique.statistics.empirical import SortedColumns

if TYPE_CHECKING:
    from sklearn.preprocessing import OneHotEncoder

MOST_ENCODED_LEVELS = 64
FEWEST_OF_A_LEVEL = 2
"""Rows that a level must have to be told from others: one that was seen once is as good as unseen."""
MOST_DIMENSIONS = 60
"""Points of more dimensions than this are summed up by `PRINCIPAL_COMPONENTS` principal ones."""
PRINCIPAL_COMPONENTS = 40
MOST_COMPARED_COLUMNS = 200
"""Numeric columns that are compared one by one with others or across rows."""


@dataclass(frozen=True)
class Encoder(FieldsOnly):
    """Numbers standardised and damped, levels one-hot; learned from trusted rows.

    A number x becomes asinh((x - mean) / std): linear near the middle, logarithmic in the tails, so that
    one heavy column does not drown the others and an outlier is still far away. A missing number sits at
    the mean. A level becomes a unit vector times 1/sqrt(2), so that two different levels are 1 apart, as
    two numbers one standard deviation apart are. Levels that were seen once share a vector with those that were never
    seen, so that rows are not near each other for being new; where every level came twice, an unseen one is zero.
    Cost: O(rows x columns).
    """

    mean: np.ndarray
    std: np.ndarray
    levels: "OneHotEncoder | None"

    @classmethod
    @np.errstate(over="ignore")
    def fit(cls, trusted: Batch) -> "Encoder":
        """Learn means, standard deviations and levels."""
        from sklearn.preprocessing import OneHotEncoder

        numbers = trusted.numeric
        present = ~np.isnan(numbers)
        count = np.maximum(present.sum(axis=0), 1)
        mean = np.where(present, numbers, 0).sum(axis=0) / count
        std = np.sqrt((np.where(present, numbers - mean, 0) ** 2).sum(axis=0) / count)
        levels = None
        if trusted.layout.categorical:
            levels = OneHotEncoder(
                handle_unknown="infrequent_if_exist",
                min_frequency=FEWEST_OF_A_LEVEL,
                max_categories=MOST_ENCODED_LEVELS,
                sparse_output=False,
            )
            levels.fit(trusted.categorical)
        return cls(mean, np.where(std > 0, std, 1.0), levels)

    def share_scale(self) -> "Encoder":
        """The same with one mean and one deviation for all numbers, as pixels have: a rare one is not magnified."""
        mean = self.mean.mean()
        std = np.sqrt((self.std**2 + (self.mean - mean) ** 2).mean())
        return Encoder(np.full_like(self.mean, mean), np.full_like(self.std, std), self.levels)

    def transform(self, batch: Batch) -> np.ndarray:
        """Points, float64 of shape (rows, dimensions)."""
        return batch.view(self._digest, lambda: self._place(batch))

    @cached_property
    def _digest(self) -> bytes:
        return _digest(b"encoder", self.levels, self.mean, self.std)

    @np.errstate(over="ignore", invalid="ignore")
    def _place(self, batch: Batch) -> np.ndarray:
        z = np.nan_to_num((batch.numeric - self.mean) / self.std, nan=0.0, posinf=1e300, neginf=-1e300)
        return np.hstack([np.arcsinh(z), *_indicate_levels(self.levels, batch)])


@dataclass(frozen=True)
class Ranks(FieldsOnly):
    """Numbers as normal scores of their ranks among trusted rows, levels as `Encoder` has them.

    A number becomes ndtri((rank + 1/2) / (rows + 1)), rank the mean of the number of trusted values below it and
    of those not above it; a missing one counts as smaller than every number. A column whose mass sits on few
    values (most cells zero, say) keeps them apart from everything between them, which standardising does not.
    Cost: O(rows log reference rows x columns).
    """

    sorted_values: np.ndarray
    levels: "OneHotEncoder | None"

    @classmethod
    def fit(cls, trusted: Batch, encoder: Encoder) -> "Ranks":
        """Sort the columns of the trusted rows; the levels are those of an encoder fitted on them."""
        return cls(np.sort(missing_as_lowest(trusted.numeric), axis=0), encoder.levels)

    @cached_property
    def known(self) -> "SortedColumns":
        """The values that cells are placed among."""
        return SortedColumns(self.sorted_values)

    def transform(self, batch: Batch) -> np.ndarray:
        """Points, float64 of shape (rows, dimensions)."""
        return batch.view(self._digest, lambda: np.hstack([self.scores(batch), *_indicate_levels(self.levels, batch)]))

    @cached_property
    def _digest(self) -> bytes:
        return _digest(b"ranks", self.levels, self.sorted_values)

    def scores(self, batch: Batch) -> np.ndarray:
        """Normal scores of the numeric columns alone, shape (rows, numeric columns)."""
        from scipy.special import ndtri

        below, not_above = self.known.places(missing_as_lowest(batch.numeric))
        return np.asarray(ndtri(((below + not_above) / 2 + 0.5) / (len(self.sorted_values) + 1)))


def _indicate_levels(levels: "OneHotEncoder | None", batch: Batch) -> list[np.ndarray]:
    """Unit vectors of levels times 1/sqrt(2), shape (rows, levels); nothing where there are none."""
    if levels is None:
        return []
    return [batch.view(_digest(b"levels", levels), lambda: levels.transform(batch.categorical) / np.sqrt(2))]


def _digest(kind: bytes, levels: "OneHotEncoder | None", *arrays: np.ndarray) -> bytes:
    """What was learned, in short: equal ones make the same of a batch."""
    told = sha256(kind)
    for array in arrays:
        told.update(repr(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    if levels is not None:
        known = [names.tolist() for names in levels.categories_]
        rare = [None if names is None else names.tolist() for names in levels.infrequent_categories_]
        told.update(repr([known, rare]).encode())
    return told.digest()


@dataclass(frozen=True)
class Projection:
    """Points of few dimensions as they are, points of many by their principal components (Pearson, 1901)."""

    mean: np.ndarray
    axes: np.ndarray | None

    @classmethod
    def fit(cls, points: np.ndarray) -> "Projection":
        """Learn the axes from trusted points where they have more than `MOST_DIMENSIONS` dimensions."""
        mean = points.mean(axis=0)
        if points.shape[1] <= MOST_DIMENSIONS:
            return cls(mean, None)
        return cls(mean, np.linalg.svd(points - mean, full_matrices=False)[2][:PRINCIPAL_COMPONENTS])

    def transform(self, points: np.ndarray) -> np.ndarray:
        """Shape (rows, dimensions), at most `MOST_DIMENSIONS` of them."""
        return points if self.axes is None else (points - self.mean) @ self.axes.T

    def residual(self, points: np.ndarray) -> np.ndarray:
        """Squared distance of each point to the space of the components; 0 where nothing is left out."""
        if self.axes is None:
            return np.zeros(len(points))
        centred = points - self.mean
        return np.maximum((centred**2).sum(axis=1) - ((centred @ self.axes.T) ** 2).sum(axis=1), 0)


def count_indicators(levels: "OneHotEncoder") -> list[int]:
    """How many indicators each column of levels has; levels that are rare share one."""
    rare = [0 if shared is None else len(shared) for shared in levels.infrequent_categories_]
    known = [len(names) for names in levels.categories_]
    return [count - shared + (shared > 0) for count, shared in zip(known, rare, strict=True)]


def space_evenly(columns: int, most: int = MOST_COMPARED_COLUMNS) -> np.ndarray:
    """Positions of all columns, or of `most` evenly spaced ones of more.

    Examples
    --------
    >>> space_evenly(3).tolist(), len(space_evenly(784))
    ([0, 1, 2], 200)
    """
    return np.linspace(0, columns - 1, min(columns, most)).astype(int)


def missing_as_lowest(cells: np.ndarray) -> np.ndarray:
    """Numbers with missing ones as -inf, so that a change in what is missing is a change of distribution, too."""
    return np.where(np.isnan(cells), -np.inf, cells)
