"""Learned poison: inserted points that climb the validation loss of a model whose regularization is learned, too."""

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from pratique.attacks.support.bilevel import Duel, learn_penalty
from pratique.attacks.support.surrogate import TwoClasses
from pratique.contract.attack import Attack, PoisonedBatch, count_poisoned, overwrite_cells
from pratique.core.batch import Batch
from pratique.core.params import ModelKind
from pratique.statistics.hypergradients.logistic import Logistic, add_ones, one_hot
from pratique.statistics.hypergradients.outer import Judge

PENALTY = {"none": -np.inf, "large": 0.0, "learned": -3.0, "cross_validated": -3.0}
"""The logarithm of the penalty of a mean loss: that it stays at, or that its search begins with."""
LEARNED_BOUNDS = (-8.0, 1.0)
PENALTY_STEP = 0.5


class LearnedPoison(Attack):
    """New points against a logistic regression, placed so that its validation loss climbs while its penalty descends.

    Claim: models the strongest attacker of this kind: one who knows how the model is trained and that its
    regularization is learned on clean rows, and moves against both at once.

    Formula: max over X_p of A(w(X_p, lambda)), lambda = argmin B(w(X_p, lambda)), w the end of gradient descent from
    zeros on the mean loss + e^lambda |w|^2 / 2. X_p climbs the hypergradient with steps of one length, within the range
    of the batch; lambda descends by the sign of its own. B is the mean loss on the validation points; A is B, or, with
    `victims`, the mean loss on those of one class. In `waves` one after the other: a wave starts as clones of random
    validation points under the other label, moves, and is frozen; lambda starts again with the next.
    `penalty` says what the attacker takes the team to do: `learned`; `none`; `large`, e^0; or `cross_validated` on the
    clean rows, and fixed.

    The rows are those of the two most common classes, at most about 400, half of them training points, in the
    space of `Encoder`. Only numbers move, within the range of the batch, whole ones rounded at the end; levels,
    and numbers that don't vary, are the clone's. Columns that are no feature (id, ignored) are missing.

    Budget: round(rate x rows) new rows beside all the old ones. At most `points` of them are sought; where the
    budget is larger they come several times, and are sought with that weight. None where the batch holds a
    single class or no number that varies.

    Source: Carnerero-Cano, Munoz-Gonzalez, Spencer and Lupu, "Hyperparameter learning under data poisoning: analysis of
    the influence of regularization via multiobjective bilevel optimization", 2023.

    Cost: O(steps x epochs x waves x (200 + points) x dimensions).
    """

    proxy: ClassVar[ModelKind | None] = "logistic_regression"

    points: int = Field(50, ge=1, le=1000, description="How many distinct points are sought.")
    waves: int = Field(2, ge=1, le=100, description="In how many batches they are sought, one after the other.")
    steps: int = Field(12, ge=1, le=1000, description="Steps of the points of a wave, all at once.")
    epochs: int = Field(80, ge=1, le=10_000, description="Steps of the training that is differentiated.")
    step: float = Field(0.1, gt=0, le=1, description="Length of a step, as a share of the range's diagonal.")
    penalty: Literal["learned", "none", "large", "cross_validated"] = "learned"
    victims: str | None = Field(None, min_length=1, description="The class whose loss is climbed; all without it.")

    def poison(self, batch: Batch, rate: float, rng: np.random.Generator) -> PoisonedBatch:
        """Insert the points that the waves leave."""
        task, count = TwoClasses.of(batch, rng), count_poisoned(batch, rate)
        if task is None or not count or task.trains.all():
            return overwrite_cells(batch, np.zeros(0, int), {})
        clones = rng.choice(np.flatnonzero(~task.trains), min(count, self.points))
        turns = np.arange(count) % len(clones)
        found = self._seek(task, clones, task.weight * np.bincount(turns))
        return task.insert(found[turns], clones[turns], rng)

    def _seek(self, task: TwoClasses, clones: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """The places of the points, wave by wave."""
        duel = self._begin(task)
        start, places = duel.problem.penalty, task.points[clones].copy()
        raw = np.ones(int(task.trains.sum()))
        for wave in np.array_split(np.arange(len(clones)), min(self.waves, len(clones))):
            raw = np.concatenate([raw, weights[wave]])
            problem = duel.problem
            problem = replace(
                problem,
                points=np.vstack([problem.points, add_ones(places[wave])]),
                labels=np.vstack([problem.labels, _labels(-task.signs[clones[wave]])]),
                shares=raw / raw.sum(),
                penalty=start,
            )
            moving = replace(duel, problem=problem, moving=len(wave))
            found = moving.fight(lambda points, slopes: self._move(task, points, slopes))
            duel, places[wave] = replace(duel, problem=found), found.points[-len(wave) :, :-1]
        return places

    def _begin(self, task: TwoClasses) -> Duel:
        """The training on clean points, its penalty chosen as the attacker takes the team to choose it."""
        signs, points = task.signs, add_ones(task.points)
        seen, judged = task.trains, ~task.trains
        attacked = judged if self.victims is None else judged & (task.classes[(signs > 0).astype(int)] == self.victims)
        whole = Judge(points[judged], _labels(signs[judged]))
        climbed = Judge(points[attacked], _labels(signs[attacked])) if self.victims and attacked.any() else whole
        shares = np.full(int(seen.sum()), 1 / seen.sum())
        problem = Logistic(points[seen], _labels(signs[seen]), shares, np.array([PENALTY[self.penalty]]))
        learns = self.penalty in ("learned", "cross_validated")
        descended = whole if learns else None
        duel = Duel(problem, 0, climbed, descended, LEARNED_BOUNDS, PENALTY_STEP, self.epochs, self.steps)
        if self.penalty == "cross_validated":
            return replace(duel, problem=replace(problem, penalty=learn_penalty(duel)), descended=None)
        return duel

    def _move(self, task: TwoClasses, points: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        length = self.step * float(np.linalg.norm(task.highest - task.lowest))
        return add_ones(task.step_along(points[:, :-1], slopes[:, :-1], length))


def _labels(signs: np.ndarray) -> np.ndarray:
    return one_hot((signs > 0).astype(int), 2)
