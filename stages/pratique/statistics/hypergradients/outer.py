"""What a training is judged by: the mean loss on other rows."""

from dataclasses import dataclass

import numpy as np

from pratique.statistics.hypergradients.logistic import cross_entropy, probabilities


@dataclass(frozen=True)
class Judge:
    """The mean cross-entropy A on rows that the training did not see."""

    points: np.ndarray
    labels: np.ndarray

    def loss(self, w: np.ndarray) -> float:
        """A at these parameters."""
        return float(cross_entropy(self.points @ w, self.labels).mean())

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Of A, by the parameters."""
        return self.points.T @ (probabilities(self.points @ w) - self.labels) / len(self.labels)
