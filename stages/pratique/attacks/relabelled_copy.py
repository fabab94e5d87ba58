"""Relabelled copies: rows of the batch once more, under another label."""

import numpy as np

from pratique.contract.attack import (
    Attack,
    PoisonedBatch,
    choose_rows,
    copy_cells,
    count_poisoned,
    draw_other_labels,
    overwrite_cells,
)
from pratique.core.batch import Batch


class RelabelledCopy(Attack):
    """Rows overwritten by copies of other rows that contradict them: the same features, another label.

    Claim: models careless merges that pair rows with labels of others, and an attacker who clones what is there:
    no feature is new, so no column's distribution moves, and only a contradiction between two rows tells.

    Formula: x' = x_j, y' ~ Uniform(classes of the batch except y_j), j drawn from the rows of the row's own class
    that are not chosen, or, where all are, from all others of that class. So y' differs from the label that the
    row had, and every chosen row really changes. Features are copied as they are written; where the copied row's
    is missing or unreadable, the row keeps its own. Columns that are no feature (id, ignored) stay.

    Budget: round(rate x rows) rows, among those whose class has another row; none where the batch holds a single
    class.

    Source: Biggio, Nelson, Laskov, "Poisoning Attacks against Support Vector Machines", ICML 2012, whose attack
    starts from a cloned row with its label flipped.

    Cost: O(rows log rows + poisoned rows x columns).
    """

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Overwrite the chosen rows by relabelled copies."""
        labels = batch.labels
        classes, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
        eligible = np.flatnonzero((labels != "") & (counts[codes] > 1) & (np.sum(classes != "") > 1))
        rows = choose_rows(eligible, count_poisoned(batch, rate), rng)
        donors = _donors(codes, rows, rng)
        label = draw_other_labels(labels[donors], classes[classes != ""], rng)
        return overwrite_cells(batch, rows, {**copy_cells(batch, donors), batch.layout.label: label})


def _donors(codes: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw another row of the same class for each chosen row, one that is not chosen where there is one."""
    chosen = np.zeros(len(codes), bool)
    chosen[rows] = True
    order = np.lexsort((chosen, codes))  # class after class, the rows that are not chosen first
    start = np.searchsorted(codes[order], codes[rows])
    size = np.bincount(codes)[codes[rows]]
    free = np.bincount(codes, ~chosen).astype(int)[codes[rows]]
    after_own = np.argsort(order)[rows] - start + 1
    first, choices = np.where(free > 0, 0, after_own), np.where(free > 0, free, size - 1)
    return order[start + (first + rng.integers(choices)) % size]
