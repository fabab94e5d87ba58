"""Hypercleaning: a weight for each row, learned on trusted rows."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.method import LINEAR, Fit, Fitted, Method, TrainingRows
from pratique.training.methods.support.linear import ask_judge, judge_by, pose


class Hypercleaning(Method):
    """Rows weigh less the more they make trusted rows, held out, unlikely.

    Claim: withstands poison of any kind that hurts on trusted rows, and says by its weights which rows that is.

    Formula: a = argmin A(w(a)) over 0 <= a_i <= 1, w(a) = argmin mean a_i CE_i(w) + |w|^2 / 2n; A is the mean CE on
    half of the trusted rows, on which w is not trained. From a = 1, `steps` steps of L-BFGS along the hypergradient,
    few enough not to learn the held-out rows by heart; both halves in turn, and the mean of their weights.
    Trusted rows weigh 1.

    Source: Franceschi et al., "Forward and reverse gradient-based hyperparameter optimization", ICML 2017.

    Cost: about twice `steps` trainings, each from where the last one ended.
    """

    goes_with: ClassVar[frozenset[str]] = LINEAR
    draws: ClassVar[bool] = True

    steps: int = Field(10, ge=1, le=1000, description="Steps of the search for weights.")

    def fit(self, rows: TrainingRows, fit: Fit, rng: np.random.Generator) -> Fitted:
        """Learn weights, and train by them."""
        first = rows.hold_out(rng)
        second = rows.trusted & ~first
        learned = [self._learn(rows, half) for half in (first, second) if half.any() and len(rows.doubtful)]
        weights = np.ones(len(rows.targets))
        if learned:
            weights[rows.doubtful] = np.maximum(np.mean(learned, axis=0), LEAST_WEIGHT)
        return Fitted(rows.fit(fit, weights), weights)

    def _learn(self, rows: TrainingRows, validating: np.ndarray) -> np.ndarray:
        """The weights of the rows that are not trusted."""
        from scipy.optimize import minimize

        judge, last, doubtful = judge_by(rows, validating), None, rows.doubtful
        weights = (~validating).astype(float)

        def outcome(given: np.ndarray) -> tuple[float, np.ndarray]:
            nonlocal last
            weights[doubtful] = given
            last, loss, slopes = ask_judge(pose(rows, weights), judge, last)
            return loss, slopes.shares[doubtful] / rows.learned.sum()

        start = np.ones(len(doubtful))
        found = minimize(
            outcome,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=[(0.0, 1.0)] * len(start),
            options={"maxiter": self.steps},
        )
        return np.asarray(found.x)


LEAST_WEIGHT = 1e-6
"""So that every class keeps a row, however little it weighs."""
