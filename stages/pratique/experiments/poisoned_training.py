"""A logistic regression under poison that comes in waves, its penalty chosen in one of several ways."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
from pydantic import Field

from pratique.attacks.learned_poison import LEARNED_BOUNDS, PENALTY, PENALTY_STEP
from pratique.attacks.support.bilevel import Duel, learn_penalty
from pratique.experiments.experiment import Experiment
from pratique.experiments.pair import Pair
from pratique.statistics.hypergradients.logistic import Logistic, Norm, add_ones, one_hot
from pratique.statistics.hypergradients.outer import Judge
from pratique.statistics.hypergradients.reverse import descend

PENALTY_FOLDS = 5
PENALTY_GRID = np.linspace(*LEARNED_BOUNDS, 10)

Way = Literal["none", "large", "cross_validated", "learned"]
WAYS: tuple[Way, ...] = get_args(Way)


@dataclass(frozen=True)
class Split:
    """Rows to train on, to validate and to test, drawn anew for each repetition.

    Attributes
    ----------
    train, validate, test : Pair
    replaced, cloned : ndarray of int
        The order in which poison takes the places of training rows, and in which validation rows are cloned.
    """

    train: Pair
    validate: Pair
    test: Pair
    replaced: np.ndarray
    cloned: np.ndarray


class PoisonedTraining(Experiment):
    """What experiments with a poisoned logistic regression share: sizes, and how training and poison go.

    Training is full-batch gradient descent from zeros on the mean loss + e^lambda r(w). Poison comes in waves in the
    place of training rows: clones of validation rows under the other label, which climb the validation loss by
    reverse-mode differentiation. Rows of a wave are frozen when the next one begins.
    """

    repetitions: int = Field(3, ge=1, description="How often rows are drawn anew.")
    train_rows: int = Field(160, ge=10, description="Rows to train on.")
    validation_rows: int = Field(60, ge=4, description="Trusted rows, by which the penalty is learned.")
    test_rows: int = Field(132, ge=10, description="Rows to test on.")
    epochs: int = Field(400, ge=1, description="Steps of gradient descent.")
    rate: float = Field(0.5, gt=0, description="Their length.")
    waves: int = Field(5, ge=1, description="Waves of poison.")
    share: float = Field(0.035, gt=0, le=0.1, description="Poison in a wave, as a share of the training rows.")
    steps: int = Field(30, ge=1, description="Steps of the poison of a wave.")
    step: float = Field(0.4, gt=0, description="Their length.")
    norm: Norm = Field("l2", description="The penalty: of squares (l2) or of absolute values (l1).")
    large: float = Field(PENALTY["large"], description="The natural logarithm of the penalty that is called large.")

    @property
    def poison(self) -> np.ndarray:
        """The shares of poison in percent: none, and after each wave."""
        return 100 * self.share * np.arange(self.waves + 1)

    def splits(self, pair: Pair, seed: int) -> Iterator[Split]:
        """The rows of each repetition."""
        for repetition in range(self.repetitions):
            rng = np.random.default_rng([seed, repetition])
            train, validate, test = pair.cut((self.train_rows, self.validation_rows, self.test_rows), rng)
            yield Split(train, validate, test, rng.permutation(self.train_rows), rng.permutation(self.validation_rows))

    def attack(self, split: Split, way: Way, trusted: int | None = None) -> list[Logistic]:
        """The training without poison and after each wave, its penalty chosen in this way.

        One that is learned is learned on the first `trusted` rows that validate, or on all. The poison climbs the loss
        on all of them.
        """
        duel = self._begin(split, trusted)
        if way == "learned":
            clean = replace(duel.problem, penalty=learn_penalty(duel))
        else:
            clean = replace(duel.problem, penalty=np.array([self._fix_penalty(way, split, duel.problem)]))
            duel = replace(duel, problem=clean, descended=None)
        return [clean, *self._send_waves(split, duel)]

    def finish(self, problem: Logistic) -> np.ndarray:
        """The parameters at the end of the training."""
        return descend(problem, self.rate, self.epochs)[-1]

    def test_error(self, split: Split, problem: Logistic) -> float:
        """The test error of a training, in percent."""
        said = (add_ones(split.test.points) @ self.finish(problem))[:, 0] > 0
        return float(100 * np.mean(said != (split.test.targets > 0)))

    def _begin(self, split: Split, trusted: int | None) -> Duel:
        shares, penalty = np.full(self.train_rows, 1 / self.train_rows), np.array([PENALTY["learned"]])
        problem = Logistic(add_ones(split.train.points), one_hot(split.train.targets, 2), shares, penalty, self.norm)
        judge = Judge(add_ones(split.validate.points), one_hot(split.validate.targets, 2))
        learner = judge if trusted is None else Judge(judge.points[:trusted], judge.labels[:trusted])
        return Duel(problem, 0, judge, learner, LEARNED_BOUNDS, PENALTY_STEP, self.epochs, self.steps, self.rate)

    def _fix_penalty(self, way: Way, split: Split, problem: Logistic) -> float:
        if way == "cross_validated":
            return self._cross_validate(split, problem)
        return -np.inf if way == "none" else self.large

    def _cross_validate(self, split: Split, problem: Logistic) -> float:
        """The penalty under which folds of the clean training rows are predicted best by the others."""
        losses = np.zeros(len(PENALTY_GRID))
        fold = np.arange(self.train_rows) % PENALTY_FOLDS
        for left_out in range(PENALTY_FOLDS):
            seen, judged = fold != left_out, fold == left_out
            judge = Judge(problem.points[judged], problem.labels[judged])
            shares = np.full(int(seen.sum()), 1 / seen.sum())
            for at, penalty in enumerate(PENALTY_GRID):
                own = Logistic(problem.points[seen], problem.labels[seen], shares, np.array([penalty]), self.norm)
                losses[at] += judge.loss(self.finish(own))
        return float(PENALTY_GRID[np.argmin(losses)])

    def _send_waves(self, split: Split, duel: Duel) -> Iterator[Logistic]:
        """The training after each wave; rows that waves replaced stay replaced."""
        points, labels = duel.problem.points.copy(), duel.problem.labels.copy()
        ends = [round(self.share * self.train_rows * wave) for wave in range(self.waves + 1)]
        for first, last in pairwise(ends):
            wave, mine = split.replaced[first:last], split.cloned[np.arange(first, last) % len(split.cloned)]
            points[wave] = add_ones(split.validate.points[mine])
            labels[wave] = 1 - one_hot(split.validate.targets[mine], 2)
            order = np.concatenate([np.setdiff1d(np.arange(self.train_rows), wave), wave])
            problem = replace(duel.problem, points=points[order], labels=labels[order])
            found = replace(duel, problem=problem, moving=len(wave)).fight(self._move)
            points[order] = found.points
            yield found

    def _move(self, places: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """A step of one length, back within what a picture may hold."""
        length = np.linalg.norm(slopes[:, :-1], axis=1, keepdims=True)
        there = places[:, :-1] + self.step * slopes[:, :-1] / np.where(length > 0, length, 1)
        return add_ones(np.clip(there, 0, 1))
