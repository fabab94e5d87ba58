"""How much rows agree: rare values that they share count more than common ones.

Source: Goodall, "A new similarity index based on probability", Biometrics 22 (1966), on rare agreements.
"""

from dataclasses import dataclass

import numpy as np

from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.tables.encoding import missing_as_lowest, space_evenly

NEAR_VALUES = 1
"""Trusted values that may lie between two numbers that agree."""
NEAR_TRUSTED_VALUES = NEAR_VALUES + 2
"""The same between two trusted numbers, which count themselves."""


@dataclass(frozen=True)
class CellPlaces:
    """Cells by how many trusted ones lie below them, how many do not lie above, and what an agreement there counts."""

    below: np.ndarray
    above: np.ndarray
    weights: np.ndarray


@dataclass(frozen=True)
class TrustedCells:
    """The cells of trusted rows, each column in order."""

    numbers: np.ndarray
    levels: dict[str, np.ndarray]
    rows: int

    @classmethod
    def fit(cls, trusted: Batch) -> "TrustedCells":
        """Put the cells of trusted rows in order."""
        names = trusted.layout.categorical
        levels = {name: np.sort(cells.astype(str)) for name, cells in zip(names, trusted.categorical.T, strict=True)}
        return cls(np.sort(compared_numbers(trusted), axis=0), levels, len(trusted))

    def of(self, batch: Batch, itself: int = 0) -> CellPlaces:
        """Place a batch's cells; `itself` is 1 for the trusted rows, which find themselves among the cells."""
        numbers, levels = compared_numbers(batch).T, batch.categorical.astype(str).T
        known, cells = [*self.numbers.T, *self.levels.values()], [*numbers, *levels]
        below, above = (
            [np.searchsorted(k, c, side) for k, c in zip(known, cells, strict=True)] for side in ("left", "right")
        )
        weights = [-np.log((2 + b - a - itself) / (2 + self.rows)) for a, b in zip(below, above, strict=True)]
        far = NEAR_TRUSTED_VALUES + 1  # no two levels are near each other
        codes = [far * np.unique(column, return_inverse=True)[1] for column in levels]
        shape = (len(known), len(batch))
        below[len(numbers) :] = above[len(numbers) :] = codes
        return CellPlaces(*(np.array(each, np.float32).reshape(shape).T for each in (below, above, weights)))


def sum_agreements(placed: CellPlaces, within: int = NEAR_VALUES) -> np.ndarray:
    """What the agreements of all pairs of rows count together, float32 of shape (rows, rows).

    Two numbers agree if they are the same, or if at most `within` trusted values lie between them or equal one of
    them.
    """
    total = np.zeros((len(placed.below),) * 2, np.float32)
    for low, high, counts in zip(placed.below.T, placed.above.T, placed.weights.T, strict=True):
        total += agree(low, high, np.arange(len(low)), within) * (counts[:, None] + counts) / 2
    return total


def agree(low: np.ndarray, high: np.ndarray, rows: np.ndarray, within: int) -> np.ndarray:
    """Whether some rows agree in a column with each row, bool of shape (some rows, rows)."""
    same = (low[rows, None] == low) & (high[rows, None] == high)
    near = np.maximum(high[rows, None], high) - np.minimum(low[rows, None], low) <= within
    return np.asarray(same | near)


def compared_columns(layout: Layout) -> list[str]:
    """The numeric columns that are compared, at most 200, evenly spaced."""
    return [layout.numeric[column] for column in space_evenly(len(layout.numeric))]


def compared_numbers(batch: Batch) -> np.ndarray:
    """The cells of the numeric columns that are `compared_columns`; a missing one is below all others."""
    return missing_as_lowest(batch.numeric[:, space_evenly(batch.numeric.shape[1])])
