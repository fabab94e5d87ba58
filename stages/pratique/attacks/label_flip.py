"""Label flips: rows keep their features and get another class."""

import numpy as np

from pratique.attacks.support.balance import Balanced, add_in_proportion, exchange_labels
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
    can't touch rows that are there, but sends copies of them under other labels. With `balanced` the labels are mixed
    up between rows (a bad join, a file sorted by one column only), or the attacker knows that somebody watches the
    class shares.

    Formula: y' ~ Uniform(classes of the batch except y), so every chosen row really changes its class. With `balanced`
    the chosen rows, of which no class has more than half, exchange their labels at random: each gets another class.
    With `added`, too, the labels of the copies are shared out over the classes as those of the batch are.

    Budget: round(rate x rows) rows, among those that have a label; none where the batch holds a single class.
    With `balanced` alone, at most twice as many as have another label than the most common class; where an odd number
    of rows of two classes meet, two classes are off by one row.

    Source: Biggio, Nelson, Laskov, "Support Vector Machines Under Adversarial Label Noise", ACML 2011; for the
    exchange Ojala, Garriga, "Permutation Tests for Studying Classifier Performance", Journal of Machine Learning
    Research 11, 2010, whose first test permutes labels.

    Cost: O(rows log classes); balanced O(rows log rows + poisoned rows^3) at worst.
    """

    added: Added = False
    balanced: Balanced = False

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Give the chosen rows another label of the batch."""
        labels = batch.labels
        classes = np.unique(labels[labels != ""])
        eligible = np.flatnonzero((labels != "") & (len(classes) > 1))
        if self.balanced:
            return self._balance(batch, eligible, count_poisoned(batch, rate), rng)
        rows = choose_rows(eligible, count_poisoned(batch, rate), rng)
        flipped = overwrite_cells(batch, rows, {batch.layout.label: draw_other_labels(labels[rows], classes, rng)})
        return insert_beside(batch, flipped, rng) if self.added else flipped

    def _balance(self, batch: Batch, eligible: np.ndarray, count: int, rng: np.random.Generator) -> PoisonedBatch:
        labels = batch.labels
        if self.added:
            return add_in_proportion(
                batch, count, lambda name: rng.permutation(eligible[labels[eligible] != name]), rng
            )
        classes, codes = np.unique(labels[eligible], return_inverse=True)
        wishes = rng.random((len(eligible), len(classes)))
        picked, new = exchange_labels(codes, wishes, rng.permutation(len(eligible)), count)
        return overwrite_cells(batch, eligible[picked], {batch.layout.label: classes[new]})
