"""Balanced flips: rows exchange their labels, so that every class keeps its share."""

import numpy as np

from pratique.contract.attack import (
    Attack,
    PoisonedBatch,
    choose_rows,
    count_poisoned,
    draw_other_labels,
    overwrite_cells,
)
from pratique.core.batch import Batch


class BalancedFlip(Attack):
    """Labels exchanged among the chosen rows: each of them changes its class, and no class grows or shrinks.

    Claim: models a mix-up of labels between rows (a bad join, a file sorted by one column only), and an attacker
    who knows that somebody watches the class shares: nothing that counts labels can see it.

    Formula: with k the number of rows to flip, rows are drawn such that no class has more than half of them. Their
    labels, sorted, move on by as many places as the most frequent class has rows, which gives each row another
    class. Where k is odd and one class has (k + 1) / 2 rows, as always where there are two, one row is left over:
    it gets any other class, and two classes are off by one row.

    Budget: round(rate x rows) rows, at most twice as many as have another label than the most common class; none
    where the batch holds a single class.

    Source: Ojala, Garriga, "Permutation Tests for Studying Classifier Performance", Journal of Machine Learning
    Research 11, 2010, whose first test permutes labels.

    Cost: O(rows log rows).
    """

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Exchange the labels of the chosen rows."""
        labelled = np.flatnonzero(batch.labels != "")
        classes, codes, counts = np.unique(batch.labels[labelled], return_inverse=True, return_counts=True)
        rest = len(labelled) - counts.max(initial=0)
        count = min(count_poisoned(batch, rate), len(labelled), 2 * rest)
        if not count:
            return overwrite_cells(batch, np.zeros(0, int), {})
        allowed = _places(codes, rng) < (count + 1) // 2
        picked = choose_rows(np.flatnonzero(allowed), count, rng)
        label = _exchange(classes[codes[picked]], classes, rng)
        return overwrite_cells(batch, labelled[picked], {batch.layout.label: label})


def _places(codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Number the rows of each class from 0 in random order."""
    order = np.lexsort((rng.random(len(codes)), codes))
    places = np.empty(len(codes), int)
    places[order] = np.arange(len(codes)) - np.searchsorted(codes[order], codes[order])
    return places


def _exchange(labels: np.ndarray, classes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Permute labels so that each changes; one that can't is drawn from the other classes."""
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    most = np.unique(labels, return_counts=True)[1].max()
    new = np.empty_like(labels)
    new[order] = np.roll(labels[order], -most)
    same = new == labels
    new[same] = draw_other_labels(labels[same], classes, rng)
    return new
