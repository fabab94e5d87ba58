"""A small network as a training problem, and its hypergradients in reverse mode, through torch.func.

It needs the extra `torch`, which is imported where it is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

Tensor = Any
"""A torch.Tensor; the type is not known where torch is missing."""


@dataclass(frozen=True)
class Network:
    """Weighted cross-entropy of rows of two classes under a network of tanh units, and a penalty for each layer.

    Formula: L(w) = sum_i a_i CE(w; x_i, y_i) + sum_k e^lambda_k |w_k|^2 / 2, w_k the weights and intercepts of layer k.
    Without hidden units it is `logistic.Logistic` with an L2 penalty.

    Attributes
    ----------
    points : Tensor of float64, shape (n, d)
    labels : Tensor of float64, shape (n,)
        0 or 1.
    shares : Tensor of float64, shape (n,)
        The weights a; 1 / n each for a mean.
    penalty : Tensor of float64, shape (layers,)
        Natural logarithms lambda.
    hidden : tuple of int
        Units of each hidden layer.
    """

    points: Tensor
    labels: Tensor
    shares: Tensor
    penalty: Tensor
    hidden: tuple[int, ...]

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Units out and in of each layer, the intercept counted as one in."""
        widths = (self.points.shape[1], *self.hidden, 1)
        return [(out, into + 1) for into, out in pairwise(widths)]

    def split(self, w: Tensor) -> list[Tensor]:
        """The parameters by layer, each of shape (out, in), from one vector of all."""
        parts = w.split([out * into for out, into in self.sizes])
        return [part.reshape(size) for part, size in zip(parts, self.sizes, strict=True)]

    def score(self, w: Tensor, points: Tensor) -> Tensor:
        """The log odds of the second class, shape (rows,)."""
        import torch

        for depth, layer in enumerate(self.split(w)):
            points = (torch.tanh(points) if depth else points) @ layer[:, :-1].T + layer[:, -1]
        return points[:, 0]

    def loss(self, w: Tensor, penalty: Tensor, points: Tensor) -> Tensor:
        """The loss, penalty included, with these penalties and rows in the place of its own."""
        sizes = [(layer**2).sum() / 2 for layer in self.split(w)]
        damped = sum(each * size for each, size in zip(penalty.exp(), sizes, strict=True))
        return self.shares @ cross_entropy_of_scores(self.score(w, points), self.labels) + damped

    def begin(self, rng: np.random.Generator) -> Tensor:
        """Random parameters that keep the spread of what passes (Glorot and Bengio, 2010); no intercepts."""
        import torch

        layers = []
        for out, into in self.sizes:
            layer = rng.normal(0, np.sqrt(2 / (out + into - 1)), (out, into))
            layer[:, -1] = 0
            layers.append(layer.ravel())
        return torch.from_numpy(np.concatenate(layers))


def cross_entropy_of_scores(scores: Tensor, labels: Tensor) -> Tensor:
    """Minus the logarithm of the probability of each row's class, from its log odds."""
    from torch.nn.functional import softplus

    return softplus(scores) - labels * scores


def descend_network(problem: Network, start: Tensor, rate: float, steps: int) -> list[Tensor]:
    """The parameters at the start and after each step of gradient descent."""
    from torch.func import grad

    slope, path = grad(problem.loss), [start]
    for _ in range(steps):
        path.append(path[-1] - rate * slope(path[-1], problem.penalty, problem.points))
    return path


def differentiate_network(
    problem: Network, path: Sequence[Tensor], rate: float, points: Tensor, labels: Tensor, moving: int
) -> tuple[Tensor, Tensor]:
    """The gradient of the mean loss on other rows at the end: by the penalties, and by the last `moving` rows.

    Formula: that of `reverse.differentiate`; the products with the Hessian and the mixed derivatives are the gradient
    of (gradient . v) by parameters, penalties and rows.
    """
    import torch
    from torch.func import grad

    def judge(w: Tensor) -> Tensor:
        return cross_entropy_of_scores(problem.score(w, points), labels).mean()

    kept, moved = problem.points[: len(problem.points) - moving], problem.points[len(problem.points) - moving :]
    slope = grad(problem.loss)

    def project(w: Tensor, penalty: Tensor, rows: Tensor, v: Tensor) -> Tensor:
        return slope(w, penalty, torch.cat([kept, rows])) @ v

    pull, back = grad(project, argnums=(0, 1, 2)), grad(judge)(path[-1])
    by_penalty, by_rows = torch.zeros_like(problem.penalty), torch.zeros_like(moved)
    for w in reversed(path[:-1]):
        bent, damped, shifted = pull(w, problem.penalty, moved, back)
        by_penalty, by_rows, back = by_penalty - rate * damped, by_rows - rate * shifted, back - rate * bent
    return by_penalty, by_rows
