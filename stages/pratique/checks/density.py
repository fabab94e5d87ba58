"""How unusual a row's columns are together, given its label."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.check import FittedRowCheck, RowCheck, rank_rows, show_label
from pratique.contract.evidence import Evidence, RowEvidence
from pratique.contract.finding import RowScores
from pratique.contract.subject import ADVICE, Subject
from pratique.core.batch import Batch
from pratique.tables.encoding import MOST_DIMENSIONS, Encoder, Projection, Ranks

SMALLEST_DISTANCE = 1e-9
TAIL_COLUMNS = 3
"""A row's most extreme columns that `tail_max` averages over."""


class Density(RowCheck):
    """A row whose columns do not go together as they do in trusted rows of its class is suspect.

    Claim: finds noise, shifted columns, blends of two classes and triggers whose single cells are all in range.
    It does not see a label flipped between classes that look alike.

    Formula: columns become normal scores of their ranks among trusted rows; d = squared Mahalanobis distance with
    Ledoit-Wolf covariance, to all trusted rows and to those of the row's class (to all for a class with fewer than
    `smallest_class` rows); the row's score is log d of its class. Signals: both, mean absolute normal score over
    columns and over the three largest, log squared distance to the principal components of wide data, and the
    normal scores themselves where there are at most 60.

    Sources: Mahalanobis (1936); Ledoit and Wolf, "A well-conditioned estimator for large-dimensional covariance
    matrices" (2004).

    Cost: O(rows x dimensions^2 x classes in the batch), at most 60 dimensions.
    """

    alarm: ClassVar[str] = "columns do not go together as in trusted rows of the class"
    advice: ClassVar[str] = ADVICE["features"]
    about: ClassVar[Subject] = "features"

    smallest_class: int = Field(8, ge=2)

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedDensity":
        """Learn ranks, components and covariances."""
        ranks = Ranks.fit(trusted, Encoder.fit(trusted))
        points = ranks.transform(trusted)
        projection = Projection.fit(points)
        places = projection.transform(points)
        classes, counts = np.unique(trusted.labels, return_counts=True)
        return FittedDensity(
            ranks,
            projection,
            Ellipsoid.fit(places),
            {
                str(label): Ellipsoid.fit(places[trusted.labels == label])
                for label, count in zip(classes, counts, strict=True)
                if count >= self.smallest_class
            },
        )


@dataclass(frozen=True)
class Ellipsoid:
    """A mean and the inverse of a covariance."""

    mean: np.ndarray
    precision: np.ndarray

    @classmethod
    def fit(cls, points: np.ndarray) -> "Ellipsoid":
        """Estimate both, the covariance shrunk as Ledoit and Wolf do."""
        if not points.shape[1]:
            return cls(np.zeros(0), np.zeros((0, 0)))
        from sklearn.covariance import LedoitWolf

        model = LedoitWolf().fit(points)
        return cls(model.location_, model.precision_)

    def log_distance(self, points: np.ndarray) -> np.ndarray:
        """Logarithm of the squared Mahalanobis distance."""
        centred = points - self.mean
        return np.log(np.maximum(((centred @ self.precision) * centred).sum(axis=1), 0) + SMALLEST_DISTANCE)


@dataclass(frozen=True)
class FittedDensity(FittedRowCheck):
    """Where trusted rows lie, all of them and class by class."""

    ranks: Ranks
    projection: Projection
    overall: Ellipsoid
    by_class: dict[str, Ellipsoid]

    def measure(self, batch: Batch) -> RowScores:
        """Distance of each row to the trusted rows of its class."""
        points = self.ranks.transform(batch)
        places = self.projection.transform(points)
        overall = self.overall.log_distance(places)
        own = overall.copy()
        for label, ellipsoid in self.by_class.items():
            rows = np.flatnonzero(batch.labels == label)
            own[rows] = ellipsoid.log_distance(places[rows])
        numbers = points[:, : len(batch.layout.numeric)]
        extremes = np.abs(numbers)
        signals = {"overall": overall, "residual": np.log(self.projection.residual(points) + SMALLEST_DISTANCE)}
        signals |= {"tail_mean": _mean_of_largest(extremes, extremes.shape[1])}
        signals |= {"tail_max": _mean_of_largest(extremes, TAIL_COLUMNS)}
        if numbers.shape[1] <= MOST_DIMENSIONS:
            signals |= {f"place_{i}": place for i, place in enumerate(numbers.T)}
        return RowScores(own, "log distance", signals, self._evidence(batch, own, extremes))

    def _evidence(self, batch: Batch, scores: np.ndarray, extremes: np.ndarray) -> Evidence:
        names = batch.layout.numeric
        return Evidence.of_rows(
            [
                RowEvidence(
                    (int(row),),
                    {"label": show_label(batch, row), "log distance": float(scores[row])},
                    tuple(names[c] for c in np.argsort(-extremes[row], kind="stable")[:TAIL_COLUMNS]),
                )
                for row in rank_rows(batch, scores)
            ]
        )


def _mean_of_largest(values: np.ndarray, count: int) -> np.ndarray:
    """Mean of each row's `count` largest values; 0 where there is none."""
    count = min(count, values.shape[1])
    if not count:
        return np.zeros(len(values))
    return np.partition(values, values.shape[1] - count, axis=1)[:, -count:].mean(axis=1)
