"""Trimmed loss: the rows of the highest losses of a model are left out of the next one, until nothing changes."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.method import LINEAR, Fit, Fitted, Method, TrainingRows, ask_probabilities
from pratique.training.methods.support.noise import (
    compute_losses,
    cut_halves,
    estimate_poison,
    keep_lowest,
    tell_classes,
)


class TrimmedLoss(Method):
    """A model of the rows that it fits best, all but the share that seems poisoned.

    Claim: withstands rows that a model can't fit beside the good ones. A model that fits everything, as trees do, has
    no high losses on what it learned, so that only a linear one goes with it.

    Formula: w <- argmin sum_{i in I} l(w, i), I <- the rows of the smallest losses l(w, i), in turn. Trusted rows are
    always in I; of the others all but the share r are, with r as `small_loss` estimates it.

    Source: TRIM of Jagielski et al., "Manipulating machine learning", IEEE S&P 2018, for classes in the place of
    numbers.

    Cost: at most `rounds` trainings, and two on half of the rows.
    """

    goes_with: ClassVar[frozenset[str]] = LINEAR
    draws: ClassVar[bool] = True

    rounds: int = Field(20, ge=1, le=1000, description="Trainings at most.")

    def fit(self, rows: TrainingRows, fit: Fit, rng: np.random.Generator) -> Fitted:
        """Train and trim in turn."""
        kept = np.ones(len(rows.targets), bool)
        share = estimate_poison(rows, tell_classes(rows, fit, cut_halves(rows, rng)))
        classifier = rows.fit(fit, kept.astype(float))
        for _ in range(self.rounds):
            losses = compute_losses(rows, ask_probabilities(classifier, rows.points, rows.classes))
            before, kept = kept, keep_lowest(rows, losses, share)
            if np.array_equal(kept, before):
                break
            classifier = rows.fit(fit, kept.astype(float))
        return Fitted(classifier, kept.astype(float))
