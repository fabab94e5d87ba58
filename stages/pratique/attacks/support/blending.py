"""Blending rows with others: every number lies between two that came in, so no cell stands out."""

from collections.abc import Callable

import numpy as np

from pratique.contract.attack import LegalValues, PoisonedBatch, choose_rows, count_poisoned, overwrite_cells
from pratique.core.batch import Batch


def blend_rows(
    batch: Batch, partners: np.ndarray, weight: float, rate: float, rng: np.random.Generator
) -> PoisonedBatch:
    """Blend `count_poisoned(batch, rate)` rows with their partners, drawn among those that differ from them.

    With z a row's partner, x' = (1 - weight) x + weight z in every numeric column, rounded in whole-number columns;
    each level is taken over from z with probability weight, one draw a cell. A cell that is missing or unreadable in
    x or in z stays as it came. In a row that all this leaves as it was, one cell that differs, drawn uniformly, is
    taken over from z.

    Parameters
    ----------
    batch : Batch
        The clean batch.
    partners : ndarray of int, shape (rows,)
        For each row, the position of the one that it is blended with.
    weight : float
        How far a row goes towards its partner, in (0, 1].
    rate : float
    rng : Generator
    """
    numbers, levels, count = batch.numeric, batch.categorical, len(batch.layout.numeric)
    differs = np.hstack([_both_differ(numbers, partners, np.isnan), _both_differ(levels, partners, _is_missing)])
    rows = choose_rows(np.flatnonzero(differs.any(axis=1)), count_poisoned(batch, rate), rng)
    old, partners, moves = numbers[rows], partners[rows], differs[rows]

    blend = LegalValues.of(batch)((1 - weight) * old + weight * numbers[partners])
    moves[:, :count] &= blend != old
    moves[:, count:] &= rng.random(levels[rows].shape) < weight
    still = ~moves.any(axis=1)
    cell = np.where(differs[rows], rng.random(moves.shape), -1).argmax(axis=1)
    moves[still, cell[still]] = True
    blend = np.where(moves[:, :count], np.where(blend == old, numbers[partners], blend), np.nan)
    taken = np.where(moves[:, count:], levels[partners], np.nan)
    names = (*batch.layout.numeric, *batch.layout.categorical)
    return overwrite_cells(batch, rows, dict(zip(names, (*blend.T, *taken.T), strict=True)))


def draw_other_class(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw for each row one of another class; where there is none, or no label, it is the row itself."""
    drawn = np.arange(len(labels))
    order, start, size = _sort_by_class(labels)
    if len(np.unique(start)) > 1:
        drawn[order] = order[(start + size + rng.integers(len(order) - size)) % len(order)]
    return drawn


def draw_own_class(labels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw for each row another one of its class; where there is none, or no label, it is the row itself."""
    drawn = np.arange(len(labels))
    order, start, size = _sort_by_class(labels)
    steps = 1 + rng.integers(np.maximum(size - 1, 1))
    drawn[order] = order[start + (np.arange(len(order)) - start + steps) % size]
    return drawn


def _sort_by_class(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions of labelled rows, class after class; and for each where its class begins there, and its size."""
    order = np.argsort(labels, kind="stable")[np.sum(labels == "") :]  # '' comes before every label
    _, start, codes, size = np.unique(labels[order], return_index=True, return_inverse=True, return_counts=True)
    return order, start[codes], size[codes]


def _is_missing(levels: np.ndarray) -> np.ndarray:
    return levels == ""


def _both_differ(cells: np.ndarray, partners: np.ndarray, missing: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Cells that are there both in a row and in its partner, and are not the same."""
    absent = missing(cells)
    return ~absent & ~absent[partners] & (cells != cells[partners])
