"""What an attacker who trains a model works on: two classes of a batch as points, and the box they may move in."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from pratique.contract.attack import LegalValues, PoisonedBatch, copy_cells, draw_insertions, overwrite_cells
from pratique.core.batch import Batch
from pratique.tables.encoding import Encoder

SURROGATE_ROWS = 400


@dataclass(frozen=True)
class TwoClasses:
    """Rows of the two most common classes of a batch in the space of `Encoder`, half to train on, half to judge by.

    Attributes
    ----------
    batch : Batch
    rows : ndarray of int, shape (n,)
        Their positions in the batch: all, or a draw of about 400 that keeps the shares of the two classes.
    points : ndarray of float, shape (n, dimensions)
    signs : ndarray of float, shape (n,)
        -1 for the first of `classes`, 1 for the second.
    trains : ndarray of bool, shape (n,)
        A random half of each class, on which the surrogate is trained; the others validate it.
    weight : float
        How many of these training points stand for one row of the batch, and so for an inserted row.
    classes : ndarray of str, shape (2,)
    lowest, highest : ndarray of float, shape (dimensions,)
        The range of the batch.
    moves : ndarray of bool, shape (dimensions,)
        Whether a point may move there: numbers that vary do, levels stay.
    encoder : Encoder
    """

    batch: Batch
    rows: np.ndarray
    points: np.ndarray
    signs: np.ndarray
    trains: np.ndarray
    weight: float
    classes: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray
    moves: np.ndarray
    encoder: Encoder

    @classmethod
    def of(cls, batch: Batch, rng: np.random.Generator) -> Self | None:
        """Read them off a batch; None where it holds a single class or no number that varies.

        Among classes of the same size, the first in the order of text are taken.
        """
        classes, counts = np.unique(batch.labels[batch.labels != ""], return_counts=True)
        if len(classes) < 2 or not LegalValues.of(batch).varies.any():
            return None
        classes = np.sort(classes[np.argsort(-counts, kind="stable")[:2]])
        members = [rng.permutation(np.flatnonzero(batch.labels == name)) for name in classes]
        total = sum(map(len, members))
        sizes = [max(1, round(len(own) * min(1, SURROGATE_ROWS / total))) for own in members]
        rows = np.concatenate([own[:size] for own, size in zip(members, sizes, strict=True)])
        trains = np.concatenate([np.arange(size) < (size + 1) // 2 for size in sizes])
        encoder = Encoder.fit(batch)
        points = encoder.transform(batch)
        lowest, highest = points.min(axis=0), points.max(axis=0)
        return cls(
            batch,
            rows,
            points[rows],
            np.repeat([-1.0, 1.0], sizes),
            trains,
            float(trains.sum() / total),
            classes,
            lowest,
            highest,
            (lowest < highest) & (np.arange(points.shape[1]) < len(batch.layout.numeric)),
            encoder,
        )

    def step_along(self, points: np.ndarray, slopes: np.ndarray, step: float) -> np.ndarray:
        """Points after a step of this length along each one's slope, in the dimensions that move, within the range."""
        slopes = np.where(self.moves, slopes, 0)
        length = np.linalg.norm(slopes, axis=-1, keepdims=True)
        there = points + step * slopes / np.where(length > 0, length, 1)
        return np.where(self.moves, np.clip(there, self.lowest, self.highest), points)

    @np.errstate(over="ignore", invalid="ignore")
    def insert(self, points: np.ndarray, clones: np.ndarray, rng: np.random.Generator) -> PoisonedBatch:
        """Insert points as rows of the batch, at random positions, each under the other label than its clone's.

        Parameters
        ----------
        points : ndarray of float, shape (new rows, dimensions)
        clones : ndarray of int, shape (new rows,)
            Positions among the points of the class: where each new row started, and whose cells it keeps in
            columns that don't move.
        """
        numeric = self.batch.layout.numeric
        rows, origin = draw_insertions(self.batch, len(points), rng)
        numbers = LegalValues.of(self.batch)(self.encoder.mean + self.encoder.std * np.sinh(points[:, : len(numeric)]))
        moved = {name: numbers[:, c] for c, name in enumerate(numeric) if self.moves[c]}
        label = self.classes[(self.signs[clones] < 0).astype(int)]
        cells = {**copy_cells(self.batch, self.rows[clones]), **moved, self.batch.layout.label: label}
        return overwrite_cells(self.batch, rows, cells, origin)
