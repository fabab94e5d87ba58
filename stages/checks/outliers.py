"""Outliers by distance to trusted rows, overall and within the row's own class."""

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from pydantic import Field

from stages.core.batch import Batch
from stages.core.check import CAP, Check, Finding, Fitted
from stages.core.encoding import Encoder
from stages.core.tally import brief

if TYPE_CHECKING:
    from pyod.models.knn import KNN


class Outliers(Check):
    """A row far from all trusted rows, or far from those of its own class, is suspect.

    Claim: far from everything marks outliers, noise and triggers; far from its own class only marks
    flipped labels and mimicry.

    Formula: pyod's KNN detector (mean distance to the k nearest reference rows), once on all trusted rows and
    once on each class; each distance is divided by its median on the rows that the detector was fitted on,
    and the row's score is log(1 + d / median), averaged over the two. A class with fewer than
    `smallest_class` trusted rows, or none, is judged by the overall detector alone.

    After Ramaswamy, Rastogi and Shim, "Efficient algorithms for mining outliers from large data sets" (2000).

    Cost: two neighbour searches a row; brute force O(reference rows x dimensions).
    """

    says: ClassVar[str] = "rows lie far from trusted rows"
    trusts: ClassVar[tuple[str, ...]] = (
        "pyod.models.knn.KNN",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._kd_tree.KDTree",
    )

    neighbours: int = Field(5, ge=1, le=1000)
    smallest_class: int = Field(8, ge=2)

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedOutliers":
        """Fit one detector on all trusted rows and one on each class."""
        encoder = Encoder.fit(trusted)
        points = encoder.transform(trusted)
        classes, counts = np.unique(trusted.labels, return_counts=True)
        return FittedOutliers(
            encoder,
            self._detector(points),
            {
                str(label): self._detector(points[trusted.labels == label])
                for label, count in zip(classes, counts, strict=True)
                if count >= self.smallest_class
            },
        )

    def _detector(self, points: np.ndarray) -> "KNN":
        from pyod.models.knn import KNN

        neighbours = max(1, min(self.neighbours, len(points) - 1))
        return KNN(n_neighbors=neighbours, method="mean").fit(points)


@dataclass(frozen=True)
class FittedOutliers(Fitted):
    """Frozen detectors: a batch is scored against trusted rows and never against itself."""

    encoder: Encoder
    overall: "KNN"
    by_class: "dict[str, KNN]"

    def measure(self, batch: Batch) -> Finding:
        """Relative distance of each row to trusted rows, overall and of its own label."""
        points = self.encoder.transform(batch)
        overall = _relative(self.overall, points)
        own = overall.copy()
        for label, detector in self.by_class.items():
            rows = np.flatnonzero(batch.labels == label)
            if len(rows):
                own[rows] = _relative(detector, points[rows])
        scores = (np.log1p(overall) + np.log1p(own)) / 2
        evidence = self._evidence(batch, points, np.column_stack([scores, overall, own]))
        return Finding.of_rows(scores, "log relative distance", evidence=evidence)

    def _evidence(self, batch: Batch, points: np.ndarray, measured: np.ndarray) -> dict[str, Any]:
        farthest = np.lexsort((batch.labels, -measured[:, 0]))[:CAP]
        names = batch.layout.numeric
        return {
            "farthest": [
                {
                    "row": int(row),
                    "label": brief(str(batch.labels[row])),
                    "distance_to_all": float(measured[row, 1]),
                    "distance_to_class": float(measured[row, 2]),
                    "columns": [names[c] for c in np.argsort(-np.abs(points[row, : len(names)]), kind="stable")[:3]],
                }
                for row in farthest
            ],
            "distances": "1 is the median distance of a trusted row",
        }


def _relative(detector: "KNN", points: np.ndarray) -> np.ndarray:
    """Distances divided by their median on the rows that the detector was fitted on."""
    detector = copy.deepcopy(detector)  # its tree counts the calls; the profile must not change by being used
    typical = float(np.median(detector.decision_scores_))
    return np.asarray(detector.decision_function(points)) / (typical if typical > 0 else 1.0)
