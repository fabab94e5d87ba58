"""Forward mode: how the parameters move with the penalty, carried along with the steps of gradient descent."""

import numpy as np

from pratique.statistics.hypergradients.logistic import Logistic
from pratique.statistics.hypergradients.outer import Judge


def differentiate_penalty(problem: Logistic, path: np.ndarray, rate: float, judge: Judge) -> np.ndarray:
    """The gradient of the judge's loss at the end of the path by the penalty, shape of the penalty.

    Formula: Z_0 = 0, Z_t+1 = Z_t - rate (H(w_t) Z_t + d/d lambda grad L(w_t)), d A / d lambda = grad A(w_T) . Z_T. No
    path need be kept; the cost grows with the number of penalties.

    Source: Franceschi et al., "Forward and reverse gradient-based hyperparameter optimization", ICML 2017.
    """
    count = len(problem.penalty)
    moved = [np.zeros(problem.shape) for _ in range(count)]
    for w in path[:-1]:
        pull = np.exp(problem.penalty)[:, None] * (w if problem.norm == "l2" else np.sign(w))
        for j in range(count):
            own = pull if count == 1 else np.where(np.arange(len(pull))[:, None] == j, pull, 0)
            moved[j] = moved[j] - rate * (problem.bend(w, moved[j]) + own)
    slope = judge.gradient(path[-1])
    return np.array([(slope * each).sum() for each in moved])
