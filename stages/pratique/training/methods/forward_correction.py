"""Forward correction: the model tells true classes, and a transition matrix what became of them."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.method import Fit, Fitted, Method, TrainingRows, ask_probabilities
from pratique.training.methods.support.noise import cross_fit


class ForwardCorrection(Method):
    """Labels of rows that are not trusted are read as true ones that were flipped with the chances of a matrix T.

    Claim: withstands flips that depend on the class alone, however uneven. Flips that depend on the features break its
    assumption.

    Formula: minimise -sum_i log sum_c T[c, y_i] p_c(x_i); T is the identity for trusted rows. T[c, j] is the chance
    that a row of class c came in as j: with M[j, c] = P(label j, class c), A[j, s] = P(label j, model says s) and
    C[c, s] = P(model says s | class c), A = M C, so M = A C^-1; A is counted on the other rows, C on trusted ones,
    each by a model of the other half. The sum is minimised by expectation-maximisation: each row counts for each
    class c by the chance q_c ~ T[c, y] p_c(x) that it is the true one.

    Source: Patrini et al., "Making deep neural networks robust to label noise", CVPR 2017; T from trusted rows as in
    Hendrycks et al., NeurIPS 2018, by counts in the place of mean probabilities, which blur it.

    Cost: `rounds` trainings on every row under every class, and two on half of the rows.
    """

    goes_with: ClassVar[frozenset[str]] = frozenset({"logistic_regression", "gradient_boosting"})
    draws: ClassVar[bool] = True

    rounds: int = Field(5, ge=1, le=1000, description="Trainings.")

    def fit(self, rows: TrainingRows, fit: Fit, rng: np.random.Generator) -> Fitted:
        """Estimate T, then correct and train in turn."""
        flips = estimate_transitions(rows, cross_fit(rows, fit, np.ones(len(rows.targets), bool), rng))
        chances = np.where(rows.trusted[:, None], np.eye(rows.classes)[rows.targets], flips.T[rows.targets])
        classes, places = np.arange(rows.classes), np.flatnonzero(rows.learned)
        points, targets = np.repeat(rows.points[places], rows.classes, axis=0), np.tile(classes, len(places))
        classifier = rows.fit(fit, np.ones(len(rows.targets)))
        for _ in range(self.rounds):
            true = chances * ask_probabilities(classifier, rows.points, rows.classes) + TINY_CHANCE
            true /= true.sum(axis=1, keepdims=True)
            weights = true[places].ravel()
            likely = weights > LEAST_CHANCE
            classifier = fit(points[likely], targets[likely], weights[likely])
        return Fitted(classifier, true[np.arange(len(true)), rows.targets])


def estimate_transitions(rows: TrainingRows, probabilities: np.ndarray) -> np.ndarray:
    """The chance that a row of a class comes in under each label, shape (classes, labels)."""
    identity, said = np.eye(rows.classes), np.eye(rows.classes)[probabilities.argmax(axis=1)]
    labels = identity[rows.targets]
    known = labels[rows.trusted].T @ said[rows.trusted]
    confused = (known + PRIOR_COUNT * identity) / (known + PRIOR_COUNT * identity).sum(axis=1, keepdims=True)
    together = labels[~rows.trusted].T @ said[~rows.trusted]
    joint = np.maximum(together @ np.linalg.pinv(confused), 0) + PRIOR_COUNT * identity
    return (joint / joint.sum(axis=0)).T


PRIOR_COUNT = 1.0
"""Rows by which each class counts as known and as not flipped before any is seen."""
LEAST_CHANCE = 1e-3
"""A row does not count for a class that is less likely than this."""
TINY_CHANCE = 1e-12
