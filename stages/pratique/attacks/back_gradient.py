"""Back-gradient poisoning: inserted points that climb the validation loss, back through the training itself."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.attacks.support.surrogate import TwoClasses
from pratique.contract.attack import Attack, PoisonedBatch, count_poisoned, overwrite_cells
from pratique.core.batch import Batch
from pratique.core.params import ModelKind


class BackGradient(Attack):
    """New points that gradient ascent places where a logistic regression learns the worst from them.

    Claim: models an attacker who knows how a model is trained and differentiates through that training: no
    condition of optimality is needed, so it goes for whatever is trained by gradient descent and stops early.

    Formula: maximise A(w_T) = mean log(1 + exp(-y_k x_k'w_T)) over the validation points, where w_0 = 0 and
    w_t+1 = w_t - eta grad L(w_t), L the weighted mean of the same loss over the training points and the inserted
    ones. Backwards from dw = grad A(w_T), with s_i = 1 / (1 + exp(y_i x_i'w_t)), q_i = s_i (1 - s_i) and the
    shares a_i of the weights, for t = T-1 ... 0, all with the old dw:
        dx_p -= eta a_p (q_p (x_p'dw) w_t - y_p s_p dw),   dw -= eta sum_i a_i q_i (x_i'dw) x_i.
    The steps w_t are kept, which makes the gradient exact, where the paper runs them backwards to save memory.
    eta is 1 / the largest curvature of L at the start; x has a 1 for the intercept. Each point starts as a clone of
    a random row under the other label; all step at once, each along dx_p / ||dx_p||. The first step is a quarter
    of the range's diagonal; one that does not raise A is halved and tried again.

    The rows are those of the two most common classes, at most about 400, half of them training points, in the
    space of `Encoder`. Only numbers move, within the range of the batch, whole ones rounded at the end; levels,
    and numbers that don't vary, are the clone's. Columns that are no feature (id, ignored) are missing.

    Budget: round(rate x rows) new rows beside all the old ones. At most `points` of them are sought; where the
    budget is larger they come several times, and are sought with that weight. None where the batch holds a
    single class or no number that varies.

    Source: Munoz-Gonzalez et al., "Towards Poisoning of Deep Learning Algorithms with Back-gradient Optimization",
    AISec 2017.

    Cost: O(steps x epochs x (200 + points) x dimensions).
    """

    proxy: ClassVar[ModelKind | None] = "logistic_regression"

    points: int = Field(50, ge=1, le=1000, description="How many distinct points are sought.")
    steps: int = Field(20, ge=1, le=1000, description="Gradient steps, of all points at once.")
    epochs: int = Field(100, ge=1, le=10_000, description="Steps of the training that is differentiated, T.")

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Insert the points that the ascent finds."""
        task, count = TwoClasses.of(batch, rng), count_poisoned(batch, rate)
        if task is None or not count:
            return overwrite_cells(batch, np.zeros(0, int), {})
        clones = rng.integers(len(task.rows), size=min(count, self.points))
        turns = np.arange(count) % len(clones)
        points = np.vstack([task.points[task.trains], task.points[clones]])
        signs = np.concatenate([task.signs[task.trains], -task.signs[clones]])
        weights = np.concatenate([np.ones(task.trains.sum()), task.weight * np.bincount(turns)])
        start = Training(points, signs, weights / weights.sum(), len(clones), _rate(points, weights), self.epochs)
        found = self._climb(task, start).points[-len(clones) :]
        return task.insert(found[turns], clones[turns], rng)

    def _climb(self, task: TwoClasses, training: "Training") -> "Training":
        """Move the inserted points uphill."""
        points, signs, inserted = task.points[~task.trains], task.signs[~task.trains], training.inserted
        step, path = float(np.linalg.norm(task.highest - task.lowest)) / 4, training.path()
        loss, slopes = training.loss(path, points, signs), training.slopes(path, points, signs)
        for _ in range(self.steps):
            places = task.step_along(training.points[-inserted:], slopes, step)
            if np.array_equal(places, training.points[-inserted:]):
                break
            there = replace(training, points=np.vstack([training.points[:-inserted], places]))
            path = there.path()
            higher = there.loss(path, points, signs)
            if higher > loss:
                training, loss, slopes = there, higher, there.slopes(path, points, signs)
            else:
                step /= 2
        return training


def _rate(points: np.ndarray, weights: np.ndarray) -> float:
    """One over the largest curvature that the loss can have: a step at which gradient descent goes down."""
    design = _design(points) * np.sqrt(weights / weights.sum())[:, None]
    return float(4 / np.linalg.norm(design, 2) ** 2)


def _design(points: np.ndarray) -> np.ndarray:
    return np.column_stack([points, np.ones(len(points))])


@dataclass(frozen=True)
class Training:
    """A logistic regression trained by gradient descent from zeros.

    Attributes
    ----------
    points : ndarray of float, shape (n, dimensions)
    signs, shares : ndarray of float, shape (n,)
        Classes (-1, 1); weights that add up to 1.
    inserted : int
        How many of the points, the last ones, are the attacker's.
    rate : float
    epochs : int
    """

    points: np.ndarray
    signs: np.ndarray
    shares: np.ndarray
    inserted: int
    rate: float
    epochs: int

    def path(self) -> np.ndarray:
        """The parameters after each step, the intercept last, shape (epochs + 1, dimensions + 1)."""
        from scipy.special import expit

        signed = _design(self.points) * self.signs[:, None]
        path = np.zeros((self.epochs + 1, signed.shape[1]))
        for t in range(self.epochs):
            path[t + 1] = path[t] + self.rate * (self.shares * expit(-signed @ path[t])) @ signed
        return path

    def loss(self, path: np.ndarray, points: np.ndarray, signs: np.ndarray) -> float:
        """Mean logistic loss of the trained parameters over other points."""
        margins = signs * (_design(points) @ path[-1])
        return float(np.logaddexp(0, -margins).sum() / max(1, len(signs)))

    def slopes(self, path: np.ndarray, points: np.ndarray, signs: np.ndarray) -> np.ndarray:
        """Gradient of `loss` with respect to each inserted point, shape (inserted, dimensions)."""
        from scipy.special import expit

        others = _design(points) * signs[:, None]
        back = -expit(-others @ path[-1]) @ others / max(1, len(signs))
        design, mine = _design(self.points), slice(-self.inserted, None)
        signed = design * self.signs[:, None]
        slopes = np.zeros((self.inserted, design.shape[1]))
        for parameters in path[-2::-1]:
            wrong = expit(-signed @ parameters)
            bend = self.shares * wrong * (1 - wrong) * (design @ back)
            pull = self.shares * self.signs * wrong
            slopes -= self.rate * (np.outer(bend[mine], parameters) - np.outer(pull[mine], back))
            back = back - self.rate * bend @ design
        return slopes[:, :-1]
