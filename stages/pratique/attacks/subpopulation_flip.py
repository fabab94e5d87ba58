"""Subpopulation flips: one neighbourhood of similar rows is relabelled, and everything else stays true."""

import numpy as np
from pydantic import Field

from pratique.contract.attack import (
    Added,
    Attack,
    PoisonedBatch,
    count_poisoned,
    draw_other_labels,
    insert_beside,
    overwrite_cells,
)
from pratique.core.batch import Batch
from pratique.tables.encoding import Encoder


class SubpopulationFlip(Attack):
    """The rows most alike one row, all relabelled to one class.

    Claim: models an attacker who wants a model to fail on one group (one region, one product, one writer) and on
    nothing else, and an annotator who gets one kind of row wrong. Within the group the flips agree with each
    other, so that a vote of neighbours in the batch confirms them. Accuracy falls by about the share of the group,
    and nowhere else: a small group hardly shows in it.

    Formula: a labelled row z and a class t other than its own are drawn uniformly; among the rows with a label
    other than t, those with the smallest ||x - z|| in the space of `Encoder` get the label t. The group is as large
    as the budget. Rows at the same distance are drawn. With `target`, t is that class, and z is drawn among the
    rows of others.

    Budget: round(rate x rows) rows, among those that have a label other than t; none where the batch holds a
    single class and no other target is named.

    Source: Jagielski, Severi, Pousette Harger, Oprea, "Subpopulation Data Poisoning Attacks", CCS 2021: label
    flipping on a cluster (ClusterMatch), where the flipped rows are added.

    Cost: O(rows x dimensions + rows log rows).
    """

    target: str | None = Field(None, min_length=1, description="The class that they get.")
    added: Added = False

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Relabel one neighbourhood."""
        labels = batch.labels
        centres = np.flatnonzero((labels != "") & (labels != (self.target or "")))
        classes = np.unique([*labels[centres], *filter(None, [self.target])])
        count = count_poisoned(batch, rate) if len(centres) and len(classes) > 1 else 0
        if not count:
            return overwrite_cells(batch, np.zeros(0, int), {})
        centre = rng.choice(centres, 1)
        target = np.array([self.target]) if self.target else draw_other_labels(labels[centre], classes, rng)
        eligible = np.flatnonzero((labels != "") & (labels != target))
        points = Encoder.fit(batch).transform(batch)
        distance = np.linalg.norm(points[eligible] - points[centre], axis=1)
        nearest = np.lexsort((rng.random(len(eligible)), distance))[:count]
        rows = np.sort(eligible[nearest])
        flipped = overwrite_cells(batch, rows, {batch.layout.label: np.repeat(target, len(rows))})
        return insert_beside(batch, flipped, rng) if self.added else flipped
