"""What a method of training is: a way to learn from rows that may be poisoned, by rows that are trusted."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

Fit = Callable[[np.ndarray, np.ndarray, np.ndarray | None], "ClassifierMixin"]
"""Fits the classifier that params.yaml names: on points, their classes, and a weight for each or None."""

LINEAR = frozenset({"logistic_regression"})
WEIGHING = frozenset({"logistic_regression", "gradient_boosting", "random_forest"})
"""Estimators that take a weight for each row."""
SELECTING = WEIGHING | {"estimator"}
"""Estimators that a method can fit on a part of the rows: any, a team's own too."""


@dataclass(frozen=True)
class TrainingRows:
    """Rows to learn from, and trusted rows to learn by.

    Attributes
    ----------
    points : ndarray of float, shape (n, dimensions)
    targets : ndarray of int, shape (n,)
        Classes, counted from 0; the points that are learned from hold each of them.
    trusted : ndarray of bool, shape (n,)
        Whether a row stands among the trusted ones.
    learned : ndarray of bool, shape (n,)
        Whether the model learns from it. A trusted row from which it does not may still be asked how good it is.
    """

    points: np.ndarray
    targets: np.ndarray
    trusted: np.ndarray
    learned: np.ndarray

    @classmethod
    def of(cls, points: np.ndarray, targets: np.ndarray) -> Self:
        """Rows to learn from as they come, none of them trusted."""
        return cls(points, targets, np.zeros(len(targets), bool), np.ones(len(targets), bool))

    def join_trusted(self, points: np.ndarray, targets: np.ndarray) -> Self:
        """These rows and trusted ones, sorted behind them unless they are among them.

        A row is trusted that is equal to a trusted row, class included: nobody gains by sending what is known to be
        right.
        """
        own, other = _join(self.points, self.targets), _join(points, targets)
        others = other[order_rows(points, targets)]
        others = others[~np.isin(_as_bytes(others), _as_bytes(own))]
        both, learned = np.vstack([own, others]), np.arange(len(own) + len(others)) < len(own)
        trusted = np.isin(_as_bytes(both), _as_bytes(other))
        return type(self)(both[:, :-1].copy(), both[:, -1].astype(int), trusted, learned)

    @property
    def classes(self) -> int:
        """How many there are."""
        return int(self.targets[self.learned].max()) + 1

    @cached_property
    def doubtful(self) -> np.ndarray:
        """Positions of the rows that may be poisoned: all that are not trusted."""
        return np.flatnonzero(~self.trusted)

    def hold_out(self, rng: np.random.Generator) -> np.ndarray:
        """Which rows validate: half of the trusted ones of each class, drawn; the rest is left to train on."""
        chosen = np.zeros(len(self.targets), bool)
        for target in range(self.classes):
            members = np.flatnonzero(self.trusted & (self.targets == target))
            chosen[rng.permutation(members)[: len(members) // 2]] = True
        return chosen

    def fit(self, fit: Fit, weights: np.ndarray) -> "ClassifierMixin":
        """Fit a classifier on the rows that are learned from, by these weights; none of 0 is shown to it.

        Where all rows that are left weigh the same, no weights are given, because not every classifier takes them.
        """
        rows = np.flatnonzero(self.learned & (weights > 0))
        alike = bool((weights[rows] == weights[rows[0]]).all())
        return fit(self.points[rows], self.targets[rows], None if alike else weights[rows])


@dataclass(frozen=True)
class Fitted:
    """What a method gives.

    Attributes
    ----------
    classifier : ClassifierMixin
    weights : ndarray of float, shape (n,)
        How much each row counted: 1 for a row that counts in full, 0 for one that was left out.
    """

    classifier: "ClassifierMixin"
    weights: np.ndarray


class Method(BaseModel, ABC):
    """A method and its params: the fields of a subclass."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    goes_with: ClassVar[frozenset[str]]
    """The values of `train.model` that it can train; `estimator` stands for a team's own."""
    draws: ClassVar[bool] = False
    """Whether it draws at random, so that trainings with different seeds differ."""

    @abstractmethod
    def fit(self, rows: TrainingRows, fit: Fit, rng: np.random.Generator) -> Fitted:
        """Train on rows in a fixed order, so that the order in which they came in changes nothing."""


def ask_probabilities(classifier: Any, points: np.ndarray, classes: int) -> np.ndarray:
    """The probability of each class, shape (rows, classes); 0 for a class that the classifier was never shown.

    A classifier that tells none gives 1 to the class that it predicts.
    """
    known = np.zeros((len(points), classes))
    if hasattr(classifier, "predict_proba"):
        known[:, np.asarray(classifier.classes_, int)] = classifier.predict_proba(points)
    else:
        known[np.arange(len(points)), np.asarray(classifier.predict(points), int)] = 1
    return known


def order_rows(points: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """An order of rows that their cells alone set: by class, then by the last dimension, and so on."""
    return np.lexsort(_join(points, targets).T)


def _join(points: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Points with their class as a last column; 0.0 and -0.0 are the same number and become the same bytes."""
    return np.column_stack([points, targets]) + 0.0


def _as_bytes(rows: np.ndarray) -> np.ndarray:
    """Each row as one value, so that rows can be sought among others."""
    rows = np.ascontiguousarray(rows)
    return rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
