"""Generalised cross-entropy: a loss between cross-entropy and the count of errors, so that no row costs much."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.method import Fit, Fitted, Method, TrainingRows, ask_probabilities


class GeneralisedCrossEntropy(Method):
    """Rows count by how likely the model finds their label.

    Claim: withstands labels that are wrong at random, without trusted rows. A row that is hard for an honest reason
    counts less, too.

    Formula: L_q = (1 - p_y^q) / q, which is concave in log p_y, with slope -p_y^q: so each training minimises the sum
    of -p_y^q log p_y with the p_y of the last one in the place of the weight, and L_q never rises.

    Source: Zhang and Sabuncu, "Generalized cross entropy loss for training deep neural networks with noisy labels",
    NeurIPS 2018.

    Cost: `rounds` trainings.
    """

    goes_with: ClassVar[frozenset[str]] = frozenset({"logistic_regression", "gradient_boosting"})

    q: float = Field(0.7, gt=0, le=1, description="0 would be cross-entropy; at 1 a row costs its chance of error.")
    rounds: int = Field(5, ge=1, le=1000, description="Trainings.")

    def fit(self, rows: TrainingRows, fit: Fit, rng: np.random.Generator) -> Fitted:
        """Train and weigh in turn."""
        weights = np.ones(len(rows.targets))
        classifier = rows.fit(fit, weights)
        for _ in range(self.rounds):
            told = ask_probabilities(classifier, rows.points, rows.classes)
            weights = np.maximum(told[np.arange(len(told)), rows.targets], 1e-3) ** self.q
            classifier = rows.fit(fit, weights)
        return Fitted(classifier, weights)
