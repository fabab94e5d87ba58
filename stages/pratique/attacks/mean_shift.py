"""Mean shift: the same step, in the same few columns, for every chosen row."""

import numpy as np
from pydantic import Field

from pratique.contract.attack import (
    Attack,
    LegalValues,
    PoisonedBatch,
    numeric_columns,
    rewrite_cells,
    standard_deviations,
)
from pratique.core.batch import Batch


class MeanShift(Attack):
    """A fixed step upwards in a few columns, the same ones in every chosen row, under true labels.

    Claim: models a sensor that drifts, and an attacker who drags what a model takes for normal: each row stays
    within what is legal and hardly stands out, but all of them go the same way.

    Formula: x'_c = clip(x_c + scale std_c, min_c, max_c) for the drawn columns c, rounded in whole-number columns,
    where the step is at least 1; min, max and std (population) are the column's in the clean batch. Without
    `columns`, round(share x columns that vary) of these, at least one, drawn once for the whole batch.

    Budget: round(rate x rows) rows, among those that can move: a row whose numbers in the drawn columns are all
    missing or already the highest is never chosen, because a step down would undo the shift of another row.

    Source: Kloft, Laskov, "Online Anomaly Detection under Adversarial Impact", AISTATS 2010, who displace a mean
    by points within the accepted region; Baruch, Baruch, Goldberg, "A Little Is Enough: Circumventing Defenses
    For Distributed Learning", NeurIPS 2019, on many small steps of a common direction, in standard deviations.

    Cost: O(rows x numeric columns).
    """

    scale: float = Field(1.0, gt=0, le=100, description="The step in standard deviations of each column.")
    share: float = Field(0.3, gt=0, le=1, description="How many of the numeric columns that vary are shifted.")
    columns: tuple[str, ...] = Field((), description="The numeric features that are shifted, instead of a draw.")

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Shift the chosen rows.

        Raises
        ------
        PratiqueError
            If one of `columns` is no numeric feature.
        """
        columns, legal = numeric_columns(batch, self.columns, "mean_shift"), LegalValues.of(batch)
        varying = np.flatnonzero(legal.varies)
        if not self.columns and len(varying):
            count = max(1, int(np.floor(self.share * len(varying) + 0.5)))
            columns = np.sort(rng.choice(varying, count, replace=False))
        step = self.scale * standard_deviations(batch)
        shifted = legal(batch.numeric + np.where(legal.whole, np.maximum(step, 1), step))
        return rewrite_cells(batch, {batch.layout.numeric[c]: shifted[:, c] for c in columns}, rate, rng)
