"""Mimicry: rows that come to look like rows of another class."""

from collections.abc import Callable

import numpy as np
from pydantic import Field

from stages.core.attack import Attack, Legal, Poisoned, budget, changed, choose
from stages.core.batch import Batch


class Mimicry(Attack):
    """Features blended with those of a row of another class, under the true label.

    Claim: models an attacker who can't touch labels (they are checked, or given by someone else) and moves rows of
    one class towards another, so that a model learns to confuse the two. Every number lies between two that came
    in, so columns keep their range and whole numbers, and no cell stands out.

    Formula: with z a random row of another class, drawn once for each row, x' = (1 - weight) x + weight z in every
    numeric column, rounded in whole-number columns; each level is taken over from z with probability weight, one
    draw a cell. A cell that is missing or unreadable in x or in z stays as it came. In a row that all this leaves
    as it was, one cell that differs, drawn uniformly, is taken over from z.

    Budget: round(rate x rows) rows, among those with a label that differ from the row drawn for them; none where
    the batch holds a single class.

    Source: Shafahi et al., "Poison Frogs! Targeted Clean-Label Poisoning Attacks on Neural Networks", NeurIPS 2018,
    whose watermarking blends a row of another class into correctly labelled poison.

    Cost: O(rows x columns + rows log rows).
    """

    weight: float = Field(0.5, gt=0, le=1, description="How far a row goes towards the other: 1 is all the way.")

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> Poisoned:
        """Blend the chosen rows with rows of other classes."""
        numbers, levels, count = batch.numeric, batch.categorical, len(batch.layout.numeric)
        models = _rows_of_other_classes(batch.labels, rng)
        differs = np.hstack([_both_differ(numbers, models, np.isnan), _both_differ(levels, models, _missing)])
        rows = choose(np.flatnonzero(differs.any(axis=1)), budget(batch, rate), rng)
        old, models, moves = numbers[rows], models[rows], differs[rows]

        blend = Legal.of(batch)((1 - self.weight) * old + self.weight * numbers[models])
        moves[:, :count] &= blend != old
        moves[:, count:] &= rng.random(levels[rows].shape) < self.weight
        still = ~moves.any(axis=1)
        cell = np.where(differs[rows], rng.random(moves.shape), -1).argmax(axis=1)
        moves[still, cell[still]] = True
        blend = np.where(moves[:, :count], np.where(blend == old, numbers[models], blend), np.nan)
        taken = np.where(moves[:, count:], levels[models], np.nan)
        names = (*batch.layout.numeric, *batch.layout.categorical)
        return changed(batch, rows, dict(zip(names, (*blend.T, *taken.T), strict=True)))


def _missing(levels: np.ndarray) -> np.ndarray:
    return levels == ""


def _both_differ(cells: np.ndarray, models: np.ndarray, missing: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Cells that are there both in a row and in its model, and are not the same."""
    absent = missing(cells)
    return ~absent & ~absent[models] & (cells != cells[models])


def _rows_of_other_classes(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw for each row one of another class; where there is none, or no label, it is the row itself."""
    models = np.arange(len(labels))
    order = np.argsort(labels, kind="stable")[np.sum(labels == "") :]  # class after class, '' before them all
    _, start, codes, size = np.unique(labels[order], return_index=True, return_inverse=True, return_counts=True)
    if len(size) > 1:
        after_own = (start + size)[codes]
        models[order] = order[(after_own + rng.integers(len(order) - size[codes])) % len(order)]
    return models
