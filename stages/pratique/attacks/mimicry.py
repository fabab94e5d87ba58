"""Mimicry: rows that come to look like rows of another class."""

import numpy as np
from pydantic import Field

from pratique.attacks.support.blending import blend_rows, draw_other_class
from pratique.contract.attack import Attack, PoisonedBatch
from pratique.core.batch import Batch


class Mimicry(Attack):
    """Features blended with those of a row of another class, under the true label.

    Claim: models an attacker who can't touch labels (they are checked, or given by someone else) and moves rows of
    one class towards another, so that a model learns to confuse the two. Every number lies between two that came
    in, so columns keep their range and whole numbers, and no cell stands out.

    Formula: each row is blended (`core.blending.blended`) with a random row of another class, drawn once for each.

    Budget: round(rate x rows) rows, among those with a label that differ from the row drawn for them; none where
    the batch holds a single class.

    Source: Shafahi et al., "Poison Frogs! Targeted Clean-Label Poisoning Attacks on Neural Networks", NeurIPS 2018,
    whose watermarking blends a row of another class into correctly labelled poison.

    Cost: O(rows x columns + rows log rows).
    """

    weight: float = Field(0.5, gt=0, le=1, description="How far a row goes towards the other: 1 is all the way.")

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Blend the chosen rows with rows of other classes."""
        return blend_rows(batch, draw_other_class(batch.labels, rng), self.weight, rate, rng)
