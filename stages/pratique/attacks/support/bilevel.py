"""Poison against a training whose penalty is learned meanwhile: rows climb a loss, the penalty descends one."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from pratique.statistics.hypergradients.logistic import Logistic
from pratique.statistics.hypergradients.outer import Judge
from pratique.statistics.hypergradients.reverse import descend, differentiate

Step = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Points after a step along their slopes, back within what is allowed."""


@dataclass(frozen=True)
class Duel:
    """A training, what the attacker climbs, and what the penalty descends.

    Formula: for `steps` steps, with w_T the end of gradient descent from zeros: X_p <- project(X_p + step along
    dA / dX_p), lambda <- clip(lambda - s sign(dB / d lambda)), both by reverse-mode differentiation; s shrinks from
    `penalty_step` to a tenth of it, so that lambda settles.

    Attributes
    ----------
    problem : Logistic
        The rows that move come last.
    moving : int
        How many do.
    climbed : Judge
        A: the loss that the attacker wants high.
    descended : Judge or None
        B: the loss by which the penalty is learned; None where it stays.
    penalty_bounds : tuple of float
    penalty_step : float
    epochs, steps : int
    rate : float, optional
        Of gradient descent; one that is short enough where none is given.
    """

    problem: Logistic
    moving: int
    climbed: Judge
    descended: Judge | None
    penalty_bounds: tuple[float, float]
    penalty_step: float
    epochs: int
    steps: int
    rate: float | None = None

    def fight(self, move: Step) -> Logistic:
        """The training with the poison and the penalty where they ended."""
        problem, last = self.problem, slice(len(self.problem.points) - self.moving, None)
        for turn in range(self.steps):
            rate = problem.rate() if self.rate is None else self.rate
            path = descend(problem, rate, self.epochs)
            slopes = differentiate(problem, path, rate, self.climbed, last)
            penalty = problem.penalty
            if self.descended is not None:
                learned = slopes
                if self.descended is not self.climbed:
                    learned = differentiate(problem, path, rate, self.descended, slice(0))
                length = self.penalty_step * (1 - 0.9 * turn / max(1, self.steps - 1))
                penalty = np.clip(penalty - length * np.sign(learned.penalty), *self.penalty_bounds)
            points = np.vstack([problem.points[: last.start], move(problem.points[last], slopes.points)])
            problem = replace(problem, points=points, penalty=penalty)
        return problem


def learn_penalty(duel: Duel) -> np.ndarray:
    """The penalty that is learned where nothing moves."""
    still = replace(duel, problem=duel.problem, moving=0)
    return still.fight(lambda points, _: points).penalty
