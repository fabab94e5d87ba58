"""Learned regularization: the penalty that makes trusted rows, held out, the most likely."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.method import LINEAR, Fit, Fitted, Method, TrainingRows
from pratique.statistics.hypergradients.implicit import minimise
from pratique.statistics.hypergradients.logistic import Norm
from pratique.training.methods.support.linear import as_classifier, ask_judge, judge_by, pose

PENALTY_BOUNDS = (-14.0, 3.0)
"""Natural logarithms of the penalty of a mean loss between which it is sought."""


class LearnedRegularization(Method):
    """The penalty is learned on trusted rows; it rises with the poison and damps it.

    Claim: withstands poison that pulls the parameters far, such as optimised points, at no cost where there is none.
    Flips at random already shrink the parameters; there is little left to damp.

    Formula: lambda = argmin A(w(lambda)), w(lambda) = argmin mean CE(w) + e^lambda r(w), with r(w) = |w|^2 / 2 or the
    sum of |w|; A is the mean CE on half of the trusted rows, on which w is not trained. By L-BFGS along the
    hypergradient; then all rows train. The intercept is penalised, too.

    Source: Carnerero-Cano, Munoz-Gonzalez, Spencer and Lupu, "Hyperparameter learning under data poisoning", 2023.

    Cost: 10 to 30 trainings, each from where the last one ended.
    """

    goes_with: ClassVar[frozenset[str]] = LINEAR
    draws: ClassVar[bool] = True

    norm: Norm = Field("l2", description="The penalty: of squares, or of absolute values.")
    each: bool = Field(False, description="One penalty for each feature instead of one for all.")

    def fit(self, rows: TrainingRows, fit: Fit, rng: np.random.Generator) -> Fitted:
        """Learn the penalty, and train with it."""
        ones = np.ones(len(rows.targets))
        penalty = self.learn_penalty(rows, rng)
        return Fitted(as_classifier(minimise(pose(rows, ones, penalty, self.norm))), ones)

    def learn_penalty(self, rows: TrainingRows, rng: np.random.Generator) -> np.ndarray:
        """The logarithm of the penalty, shape (1,) or (features + 1,); the usual one where nothing is trusted."""
        from scipy.optimize import minimize

        validating = rows.hold_out(rng)
        trains = (~validating).astype(float)
        start = pose(rows, trains).penalty
        if not validating.any():
            return start
        start = np.repeat(start, rows.points.shape[1] + 1) if self.each else start
        judge, last = judge_by(rows, validating), None

        def outcome(penalty: np.ndarray) -> tuple[float, np.ndarray]:
            nonlocal last
            last, loss, slopes = ask_judge(pose(rows, trains, penalty, self.norm), judge, last)
            return loss, slopes.penalty

        bounds = [PENALTY_BOUNDS] * len(start)
        return np.asarray(minimize(outcome, start, jac=True, method="L-BFGS-B", bounds=bounds).x)
