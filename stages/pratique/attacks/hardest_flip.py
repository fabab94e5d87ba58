"""Hardest flips: the labels that a model of the batch is least sure of, or most wrong about."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from pratique.attacks.support.balance import Balanced, add_in_proportion, exchange_labels
from pratique.contract.attack import Added, Attack, PoisonedBatch, count_poisoned, insert_beside, overwrite_cells
from pratique.core.batch import Batch
from pratique.core.params import ModelKind
from pratique.tables.encoding import Encoder


class HardestFlip(Attack):
    """Labels flipped where a logistic regression finds a row hardest, to the class it takes for the likeliest other.

    Claim: models annotators who err where a careful person would, and an attacker who picks the flips that are the
    least conspicuous. "confidence" takes rows near a boundary, whatever their label. "loss" takes rows that
    already contradict the model: where there are two classes, their flipped labels are what it expects. A logistic
    regression loses less by either than by as many random flips; a model of another kind may not.

    Formula: p = class probabilities of the surrogate; "confidence" takes the smallest max_c p_c first, "loss" the
    largest -log p_y; y' = argmax_{c != y} p_c. The surrogate is a logistic regression (L2, C = 1) in the space of
    `Encoder` on all labelled rows, each with a weight drawn from Exp(1): a Bayesian bootstrap, because nobody
    outside has the very model that will be trained.

    With `balanced` the hardest rows, of which no class has more than half, exchange their labels: each gets another
    class, such that the sum of p over all of them is the largest. With `added`, too, the labels of the copies are
    shared out over the classes as those of the batch are; for each class the hardest rows are copied for which it is
    the likeliest other class, and then the hardest of the others.

    Budget: round(rate x rows) rows, among those that have a label; none where the batch holds a single class.
    With `balanced` alone, at most twice as many as have another label than the most common class; where an odd number
    of rows of two classes meet, two classes are off by one row.

    Source: Zhang et al., "Learning with Feature-Dependent Label Noise: A Progressive Approach", ICLR 2021, whose
    noise flips the least confident rows to the second most confident class.

    Cost: one logistic regression, O(rows x dimensions x classes) for each of its iterations; balanced, O(poisoned
    rows^3) at worst beside it.
    """

    proxy: ClassVar[ModelKind | None] = "logistic_regression"

    by: Literal["confidence", "loss"] = Field("confidence", description="Least sure rows first, or most wrong ones.")
    added: Added = False
    balanced: Balanced = False

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Flip the labels that the surrogate picks."""
        labelled = np.flatnonzero(batch.labels != "")
        classes, codes = np.unique(batch.labels[labelled], return_inverse=True)
        count = count_poisoned(batch, rate) if len(classes) > 1 else 0
        if not count:
            return overwrite_cells(batch, np.zeros(0, int), {})
        chances = _probabilities(Encoder.fit(batch).transform(batch)[labelled], codes, rng)
        own = codes[:, None] == np.arange(len(classes))
        sureness = chances.max(axis=1) if self.by == "confidence" else chances[own]
        rival = np.where(own, -1, chances).argmax(axis=1)
        order = np.lexsort((rng.random(len(sureness)), sureness))
        if self.balanced and self.added:

            def donors(name: str) -> np.ndarray:
                others = order[classes[codes[order]] != name]
                return labelled[others[np.argsort(classes[rival[others]] != name, kind="stable")]]

            return add_in_proportion(batch, count, donors, rng)
        if self.balanced:
            picked, new = exchange_labels(codes, chances, order, count)
        else:
            picked = np.sort(order[:count])
            new = rival[picked]
        flipped = overwrite_cells(batch, labelled[picked], {batch.layout.label: classes[new]})
        return insert_beside(batch, flipped, rng) if self.added else flipped


def _probabilities(points: np.ndarray, codes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(max_iter=2000).fit(points, codes, sample_weight=rng.exponential(size=len(codes)))
    return model.predict_proba(points)
