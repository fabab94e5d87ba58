"""Median of means: the training follows, of many blocks of rows, the one whose mean loss is in the middle."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.method import LINEAR, Fit, Fitted, Method, TrainingRows
from pratique.statistics.hypergradients.implicit import minimise
from pratique.statistics.hypergradients.logistic import cross_entropy
from pratique.training.methods.support.linear import as_classifier, pose


class MedianOfMeans(Method):
    """Gradient descent on the median, over blocks of rows, of the mean loss of a block.

    Claim: withstands a few rows of any kind, however far away, without trusted rows: they spoil the blocks that they
    are in, and those are not in the middle. Beyond one bad row in most blocks it is no better than the mean.

    Formula: from the optimum of the mean loss, in each step the rows are cut at random into blocks of `block` rows,
    `cuts` times; w moves against the mean gradient of the blocks of median loss. The answer is the mean of the
    second half of the steps. The weight of a row is how often it was in such a block, 1 being the average, at most 1.

    Source: Lecué, Lerasle and Mathieu, "Robust classification via MOM minimization", Machine Learning 109 (2020).

    Cost: `steps` times the loss of all rows.
    """

    goes_with: ClassVar[frozenset[str]] = LINEAR
    draws: ClassVar[bool] = True

    block: int = Field(5, ge=1, le=10_000, description="Rows in a block.")
    cuts: int = Field(20, ge=1, le=1000, description="How often the rows are cut into blocks in each step.")
    steps: int = Field(300, ge=2, le=100_000, description="Steps.")

    def fit(self, rows: TrainingRows, fit: Fit, rng: np.random.Generator) -> Fitted:
        """Descend, and average."""
        problem = pose(rows, np.ones(len(rows.targets)))
        w, rate, places = minimise(problem), problem.rate(), np.flatnonzero(rows.learned)
        total, counts = np.zeros_like(w), np.zeros(len(rows.targets))
        size, strength = min(self.block, len(places)), np.exp(problem.penalty[0])
        for step in range(self.steps):
            losses = cross_entropy(problem.points @ w, problem.labels)
            cuts = rng.permuted(np.tile(places, (self.cuts, 1)), axis=1)
            blocks = cuts[:, : len(places) // size * size].reshape(self.cuts, -1, size)
            chosen = _find_medians(blocks, losses[blocks].mean(axis=2)).ravel()
            counts += np.bincount(chosen, minlength=len(counts))
            w = w - rate * (problem.points[chosen].T @ problem.excess(w)[chosen] / len(chosen) + strength * w)
            total += w if 2 * step >= self.steps else 0
        share = counts * len(places) / counts.sum()
        return Fitted(as_classifier(total / (self.steps - (self.steps + 1) // 2)), np.minimum(share, 1))


def _find_medians(blocks: np.ndarray, means: np.ndarray) -> np.ndarray:
    """The block of median mean of each cut, shape (cuts, rows in a block).

    Parameters
    ----------
    blocks : ndarray of int, shape (cuts, blocks, rows in a block)
    means : ndarray of float, shape (cuts, blocks)
    """
    middle = np.argsort(means, axis=1, kind="stable")[:, (means.shape[1] - 1) // 2]
    return blocks[np.arange(len(blocks)), middle]
