"""The implicit function theorem at the optimum: one linear system with the Hessian in the place of all steps.

Source: Pedregosa, "Hyperparameter optimization with approximate gradient", ICML 2016; for L1 on the support alone,
Bertrand et al., "Implicit differentiation of Lasso-type models", ICML 2020.
"""

import numpy as np

from pratique.statistics.hypergradients.logistic import Hypergradient, Logistic
from pratique.statistics.hypergradients.outer import Judge

GRADIENT_TOLERANCE = 1e-10
MOST_NEWTON_STEPS = 100
MOST_PROXIMAL_STEPS = 3000


def minimise(problem: Logistic, start: np.ndarray | None = None) -> np.ndarray:
    """The parameters of the smallest loss, sought from `start` or from zeros."""
    w = np.zeros(problem.shape) if start is None else start
    return _newton(problem, w) if problem.norm == "l2" else _shrink(problem, w)


def solve_exactly(problem: Logistic, w: np.ndarray, right: np.ndarray) -> np.ndarray:
    """H^-1 right, by the whole Hessian; for L1 on the parameters that are not 0."""
    free = _support(problem, w)
    units = np.eye(w.size)[free.ravel()]
    hessian = np.array([problem.bend(w, unit.reshape(w.shape))[free] for unit in units])
    found = np.zeros_like(w)
    found[free] = np.linalg.lstsq(hessian, right[free], rcond=None)[0]
    return found


def solve_by_gradients(problem: Logistic, w: np.ndarray, right: np.ndarray, tolerance: float = 1e-10) -> np.ndarray:
    """H^-1 right, by conjugate gradients; for L1 on the parameters that are not 0."""
    from scipy.sparse.linalg import LinearOperator, cg

    free = _support(problem, w)

    def bend(v: np.ndarray) -> np.ndarray:
        whole = np.zeros_like(w)
        whole[free] = v.ravel()
        return problem.bend(w, whole)[free]

    size = int(free.sum())
    found = np.zeros_like(w)
    if size:
        found[free], _ = cg(LinearOperator((size, size), matvec=bend, dtype=float), right[free], rtol=tolerance)
    return found


def differentiate_optimum(problem: Logistic, w: np.ndarray, judge: Judge, rows: slice = slice(0)) -> Hypergradient:
    """The gradient of the judge's loss at the optimum w, by conjugate gradients."""
    return apply_mixed(problem, w, solve_by_gradients(problem, w, judge.gradient(w)), rows)


def apply_mixed(problem: Logistic, w: np.ndarray, solved: np.ndarray, rows: slice) -> Hypergradient:
    """- d/d theta (grad L . v), v the solution of H v = grad A."""
    given = problem.pull_back(w, solved, rows)[1]
    return Hypergradient(-given.penalty, -given.shares, -given.points)


def _support(problem: Logistic, w: np.ndarray) -> np.ndarray:
    return np.ones(w.shape, bool) if problem.norm == "l2" else w != 0


def _newton(problem: Logistic, w: np.ndarray) -> np.ndarray:
    """Newton steps by conjugate gradients, each halved until the loss goes down."""
    loss = problem.loss(w)
    for _ in range(MOST_NEWTON_STEPS):
        slope = problem.gradient(w)
        size = float(np.linalg.norm(slope))
        if size <= GRADIENT_TOLERANCE:
            break
        step, length = solve_by_gradients(problem, w, slope, min(0.1, size)), 1.0
        while length > GRADIENT_TOLERANCE and not (lower := problem.loss(w - length * step)) < loss:
            length /= 2
        if length <= GRADIENT_TOLERANCE:
            break
        w, loss = w - length * step, lower
    return w


def _shrink(problem: Logistic, w: np.ndarray) -> np.ndarray:
    """Proximal gradient steps with momentum, started again where it points uphill (O'Donoghue and Candès, 2015)."""
    rate, ahead, speed = problem.rate(), w, 1.0
    limit = rate * np.exp(problem.penalty)[:, None]
    smooth = Logistic(problem.points, problem.labels, problem.shares, np.array([-np.inf]))
    for _ in range(MOST_PROXIMAL_STEPS):
        moved = ahead - rate * smooth.gradient(ahead)
        new = np.sign(moved) * np.maximum(np.abs(moved) - limit, 0)
        if np.abs(new - ahead).max() <= GRADIENT_TOLERANCE:
            return new
        if ((ahead - new) * (new - w)).sum() > 0:
            speed = 1.0
        faster = (1 + np.sqrt(1 + 4 * speed**2)) / 2
        ahead, w, speed = new + (speed - 1) / faster * (new - w), new, faster
    return w
