"""Flips with noise: another label and blurred numbers in the same rows."""

import numpy as np
from pydantic import Field

from pratique.contract.attack import (
    Added,
    Attack,
    PoisonedBatch,
    add_noise,
    choose_rows,
    count_poisoned,
    draw_other_labels,
    insert_beside,
    overwrite_cells,
)
from pratique.core.batch import Batch


class FlipNoise(Attack):
    """Labels replaced by others of the batch, and normal noise on every number of the same rows.

    Claim: models an attacker who hides flips from whatever looks for two like rows under different labels: the
    noise moves them away from their twins and neighbours. It also moves them to where no class is, so that they
    mostly hurt a model less than the flips alone.

    Formula: y' ~ Uniform(classes of the batch except y); x' = clip(x + N(0, (scale std)^2), min, max), rounded in
    whole-number columns; min, max and std (population) are the column's in the clean batch. A missing or
    unreadable cell stays as it came.

    Budget: round(rate x rows) rows, among those that have a label; none where the batch holds a single class. A
    row without numbers gets another label only.

    Source: Zhu, Wu, "Class Noise vs. Attribute Noise: A Quantitative Study", Artificial Intelligence Review 22,
    2004, on the two apart and together.

    Cost: O(rows x numeric columns).
    """

    scale: float = Field(1.0, gt=0, le=100, description="Noise in standard deviations of each column.")
    added: Added = False

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Relabel and blur the chosen rows."""
        labels = batch.labels
        classes = np.unique(labels[labels != ""])
        eligible = np.flatnonzero((labels != "") & (len(classes) > 1))
        rows = choose_rows(eligible, count_poisoned(batch, rate), rng)
        label = draw_other_labels(labels[rows], classes, rng)
        noise = add_noise(batch, rows, self.scale, rng)
        poisoned = overwrite_cells(batch, rows, {**noise, batch.layout.label: label})
        return insert_beside(batch, poisoned, rng) if self.added else poisoned
