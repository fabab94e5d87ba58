"""Reverse mode: back through the steps of gradient descent."""

import numpy as np

from pratique.statistics.hypergradients.logistic import Hypergradient, Logistic
from pratique.statistics.hypergradients.outer import Judge


def descend(problem: Logistic, rate: float, steps: int) -> np.ndarray:
    """The parameters after each step of gradient descent from zeros, shape (steps + 1, d, k - 1)."""
    path = np.zeros((steps + 1, *problem.shape))
    for t in range(steps):
        path[t + 1] = path[t] - rate * problem.gradient(path[t])
    return path


def differentiate(problem: Logistic, path: np.ndarray, rate: float, judge: Judge, rows: slice) -> Hypergradient:
    """The gradient of the judge's loss at the end of the path.

    Formula: dw = grad A(w_T); for t = T-1 ... 0, with the old dw: d theta -= rate d/d theta (grad L(w_t) . dw),
    dw -= rate H(w_t) dw. The whole path is kept.

    Source: Maclaurin, Duvenaud and Adams, "Gradient-based hyperparameter optimization through reversible learning",
    ICML 2015; Franceschi et al., ICML 2017.

    Parameters
    ----------
    problem : Logistic
    path : ndarray of float, shape (steps + 1, d, k - 1)
    rate : float
    judge : Judge
    rows : slice
        The training rows by whose places the gradient is taken, too.
    """
    back = judge.gradient(path[-1])
    total = Hypergradient(
        np.zeros(len(problem.penalty)), np.zeros(len(problem.shares)), np.zeros_like(problem.points[rows])
    )
    for w in path[-2::-1]:
        bent, given = problem.pull_back(w, back, rows)
        total, back = total.add(given, -rate), back - rate * bent
    return total
