"""Fabrication: rows that nobody observed, made up from rows of the same class."""

import numpy as np
from pydantic import Field

from pratique.attacks.support.blending import blend_rows, draw_own_class
from pratique.contract.attack import Attack, PoisonedBatch
from pratique.core.batch import Batch


class Fabrication(Attack):
    """Features blended with those of another row of the class, under its label.

    Claim: models a source that makes rows up instead of observing them, from a few that it has: every cell and the
    label are ordinary, and a class looks narrower than it is. One such row is hardly to be told from a true one.

    Formula: each row is blended (`core.blending.blended`) with a random other row of its class, drawn once for each.

    Budget: round(rate x rows) rows, among those with a label that differ from the row drawn for them.

    Source: Chawla et al., "SMOTE: Synthetic Minority Over-sampling Technique", JAIR 16 (2002), which makes rows up
    between neighbours of a class; here they lie between any two of it.

    Cost: O(rows x columns + rows log rows).
    """

    weight: float = Field(0.5, gt=0, le=1, description="How far a row goes towards the other: 1 copies its features.")

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Blend the chosen rows with others of their class."""
        return blend_rows(batch, draw_own_class(batch.labels, rng), self.weight, rate, rng)
