"""Mixed columns as points in one space: the geometry that neighbours, distances and models share."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stages.core.batch import Batch

if TYPE_CHECKING:
    from sklearn.preprocessing import OneHotEncoder

MAX_LEVELS = 64


@dataclass(frozen=True)
class Encoder:
    """Numbers standardised and damped, levels one-hot; learned from trusted rows.

    A number x becomes asinh((x - mean) / std): linear near the middle, logarithmic in the tails, so that
    one heavy column does not drown the others and an outlier is still far away. A missing number sits at
    the mean. A level becomes a unit vector times 1/sqrt(2), so that two different levels are 1 apart, as
    two numbers one standard deviation apart are; a level that was never seen is the zero vector.
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
            levels = OneHotEncoder(handle_unknown="ignore", max_categories=MAX_LEVELS, sparse_output=False)
            levels.fit(trusted.categorical)
        return cls(mean, np.where(std > 0, std, 1.0), levels)

    @np.errstate(over="ignore", invalid="ignore")
    def transform(self, batch: Batch) -> np.ndarray:
        """Points, float64 of shape (rows, dimensions)."""
        z = np.nan_to_num((batch.numeric - self.mean) / self.std, nan=0.0, posinf=1e300, neginf=-1e300)
        parts = [np.arcsinh(z)]
        if self.levels is not None:
            parts.append(self.levels.transform(batch.categorical) / np.sqrt(2))
        return np.hstack(parts)
