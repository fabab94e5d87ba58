"""Gaussian noise on the numeric features: damaged measurements under true labels."""

import numpy as np
from pydantic import Field

from stages.core.attack import Attack, Legal, Poisoned, budget, changed, choose, spread
from stages.core.batch import Batch


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

    @np.errstate(over="ignore")
    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> Poisoned:
        """Add noise to every number of the chosen rows."""
        numbers, legal = batch.numeric, Legal.of(batch)
        movable = ~np.isnan(numbers) & legal.varies
        rows = choose(np.flatnonzero(movable.any(axis=1)), budget(batch, rate), rng)
        if not len(rows):
            return changed(batch, rows, {})
        old, movable = numbers[rows], movable[rows]
        draw = rng.normal(size=old.shape)
        noise = draw * self.scale * spread(batch)
        new = legal(old + noise)
        new[~movable | (new == old)] = np.nan

        still = np.isnan(new).all(axis=1)
        cell = np.where(movable, np.abs(draw), -1).argmax(axis=1)[still]
        step = np.maximum(np.abs(noise), np.where(legal.whole, 1, np.spacing(np.abs(old))))
        inwards = np.where(legal.highest - old > old - legal.lowest, step, -step)
        new[still, cell] = legal(old + inwards)[still, cell]
        return changed(batch, rows, dict(zip(batch.layout.numeric, new.T, strict=True)))
