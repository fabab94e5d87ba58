"""Biggio's attack: inserted points that climb the loss of a support vector machine."""

import warnings
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from pydantic import Field

from pratique.attacks.support.surrogate import TwoClasses
from pratique.contract.attack import Attack, PoisonedBatch, count_poisoned, overwrite_cells
from pratique.core.batch import Batch
from pratique.core.params import ModelKind

EDGE = 1e-6
"""How near to 0 or to its bound, as a share of the bound, a dual weight counts as being there."""
TOLERANCE = 1e-6
SOLVER_STEPS = 100_000
"""Of libsvm, which never ends on some batches whose numbers differ by many powers of ten."""


class BiggioSvm(Attack):
    """New points that gradient ascent places where a linear support vector machine suffers most from them.

    Claim: models an attacker who trains a model of their own and makes few rows count for many: one point can do
    what many flips do not. It is built against support vector machines; what it does to another model is what
    a drill is for.

    Formula: maximise L(x_c) = sum_k (1 - y_k f(x_k))_+ over the validation points, f trained on the training
    points and x_c. With g_i = y_i f(x_i) - 1, Q_ij = y_i y_j x_i'x_j and the margin support vectors s
    (0 < alpha < C), which stay on the margin while x_c moves,
        [0 y_s'; y_s Q_ss] [db; dalpha_s] = -[0; dg_s],   dg_k = Q_ks dalpha_s + y_k db + alpha_c dQ_kc,
    and dL = -sum dg_k over the violated points, g_k < 0; dg_s on the right is the change at fixed alpha and b. In
    closed form dg_k = (M_k dQ_sc + dQ_kc) alpha_c, M_k = -(Q_ks (zeta Q_ss^-1 - v v') + y_k v') / zeta,
    v = Q_ss^-1 y_s, zeta = y_s'v; solving the system instead holds for a singular Q_ss, and where x_c is itself
    in s. Each point starts as a clone of a random row under the other label and steps along dL / ||dL||; the
    first step is a quarter of the range's diagonal, one that does not raise L is halved and tried again.

    The rows are those of the two most common classes, at most about 400, half of them training points, in the
    space of `Encoder`. Only numbers move, within the range of the batch, whole ones rounded at the end; levels,
    and numbers that don't vary, are the clone's. Columns that are no feature (id, ignored) are missing.

    Budget: round(rate x rows) new rows beside all the old ones. At most `points` of them are sought one after
    another; where the budget is larger they come several times, and are sought with that weight. None where the
    batch holds a single class or no number that varies.

    Source: Biggio, Nelson, Laskov, "Poisoning Attacks against Support Vector Machines", ICML 2012.

    Cost: points x steps support vector machines of at most 200 rows.
    """

    proxy: ClassVar[ModelKind | None] = "linear_svm"

    points: int = Field(10, ge=1, le=1000, description="How many distinct points are sought.")
    steps: int = Field(20, ge=1, le=1000, description="Gradient steps for each of them.")
    cost: float = Field(1.0, gt=0, le=1e6, description="C of the support vector machine.")

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Insert the points that the ascent finds."""
        task, count = TwoClasses.of(batch, rng), count_poisoned(batch, rate)
        if task is None or not count:
            return overwrite_cells(batch, np.zeros(0, int), {})
        clones = rng.integers(len(task.rows), size=min(count, self.points))
        turns = np.arange(count) % len(clones)
        machine = Machine.of(task.points[task.trains], task.signs[task.trains], np.full(task.trains.sum(), self.cost))
        for clone, times in zip(clones, np.bincount(turns), strict=True):
            bound = self.cost * task.weight * times
            machine = self._climb(task, machine.join(task.points[clone], -task.signs[clone], bound))
        found = machine.points[-len(clones) :]
        return task.insert(found[turns], clones[turns], rng)

    def _climb(self, task: TwoClasses, machine: "Machine") -> "Machine":
        """Move the machine's last point uphill."""
        points, signs = task.points[~task.trains], task.signs[~task.trains]
        step, loss = float(np.linalg.norm(task.highest - task.lowest)) / 4, machine.loss(points, signs)
        slope = machine.slope(points, signs)
        for _ in range(self.steps):
            place = task.step_along(machine.points[-1], slope, step)
            if np.array_equal(place, machine.points[-1]):
                break
            there = machine.move_to(place)
            higher = there.loss(points, signs)
            if higher > loss:
                machine, loss, slope = there, higher, there.slope(points, signs)
            else:
                step /= 2
        return machine


@dataclass(frozen=True)
class Machine:
    """A linear support vector machine in its dual, trained on weighted points.

    Attributes
    ----------
    points : ndarray of float, shape (n, dimensions)
    signs, bounds, alphas : ndarray of float, shape (n,)
        Classes (-1, 1); the highest dual weights allowed: C times the weight of the point; the dual weights.
    normal : ndarray of float, shape (dimensions,)
    offset : float
    """

    points: np.ndarray
    signs: np.ndarray
    bounds: np.ndarray
    alphas: np.ndarray
    normal: np.ndarray
    offset: float

    @classmethod
    def of(cls, points: np.ndarray, signs: np.ndarray, bounds: np.ndarray) -> Self:
        """Train on points of both classes."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.svm import SVC

        solver = SVC(kernel="linear", C=1, tol=TOLERANCE, max_iter=SOLVER_STEPS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a machine that is nearly right still has a slope
            fitted = solver.fit(points, signs, sample_weight=bounds)
        alphas = np.zeros(len(points))
        alphas[fitted.support_] = np.abs(fitted.dual_coef_[0])
        return cls(points, signs, bounds, alphas, (alphas * signs) @ points, float(fitted.intercept_[0]))

    def join(self, point: np.ndarray, sign: float, bound: float) -> Self:
        """Train again with one more point."""
        return self.of(np.vstack([self.points, point]), np.append(self.signs, sign), np.append(self.bounds, bound))

    def move_to(self, point: np.ndarray) -> Self:
        """Train again with the last point elsewhere."""
        return self.of(np.vstack([self.points[:-1], point]), self.signs, self.bounds)

    def margins(self, points: np.ndarray, signs: np.ndarray) -> np.ndarray:
        """The g of each point: y f(x) - 1, below 0 where it violates the margin."""
        return signs * (points @ self.normal + self.offset) - 1

    def loss(self, points: np.ndarray, signs: np.ndarray) -> float:
        """Sum of the hinge losses."""
        return float(np.maximum(-self.margins(points, signs), 0).sum())

    def slope(self, points: np.ndarray, signs: np.ndarray) -> np.ndarray:
        """Gradient of `loss` with respect to the last training point, shape (dimensions,)."""
        violated = self.margins(points, signs) < 0
        pull, balance = signs[violated] @ points[violated], signs[violated].sum()
        weight, sign = self.alphas[-1] * self.signs[-1], self.signs[-1]
        free = np.flatnonzero((self.alphas > EDGE * self.bounds) & (self.alphas < (1 - EDGE) * self.bounds))
        own = self.signs[free]
        signed = own[:, None] * self.points[free]
        fixed = weight * signed  # dg_s while alpha and b stay
        fixed[free == len(self.points) - 1] += sign * self.normal
        system = np.block([[np.zeros((1, 1)), own[None]], [own[:, None], signed @ signed.T]])
        adjoint = np.linalg.lstsq(system, np.append(balance, signed @ pull))[0]
        return adjoint[1:] @ fixed - weight * pull
