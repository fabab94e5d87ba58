"""Small-loss selection: two models, each of which chooses the rows that the other learns from."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.method import SELECTING, Fit, Fitted, Method, TrainingRows
from pratique.training.methods.support.noise import (
    compute_losses,
    cross_fit,
    cut_halves,
    estimate_poison,
    keep_lowest,
    tell_classes,
)


class SmallLoss(Method):
    """Rows whose label a model of the other half of the rows finds least likely are left out.

    Claim: withstands labels that are wrong here and there. Poison that lies together, so that each half teaches it to
    the other, is learned as well as before.

    Formula: in each round the kept rows are cut into halves, and a model of each gives every row of the other half its
    loss -log p(y | x). All but the share r of the rows that are not trusted stay, those of the smallest losses; r is
    how many of them seem mislabelled, beyond what is wrong of trusted rows, in the first round.

    Source: the idea of Han et al., "Co-teaching", NeurIPS 2018, for models of any kind: halves of rows in the place of
    two networks that start differently.

    Cost: two trainings on half of the rows a round, and one on what stays.
    """

    goes_with: ClassVar[frozenset[str]] = SELECTING
    draws: ClassVar[bool] = True

    rounds: int = Field(2, ge=1, le=20, description="How often the rows that stay are chosen anew.")

    def fit(self, rows: TrainingRows, fit: Fit, rng: np.random.Generator) -> Fitted:
        """Choose rows, and train on them."""
        told = tell_classes(rows, fit, cut_halves(rows, rng))
        share = estimate_poison(rows, told)
        kept = keep_lowest(rows, compute_losses(rows, told), share)
        for _ in range(self.rounds - 1):
            told = cross_fit(rows, fit, kept, cut_halves(rows, rng))
            kept = keep_lowest(rows, compute_losses(rows, told), share)
        return Fitted(rows.fit(fit, kept.astype(float)), kept.astype(float))
