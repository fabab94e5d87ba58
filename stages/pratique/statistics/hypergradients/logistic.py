"""Logistic regression as a training problem: its loss, gradient, curvature and the mixed derivatives."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

Norm = Literal["l2", "l1"]


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
        curved = self.points.T @ (self.shares[:, None] * self._turn(w, v))
        return curved + self._strength() * v if self.norm == "l2" else curved

    def excess(self, w: np.ndarray) -> np.ndarray:
        """The probabilities minus the labels, shape (n, k - 1)."""
        return probabilities(self.points @ w) - self.labels

    def by_penalty(self, w: np.ndarray, v: np.ndarray) -> np.ndarray:
        """d/d lambda of (gradient . v), shape of `penalty`."""
        pull = w if self.norm == "l2" else np.sign(w)
        slopes = np.exp(self.penalty) * (pull * v).sum(axis=1)
        return slopes if len(self.penalty) > 1 else slopes.sum(keepdims=True)

    def by_shares(self, w: np.ndarray, v: np.ndarray) -> np.ndarray:
        """d/d a of (gradient . v), shape (n,)."""
        return ((self.points @ v) * self.excess(w)).sum(axis=1)

    def by_points(self, w: np.ndarray, v: np.ndarray, rows: slice) -> np.ndarray:
        """d/d x of (gradient . v) for some rows, shape (rows, d)."""
        some = Logistic(self.points[rows], self.labels[rows], self.shares[rows], self.penalty, self.norm)
        return some.shares[:, None] * (some.excess(w) @ v.T + some._turn(w, v) @ w.T)

    def rate(self) -> float:
        """A step of gradient descent that is short enough: one over a bound of the curvature."""
        curvature = np.linalg.norm(self.points * np.sqrt(self.shares)[:, None], 2) ** 2 / 2
        return float(1 / (curvature + (np.exp(self.penalty).max() if self.norm == "l2" else 0)))

    def _turn(self, w: np.ndarray, v: np.ndarray) -> np.ndarray:
        """How the probabilities of each row turn when w moves along v."""
        p, along = probabilities(self.points @ w), self.points @ v
        return p * (along - (p * along).sum(axis=1, keepdims=True))

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


def _largest(scores: np.ndarray) -> np.ndarray:
    """The largest score of each row, that of the first class, 0, included."""
    return np.maximum(scores.max(axis=1, keepdims=True), 0)
