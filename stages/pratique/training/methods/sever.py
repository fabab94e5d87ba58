"""Sever: rows whose gradients stick out of all gradients are left out."""

from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.method import LINEAR, Fit, Fitted, Method, TrainingRows
from pratique.statistics.hypergradients.implicit import minimise
from pratique.training.methods.support.linear import pose
from pratique.training.methods.support.noise import cut_halves, estimate_poison, keep_lowest, tell_classes


class Sever(Method):
    """Rows that pull the parameters together, in the one direction in which gradients differ the most, are left out.

    Claim: withstands poison that pulls one way. Flips at random pull in all directions.

    Formula: with g_i = grad CE_i(w) at the optimum w, and v the first right singular vector of the centred g_i, a row
    scores ((g_i - mean g) . v)^2, and the highest go. In `rounds` rounds until the share r is gone, with r as
    `small_loss` estimates it.

    Source: Diakonikolas et al., "Sever: a robust meta-algorithm for stochastic optimization", ICML 2019.

    Cost: a training and a singular value decomposition a round, two trainings on half of the rows, one on what stays.
    """

    goes_with: ClassVar[frozenset[str]] = LINEAR
    draws: ClassVar[bool] = True

    rounds: int = Field(4, ge=1, le=100, description="In how many rounds rows go.")

    def fit(self, rows: TrainingRows, fit: Fit, rng: np.random.Generator) -> Fitted:
        """Leave rows out, and train on the others."""
        kept, w = np.ones(len(rows.targets), bool), None
        share = estimate_poison(rows, tell_classes(rows, fit, cut_halves(rows, rng)))
        for turn in range(self.rounds):
            problem = pose(rows, kept.astype(float))
            w = minimise(problem, w)
            pull = np.einsum("nc,nd->ncd", problem.excess(w), problem.points).reshape(len(kept), -1)
            pull -= pull[kept & rows.learned].mean(axis=0)
            direction = np.linalg.svd(pull[kept & rows.learned], full_matrices=False)[2][0]
            kept = keep_lowest(rows, (pull @ direction) ** 2, share * (turn + 1) / self.rounds)
        return Fitted(rows.fit(fit, kept.astype(float)), kept.astype(float))
