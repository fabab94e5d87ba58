"""Gaussian noise on the numeric features: damaged measurements under true labels."""

import numpy as np
from pydantic import Field

from pratique.contract.attack import (
    Attack,
    LegalValues,
    PoisonedBatch,
    add_noise,
    choose_rows,
    count_poisoned,
    overwrite_cells,
)
from pratique.core.batch import Batch


class GaussianNoise(Attack):
    """Independent normal noise on every number of the chosen rows, within the legal values.

    Claim: models a failing sensor or scanner, and an attacker who blurs features under true labels. Every
    column keeps its range and its whole numbers, so a schema does not see it, and it hardly moves a column's
    distribution; what breaks is how the columns of one row belong together.

    Formula: x' = clip(x + N(0, (scale std)^2), min, max), rounded in whole-number columns; min, max and std
    (population) are the column's in the clean batch. A missing or unreadable cell stays as it came. In a row
    that clipping and rounding bring back to itself, one cell moves all the same: the one that drew the most
    standard deviations, by its noise or the smallest step there is, towards the farther end of its range.

    Budget: round(rate x rows) rows, among those with a number in a column that varies.

    Source: Zhu, Wu, "Class Noise vs. Attribute Noise: A Quantitative Study", Artificial Intelligence Review
    22, 2004; the first experiment of this project added such noise to the Iris data.

    Cost: O(rows x numeric columns).
    """

    scale: float = Field(1.0, gt=0, le=100, description="Noise in standard deviations of each column.")

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Add noise to every number of the chosen rows."""
        movable = ~np.isnan(batch.numeric) & LegalValues.of(batch).varies
        rows = choose_rows(np.flatnonzero(movable.any(axis=1)), count_poisoned(batch, rate), rng)
        return overwrite_cells(batch, rows, add_noise(batch, rows, self.scale, rng))
