"""Forward correction: the model tells true classes, and a transition matrix what became of them."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.method import WEIGHING, Fit, Fitted, Method, TrainingRows, ask_probabilities
from pratique.training.methods.support.noise import cut_halves, tell_classes


class ForwardCorrection(Method):
    """Labels of rows that are not trusted are read as true ones that were flipped with the chances of a matrix T.

    Claim: withstands flips that depend on the class alone, however uneven. Flips that depend on the features break its
    assumption.

    Formula: -sum_i log sum_c T[c, y_i] p_c(x_i) goes down by expectation-maximisation: a row counts for each class c by
    the chance q_c ~ T[c, y] p_c(x) that it is the true one, p told by a model of the other half of the rows, which
    counted so before; T is the identity for trusted rows. After `rounds` the model is trained on all rows, each by the
    chance q_y that its label is right. T[c, j] is the chance that a row of class c comes in as j: with M[j, c] =
    P(label j, class c), A[j, s] = P(label j, model says s) and C[c, s] = P(model says s | class c), A = M C, so
    M = A C^-1; A is counted on the rows that are not trusted, C on trusted ones, each by a model of the other half.

    Source: Patrini et al., "Making deep neural networks robust to label noise", CVPR 2017; T from trusted rows as in
    Hendrycks et al., NeurIPS 2018, by counts in the place of mean probabilities, which blur it.

    Cost: two trainings on half of the rows, two a round on half of the rows under every class, and one on all.
    """

    goes_with: ClassVar[frozenset[str]] = WEIGHING
    draws: ClassVar[bool] = True

    rounds: int = Field(3, ge=1, le=1000, description="How often the chances of classes are told anew.")

    def fit(self, rows: TrainingRows, fit: Fit, rng: np.random.Generator) -> Fitted:
        """Estimate T, correct in turn, and train."""
        second = cut_halves(rows, rng)
        told = tell_classes(rows, fit, second)
        flips = estimate_transitions(rows, told)
        chances = np.where(rows.trusted[:, None], np.eye(rows.classes)[rows.targets], flips.T[rows.targets])
        true = _correct(chances, np.maximum(told @ np.linalg.pinv(flips), LEAST_CHANCE))
        for _ in range(self.rounds):
            for half in (second, ~second):
                told[half] = _tell(rows, fit, true, half)
            true = _correct(chances, told)
        weights = true[np.arange(len(true)), rows.targets]
        return Fitted(rows.fit(fit, weights), weights)


def _correct(chances: np.ndarray, told: np.ndarray) -> np.ndarray:
    """The chance of each class, by what came in and what a model tells."""
    true = chances * told + TINY_CHANCE
    return true / true.sum(axis=1, keepdims=True)


def _tell(rows: TrainingRows, fit: Fit, true: np.ndarray, half: np.ndarray) -> np.ndarray:
    """The probabilities of the rows of a half, by a model of the other half, each row of it under every class."""
    seen, classes = np.flatnonzero(~half), np.arange(rows.classes)
    weights = true[seen].ravel()
    likely = weights > LEAST_CHANCE
    points, targets = np.repeat(rows.points[seen], len(classes), axis=0), np.tile(classes, len(seen))
    classifier = fit(points[likely], targets[likely], weights[likely])
    return ask_probabilities(classifier, rows.points[half], rows.classes)


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
"""A class that is less likely than this is as good as impossible."""
TINY_CHANCE = 1e-12
