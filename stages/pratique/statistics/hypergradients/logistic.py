"""Logistic regression as a training problem: its loss, gradient, curvature and the mixed derivatives."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Norm = Literal["l2", "l1"]


@dataclass(frozen=True)
class Hypergradient:
    """A gradient by what a training was given.

    Attributes
    ----------
    penalty : ndarray of float, shape of the penalty
    shares : ndarray of float, shape (n,)
        By the weight of each row.
    points : ndarray of float, shape (rows, d)
        By the rows that were asked about.
    """

    penalty: np.ndarray
    shares: np.ndarray
    points: np.ndarray

    def add(self, other: "Hypergradient", factor: float) -> "Hypergradient":
        """Add a multiple of another."""
        return Hypergradient(
            self.penalty + factor * other.penalty,
            self.shares + factor * other.shares,
            self.points + factor * other.points,
        )


@dataclass(frozen=True)
class Logistic:
    """Weighted cross-entropy of rows and a penalty of the parameters.

    Formula: L(W) = sum_i a_i CE(W; x_i, y_i) + sum_j e^lambda_j r(W_j), r(u) = |u|^2 / 2 (L2) or the sum of |u| (L1).
    The scores of a row are 0 for the first class and x W for the others, so that two classes are the usual logistic
    regression with one vector w.

    Attributes
    ----------
    points : ndarray of float, shape (n, d)
        With a column of ones where an intercept is wanted; it is penalised as the others are.
    labels : ndarray of float, shape (n, k - 1)
        One-hot, without the first class (`one_hot`).
    shares : ndarray of float, shape (n,)
        The weights a; 1 / n each for a mean.
    penalty : ndarray of float, shape (1,) or (d,)
        Natural logarithms lambda: one for all dimensions, or one for each.
    norm : str
    """

    points: np.ndarray
    labels: np.ndarray
    shares: np.ndarray
    penalty: np.ndarray
    norm: Norm = "l2"

    @property
    def shape(self) -> tuple[int, int]:
        """Of the parameters W."""
        return self.points.shape[1], self.labels.shape[1]

    def loss(self, w: np.ndarray) -> float:
        """The loss, penalty included."""
        size = w**2 / 2 if self.norm == "l2" else np.abs(w)
        return float(self.shares @ cross_entropy(self.points @ w, self.labels) + (self._strength() * size).sum())

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Of the loss; of |u| it is the sign, 0 at 0."""
        pull = w if self.norm == "l2" else np.sign(w)
        return self.points.T @ (self.shares[:, None] * self.excess(w)) + self._strength() * pull

    def bend(self, w: np.ndarray, v: np.ndarray) -> np.ndarray:
        """The product of the Hessian at w with v."""
        return self._bend(_turn(probabilities(self.points @ w), self.points @ v), v)

    def excess(self, w: np.ndarray) -> np.ndarray:
        """The probabilities minus the labels, shape (n, k - 1)."""
        return probabilities(self.points @ w) - self.labels

    def pull_back(self, w: np.ndarray, v: np.ndarray, rows: slice) -> tuple[np.ndarray, Hypergradient]:
        """The product of the Hessian at w with v, and the gradient of (gradient . v) by what the training was given.

        The latter by the rows of `points` that are named alone.
        """
        p, along = probabilities(self.points @ w), self.points @ v
        excess, turned = p - self.labels, _turn(p, along)
        size = w if self.norm == "l2" else np.sign(w)
        penalty = np.exp(self.penalty) * (size * v).sum(axis=1)
        given = Hypergradient(
            penalty if len(self.penalty) > 1 else penalty.sum(keepdims=True),
            (along * excess).sum(axis=1),
            self.shares[rows, None] * (excess[rows] @ v.T + turned[rows] @ w.T),
        )
        return self._bend(turned, v), given

    def rate(self) -> float:
        """A step of gradient descent that is short enough: one over a bound of the curvature."""
        curvature = np.linalg.norm(self.points * np.sqrt(self.shares)[:, None], 2) ** 2 / 2
        return float(1 / (curvature + (np.exp(self.penalty).max() if self.norm == "l2" else 0)))

    def _bend(self, turned: np.ndarray, v: np.ndarray) -> np.ndarray:
        curved = self.points.T @ (self.shares[:, None] * turned)
        return curved + self._strength() * v if self.norm == "l2" else curved

    def _strength(self) -> np.ndarray:
        return np.exp(self.penalty)[:, None]


def one_hot(targets: np.ndarray, classes: int) -> np.ndarray:
    """Labels as `Logistic` takes them.

    Examples
    --------
    >>> one_hot(np.array([0, 2, 1]), 3)
    array([[0., 0.],
           [0., 1.],
           [1., 0.]])
    """
    return np.eye(classes)[targets][:, 1:]


def add_ones(points: np.ndarray) -> np.ndarray:
    """Points with a last column of ones, for the intercept."""
    return np.column_stack([points, np.ones(len(points))])


def probabilities(scores: np.ndarray) -> np.ndarray:
    """Of each class but the first, whose score is 0.

    Examples
    --------
    >>> probabilities(np.array([[0.0], [np.log(3)]])).ravel()
    array([0.5 , 0.75])
    """
    largest = _largest(scores)
    raised = np.exp(scores - largest)
    return raised / (np.exp(-largest) + raised.sum(axis=1, keepdims=True))


def cross_entropy(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Minus the logarithm of the probability of each row's class, shape (n,)."""
    largest = _largest(scores)
    total = np.exp(-largest) + np.exp(scores - largest).sum(axis=1, keepdims=True)
    return np.asarray((np.log(total) + largest)[:, 0] - (scores * labels).sum(axis=1))


def _turn(p: np.ndarray, along: np.ndarray) -> np.ndarray:
    """How probabilities turn when scores move."""
    return p * (along - (p * along).sum(axis=1, keepdims=True))


def _largest(scores: np.ndarray) -> np.ndarray:
    """The largest score of each row, that of the first class, 0, included."""
    return np.maximum(scores.max(axis=1, keepdims=True), 0)
