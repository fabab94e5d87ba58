"""Label flips: rows keep their features and get another class."""

import numpy as np

from pratique.contract.attack import (
    Added,
    Attack,
    PoisonedBatch,
    choose_rows,
    count_poisoned,
    draw_other_labels,
    insert_beside,
    overwrite_cells,
)
from pratique.core.batch import Batch


class LabelFlip(Attack):
    """Labels replaced by others of the batch, drawn uniformly: from all classes to all others.

    Claim: models careless, colluding or malicious annotators, and an attacker who controls labels only. The
    features stay as they came, so nothing that looks at features alone can see it. With `added` the attacker
    can't touch rows that are there, but sends copies of them under other labels.

    Formula: y' ~ Uniform(classes of the batch except y), so every chosen row really changes its class.

    Budget: round(rate x rows) rows, among those that have a label; none where the batch holds a single class.

    Source: Biggio, Nelson, Laskov, "Support Vector Machines Under Adversarial Label Noise", ACML 2011.

    Cost: O(rows log classes).
    """

    added: Added = False

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Give the chosen rows another label of the batch."""
        labels = batch.labels
        classes = np.unique(labels[labels != ""])
        eligible = np.flatnonzero((labels != "") & (len(classes) > 1))
        rows = choose_rows(eligible, count_poisoned(batch, rate), rng)
        flipped = overwrite_cells(batch, rows, {batch.layout.label: draw_other_labels(labels[rows], classes, rng)})
        return insert_beside(batch, flipped, rng) if self.added else flipped
