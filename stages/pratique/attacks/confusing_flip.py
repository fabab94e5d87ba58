"""Confusing flips: the labels that hurt most, chosen by a model of the batch itself."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from pratique.contract.attack import Attack, PoisonedBatch, count_poisoned, draw_other_labels, overwrite_cells
from pratique.core.batch import Batch
from pratique.core.params import ModelKind
from pratique.tables.encoding import Encoder

MAX_VOTERS = 5000


class ConfusingFlip(Attack):
    """Labels flipped where a neighbour vote is least sure, or most, towards the class that rivals the row's own.

    Claim: models annotators who confuse what is alike, and an attacker with a surrogate model: flips near the
    border between two classes move it and are the hardest to see ("confusing"); flips of the surest rows have the
    highest loss and pull the hardest ("confident").

    Formula: the k nearest other rows of the batch vote; margin = votes for the row's own label - votes for the most
    voted other class, the rival, to which the label is flipped (drawn among equals; any other class where no
    neighbour has one). "confusing" takes the smallest margins above 0 first, then, since the budget is kept, the
    rest from 0 downwards; "confident" takes the largest first. Rows of the same margin are drawn. The neighbours
    are sought among at most 5,000 labelled rows, a draw where there are more, in the space of `Encoder`.

    Budget: round(rate x rows) rows, among those that have a label; none where the batch holds a single class.

    Source: Xiao, Xiao, Eckert, "Adversarial Label Flips Attack on Support Vector Machines", ECAI 2012, who flip
    the instances nearest to the border and those farthest from it for comparison.

    Cost: O(rows x min(rows, 5,000) x dimensions).
    """

    proxy: ClassVar[ModelKind | None] = "nearest_neighbours"

    neighbours: int = Field(10, ge=1, le=50, description="How many other rows vote on each.")
    select: Literal["confusing", "confident"] = Field("confusing", description="Smallest margins first, or largest.")

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Flip the labels that the surrogate picks."""
        labelled = np.flatnonzero(batch.labels != "")
        labels = batch.labels[labelled]
        classes, codes = np.unique(labels, return_inverse=True)
        count = count_poisoned(batch, rate) if len(classes) > 1 else 0
        if not count:
            return overwrite_cells(batch, np.zeros(0, int), {})
        votes = self._votes(Encoder.fit(batch).transform(batch)[labelled], codes, rng)
        margin, rival = _margins(votes, codes, rng)
        new = np.where(rival < 0, draw_other_labels(labels, classes, rng), classes[rival])
        last = self.select == "confusing"
        key = np.where(last & (margin > 0), margin, -margin + last * (self.neighbours + 1))
        picked = np.sort(np.lexsort((rng.random(len(key)), key))[:count])
        return overwrite_cells(batch, labelled[picked], {batch.layout.label: new[picked]})

    def _votes(self, points: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Collect the classes of each row's nearest other rows, shape (rows, neighbours)."""
        from sklearn.neighbors import NearestNeighbors

        voters = np.arange(len(points))
        if len(points) > MAX_VOTERS:
            voters = np.sort(rng.choice(len(points), MAX_VOTERS, replace=False))
        k = min(self.neighbours, len(voters) - 1)
        index = NearestNeighbors(n_neighbors=k + 1, algorithm="brute").fit(points[voters])
        found = voters[index.kneighbors(points, return_distance=False)]
        itself_last = np.argsort(found == np.arange(len(points))[:, None], axis=1, kind="stable")
        return codes[np.take_along_axis(found, itself_last, axis=1)[:, :k]]


def _margins(votes: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Margin of the own class over its best rival, and this rival, -1 where no vote is for another class."""
    own = votes == codes[:, None]
    for_same = (votes[:, :, None] == votes[:, None, :]).sum(axis=2)
    against = np.where(own, 0, for_same)
    best = (against + rng.random(votes.shape) * ~own).argmax(axis=1)[:, None]
    most = against.max(axis=1)
    rival = np.where(most > 0, np.take_along_axis(votes, best, axis=1)[:, 0], -1)
    return own.sum(axis=1) - most, rival
