"""Duplication: one mislabelled row, again and again."""

import numpy as np

from pratique.contract.attack import (
    Attack,
    PoisonedBatch,
    copy_cells,
    count_poisoned,
    draw_insertions,
    draw_other_labels,
    overwrite_cells,
)
from pratique.core.batch import Batch


class Duplication(Attack):
    """New rows that are all the same: copies of one row of the batch, under one wrong label.

    Claim: models a retry loop that sends one record many times, and an attacker who concentrates all poison in
    one place: the copies vouch for each other, so that whatever looks for lonely rows passes them.

    Formula: one labelled row, drawn uniformly, is copied as it is written; all copies get the same label, drawn
    uniformly from the classes of the batch except the row's own. The row itself stays as it came. A missing or
    unreadable cell of it, and columns that are no feature (id, ignored), are missing in the copies.

    Budget: round(rate x rows) new rows beside all the old ones, at random positions; none where the batch holds
    a single class.

    Source: Koh, Steinhardt, Liang, "Stronger Data Poisoning Attacks Break Data Sanitization Defenses", arXiv
    1811.00741, 2018, whose concentrated attacks place many copies at a few points.

    Cost: O(rows x columns).
    """

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Insert the copies."""
        labels = batch.labels
        classes = np.unique(labels[labels != ""])
        count = count_poisoned(batch, rate) if len(classes) > 1 else 0
        if not count:
            return overwrite_cells(batch, np.zeros(0, int), {})
        rows, origin = draw_insertions(batch, count, rng)
        row = rng.choice(np.flatnonzero(labels != ""), 1)
        label = draw_other_labels(labels[row], classes, rng)
        cells = copy_cells(batch, np.repeat(row, count))
        return overwrite_cells(batch, rows, {**cells, batch.layout.label: np.repeat(label, count)}, origin)
