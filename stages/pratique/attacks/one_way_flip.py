"""One-way flips: rows of one class pass for rows of one other."""

from typing import Self

import numpy as np
from pydantic import Field, model_validator

from pratique.attacks.support.balance import Balanced, add_in_proportion
from pratique.attacks.support.blending import blend_rows
from pratique.contract.attack import (
    Added,
    Attack,
    PoisonedBatch,
    count_poisoned,
    insert_beside,
    overwrite_cells,
    rewrite_cells,
)
from pratique.core.batch import Batch


class OneWayFlip(Attack):
    """Labels of one class replaced by one other class, and never the other way.

    Claim: models an attacker who wants one class to pass for another (fraud for honest, malware for harmless), and
    annotators who mistake one class. It moves the balance of the classes, unlike flips both ways, unless the attacker
    sees to it with `balanced`.

    Formula: y' = target where y = source. Without `source`, the most common class of the batch; without `target`,
    the most common of the others; the first in the order of text among equals. Batches differ in these, so name
    both to poison several batches alike. With `balanced`, copies of rows of the source take the place of rows of the
    target: x' = x_j where y = target, y_j = source; a cell that is missing in either stays. With `added`, too, the
    labels of the copies are shared out over the classes as those of the batch are: those with the label of the target
    are copies of rows of the source, all others are true.

    Budget: round(rate x rows) rows, among those of the source class; none where there is no other class and no
    target is named. With `balanced` alone, among those of the target class that differ from the row that they would
    become a copy of; with `balanced`, none where the batch lacks one of the two.

    Source: Tolpegin, Truex, Gursoy, Liu, "Data Poisoning Attacks Against Federated Learning Systems", ESORICS 2020,
    who flip one source class to one target class.

    Cost: O(rows log rows).
    """

    source: str | None = Field(None, min_length=1, description="The class whose rows are relabelled.")
    target: str | None = Field(None, min_length=1, description="The class that they get.")
    added: Added = False
    balanced: Balanced = False

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.source is not None and self.source == self.target:
            raise ValueError("source and target must be two classes")
        return self

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Relabel rows of the source class."""
        labels = batch.labels
        source = self.source or _most_common(labels, but=self.target)
        target = self.target or _most_common(labels, but=source)
        if self.balanced:
            return self._balance(batch, source or "", target or "", rate, rng)
        flipped = np.full(len(batch), None)
        flipped[(labels == source) & (labels != "")] = target
        poisoned = rewrite_cells(batch, {batch.layout.label: flipped}, rate, rng)
        return insert_beside(batch, poisoned, rng) if self.added else poisoned

    def _balance(self, batch: Batch, source: str, target: str, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        labels = batch.labels
        givers, takers = (
            rng.permutation(np.flatnonzero((labels == name) & (labels != ""))) for name in (source, target)
        )
        if not len(givers) or not len(takers):
            return overwrite_cells(batch, np.zeros(0, int), {})
        if self.added:
            none = np.zeros(0, int)
            return add_in_proportion(
                batch, count_poisoned(batch, rate), lambda name: givers if name == target else none, rng
            )
        partners = np.arange(len(batch))
        partners[takers] = np.resize(givers, len(takers))
        return blend_rows(batch, partners, 1, rate, rng)


def _most_common(labels: np.ndarray, but: str | None) -> str | None:
    classes, counts = np.unique(labels[(labels != "") & (labels != (but or ""))], return_counts=True)
    return str(classes[counts.argmax()]) if len(classes) else None
