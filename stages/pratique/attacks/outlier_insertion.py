"""Outlier insertion: new rows far away from every other."""

from typing import Self

import numpy as np
from pydantic import Field, model_validator

from pratique.contract.attack import (
    Attack,
    LegalValues,
    PoisonedBatch,
    count_poisoned,
    draw_insertions,
    overwrite_cells,
    standard_deviations,
)
from pratique.core.batch import Batch


class OutlierInsertion(Attack):
    """New rows, each number of which lies far out in its column, at random positions among the others.

    Claim: models forged or broken submissions, and a crude attacker who drags means and decision boundaries
    with few rows. The range of the columns is deliberately not kept.

    Formula: x = mean +- U(low, high) std, the sign drawn for each cell; mean and std (population) are the
    column's in the clean batch. Whole numbers are rounded away from the mean, so that none comes closer than
    low. Levels and label are those of a random row of the batch, one row for each new one. A constant column
    keeps its value; a column without numbers, and columns that are no feature (id, ignored), are missing.

    Budget: round(rate x rows) new rows beside all the old ones; none where no numeric column varies.

    Source: Steinhardt, Koh, Liang, "Certified Defenses for Data Poisoning Attacks", NeurIPS 2017, on what
    inserted rows can do with and without a defence against outliers.

    Cost: O(rows x columns).
    """

    low: float = Field(3, gt=0, le=1000, description="Nearest to the mean, in standard deviations.")
    high: float = Field(6, gt=0, le=1000, description="Farthest from the mean, in standard deviations.")

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.low > self.high:
            raise ValueError("low must not be above high")
        return self

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Insert the new rows."""
        legal = LegalValues.of(batch)
        count = count_poisoned(batch, rate) if legal.varies.any() else 0
        if not count:
            return overwrite_cells(batch, np.zeros(0, int), {})
        rows, origin = draw_insertions(batch, count, rng)

        constant = legal.lowest == legal.highest
        mean = np.where(constant, legal.lowest, np.ma.masked_invalid(batch.numeric).mean(axis=0).filled(np.nan))
        std = np.where(constant, 0, standard_deviations(batch))
        sign = rng.choice([-1, 1], (count, len(mean)))
        far = mean + sign * rng.uniform(self.low, self.high, sign.shape) * std
        far = np.where(legal.whole, sign * np.ceil(sign * far), far)
        cells = dict(zip(batch.layout.numeric, far.T, strict=True))

        donors = rng.integers(len(batch), size=count)
        for name in (*batch.layout.categorical, batch.layout.label):
            cells[name] = batch.columns[name].values.to_numpy(object)[donors]
        return overwrite_cells(batch, rows, cells, origin)
