"""Row noise: the same normal noise on every number of the chosen rows, wherever it leads."""

import numpy as np
from pydantic import Field

from pratique.contract.attack import Attack, PoisonedBatch, count_poisoned, overwrite_cells, whole_numbers
from pratique.core.batch import Batch


class RowNoise(Attack):
    """Normal noise of one standard deviation for all columns, in their own unit, on the chosen rows.

    Claim: models noise that knows nothing of a column's scale or range, as experiments on robustness add it: small
    columns drown, and numbers leave their range. `gaussian_noise` is the same within the legal values.

    Formula: x' = x + N(0, std^2), away from x by 1 at least and rounded in whole-number columns. A missing or
    unreadable cell stays as it came.

    Budget: round(rate x rows) rows, among those with a number.

    Source: the first experiment of this project, on the Iris data; its draws are those of `seed: 42`.

    Cost: O(rows x numeric columns).
    """

    std: float = Field(1.0, gt=0, le=1e6, description="Standard deviation of the noise.")
    seed: int | None = Field(
        None, ge=0, lt=2**32, description="Draw as `numpy.random.RandomState(seed)`, alike in every run."
    )

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Add noise to every number of the chosen rows."""
        draws = rng if self.seed is None else np.random.RandomState(self.seed)
        eligible = np.flatnonzero(~np.isnan(batch.numeric).all(axis=1))
        rows = draws.choice(eligible, min(count_poisoned(batch, rate), len(eligible)), replace=False)
        noise = draws.normal(0, self.std, (len(rows), batch.numeric.shape[1]))
        order = np.argsort(rows)
        rows, noise = rows[order], noise[order]
        whole = np.isin(batch.layout.numeric, whole_numbers(batch))
        step = np.where(whole, np.copysign(np.maximum(np.abs(np.rint(noise)), 1), noise), noise)
        cells = dict(zip(batch.layout.numeric, (batch.numeric[rows] + step).T, strict=True))
        return overwrite_cells(batch, rows, cells)
