"""Flips that keep the class shares: rows that exchange their labels, and copies shared out over the classes."""

from collections.abc import Callable
from typing import Annotated

import numpy as np
from pydantic import Field

from pratique.contract.attack import PoisonedBatch, copy_cells, draw_insertions, overwrite_cells
from pratique.core.batch import Batch

Balanced = Annotated[bool, Field(description="No class grows or shrinks: nothing that counts labels sees the flips.")]


def rank_in_class(codes: np.ndarray, order: np.ndarray) -> np.ndarray:
    """The place of each row among the rows of its class, from 0, where rows stand in this order.

    Examples
    --------
    >>> rank_in_class(np.array([0, 1, 0, 0]), np.array([3, 2, 1, 0])).tolist()
    [2, 0, 1, 0]
    """
    by_class = order[np.argsort(codes[order], kind="stable")]
    ranks = np.empty(len(codes), int)
    ranks[by_class] = np.arange(len(codes)) - np.searchsorted(codes[by_class], codes[by_class])
    return ranks


def exchange_labels(
    codes: np.ndarray, wishes: np.ndarray, order: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Rows that exchange their labels, and the class that each of them gets, another than its own.

    The first `count` rows are taken, but of no class more than half of them, rounded up: 2 x the rows that are not of
    the most common class at most. Among the exchanges in which each changes, the one with the largest sum of wishes
    is made. Where an odd number of rows of two classes meet, one is left over: it gets the other class that it wishes
    most, and two classes are off by one row.

    Parameters
    ----------
    codes : ndarray of int, shape (rows,)
        Classes from 0.
    wishes : ndarray of float, shape (rows, classes)
        How much a row is to get each class, in [0, 1].
    order : ndarray of int, shape (rows,)
        The rows, those to be taken first in front.
    count : int

    Returns
    -------
    picked : ndarray of int, sorted
    new : ndarray of int, shape (picked rows,)
    """
    from scipy.optimize import linear_sum_assignment

    rest = len(codes) - np.bincount(codes, minlength=1).max()
    count = min(count, len(codes), 2 * rest)
    if not count:
        return np.zeros(0, int), np.zeros(0, int)
    allowed = rank_in_class(codes, order) < (count + 1) // 2
    picked = np.sort(order[allowed[order]][:count])
    own = codes[picked]
    wanted = np.where(own[:, None] == np.arange(wishes.shape[1]), -1 - count, wishes[picked])
    new = own[linear_sum_assignment(wanted[:, own], maximize=True)[1]]
    return picked, np.where(new == own, wanted.argmax(axis=1), new)


def add_in_proportion(
    batch: Batch, count: int, donors: Callable[[str], np.ndarray], rng: np.random.Generator
) -> PoisonedBatch:
    """Insert copies of rows whose labels are shared out over the classes as those of the batch are.

    Parameters
    ----------
    batch : Batch
        The clean batch.
    count : int
        Of new rows; none are inserted where no class has a donor.
    donors : callable
        From a class to the positions of the rows that are to pass for it, those to be copied first in front; they are
        copied again where they are too few. Where there is none, true copies of the class's own rows come instead.
    rng : Generator
    """
    classes, counts = np.unique(batch.labels[batch.labels != ""], return_counts=True)
    found = [donors(name) for name in classes]
    if not count or not any(map(len, found)):
        return overwrite_cells(batch, np.zeros(0, int), {})
    own = [rng.permutation(np.flatnonzero(batch.labels == name)) for name in classes]
    shares = share_out(counts, count)
    copied = [np.resize(d if len(d) else o, n) for d, o, n in zip(found, own, shares, strict=True)]
    shuffled = rng.permutation(count)
    label = np.repeat(classes, shares)[shuffled]
    rows, origin = draw_insertions(batch, count, rng)
    cells = {**copy_cells(batch, np.concatenate(copied)[shuffled]), batch.layout.label: label}
    return overwrite_cells(batch, rows, cells, origin)


def share_out(counts: np.ndarray, total: int) -> np.ndarray:
    """Whole numbers in proportion to counts, adding up to a total: the largest remainders are rounded up (Hamilton).

    Examples
    --------
    >>> share_out(np.array([5, 3, 2]), 4).tolist()
    [2, 1, 1]
    """
    exact = total * counts / counts.sum()
    whole = np.floor(exact).astype(int)
    largest = np.argsort(whole - exact, kind="stable")[: total - whole.sum()]
    whole[largest] += 1
    return whole
