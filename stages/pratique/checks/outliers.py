"""Outliers by distance to trusted rows, overall and within the row's own class."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from pratique.contract.check import FittedRowCheck, RowCheck, rank_rows, show_label
from pratique.contract.evidence import Evidence, RowEvidence
from pratique.contract.finding import RowScores
from pratique.contract.subject import ADVICE, Subject
from pratique.core.batch import Batch
from pratique.tables.encoding import Encoder

if TYPE_CHECKING:
    from pyod.models.iforest import IForest
    from sklearn.neighbors import NearestNeighbors


class Outliers(RowCheck):
    """A row far from all trusted rows, or far from those of its own class, is suspect.

    Claim: far from everything marks outliers, noise and triggers; far from its own class only marks
    flipped labels and mimicry.

    Formula: d = mean distance to the k nearest trusted rows, all of them and those of the row's own class, each
    divided by the median of the same distance among the trusted rows themselves; the row's score is log(1 + d),
    averaged over the two. A class with fewer than `smallest_class` trusted rows, or none, is judged by the overall
    distance alone. Signals: both distances, the own one against that to the nearest other class, and how few
    random cuts isolate the row (pyod's isolation forest, fitted on trusted rows only).

    After Ramaswamy, Rastogi and Shim, "Efficient algorithms for mining outliers from large data sets" (2000), and
    Liu, Ting and Zhou, "Isolation forest" (2008).

    Cost: two neighbour searches a row; brute force O(reference rows x dimensions).
    """

    alarm: ClassVar[str] = "rows lie far from trusted rows"
    advice: ClassVar[str] = ADVICE["features"]
    about: ClassVar[Subject] = "features"
    trusts: ClassVar[tuple[str, ...]] = (
        "pyod.models.iforest.IForest",
        "sklearn.tree._tree.Tree",
    )

    neighbours: int = Field(5, ge=1, le=1000)
    smallest_class: int = Field(8, ge=2)
    trees: int = Field(50, ge=10, le=1000)

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedOutliers":
        """Index all trusted rows and those of each class; grow the isolation forest."""
        from pyod.models.iforest import IForest

        encoder = Encoder.fit(trusted)
        points = encoder.transform(trusted)
        classes, counts = np.unique(trusted.labels, return_counts=True)
        forest = IForest(n_estimators=self.trees, random_state=int(rng.integers(2**31))).fit(points)
        return FittedOutliers(
            encoder,
            Crowd.fit(points, self.neighbours),
            {
                str(label): Crowd.fit(points[trusted.labels == label], self.neighbours)
                for label, count in zip(classes, counts, strict=True)
                if count >= self.smallest_class
            },
            forest,
        )


@dataclass(frozen=True)
class Crowd:
    """Trusted points to be near to, and how near they are to each other, typically."""

    index: "NearestNeighbors"
    typical: float

    @classmethod
    def fit(cls, points: np.ndarray, neighbours: int) -> "Crowd":
        """Index points."""
        from sklearn.neighbors import NearestNeighbors

        neighbours = max(1, min(neighbours, len(points) - 1))
        index = NearestNeighbors(n_neighbors=neighbours, algorithm="brute").fit(points)
        among = float(np.median(index.kneighbors()[0].mean(axis=1))) if len(points) > 1 else 0.0
        return cls(index, among if among > 0 else 1.0)

    def relative(self, points: np.ndarray) -> np.ndarray:
        """Mean distance of new points to the nearest trusted ones; 1 is typical of a trusted one."""
        return np.asarray(self.index.kneighbors(points)[0].mean(axis=1) / self.typical)


@dataclass(frozen=True)
class FittedOutliers(FittedRowCheck):
    """What a batch is scored against: trusted rows, never itself."""

    encoder: Encoder
    overall: Crowd
    by_class: dict[str, Crowd]
    forest: "IForest"

    def measure(self, batch: Batch) -> RowScores:
        """Relative distance of each row to trusted rows, overall and of its own label."""
        points = self.encoder.transform(batch)
        overall = self.overall.relative(points)
        own, other = overall.copy(), np.full(len(points), np.inf)
        for label, crowd in self.by_class.items():
            distance, mine = crowd.relative(points), batch.labels == label
            own = np.where(mine, distance, own)
            other = np.where(mine, other, np.minimum(other, distance * crowd.typical / self.overall.typical))
        scores = (np.log1p(overall) + np.log1p(own)) / 2
        signals = {
            "overall": np.log1p(overall),
            "own_class": np.log1p(own),
            "ratio": np.log1p(own) - np.log1p(np.where(np.isfinite(other), other, overall)),
            "isolation": np.asarray(self.forest.decision_function(points)),
        }
        evidence = self._evidence(batch, points, np.column_stack([scores, overall, own]))
        return RowScores(scores, "log relative distance", signals, evidence)

    def _evidence(self, batch: Batch, points: np.ndarray, measured: np.ndarray) -> Evidence:
        names = batch.layout.numeric
        return Evidence.of_rows(
            [
                RowEvidence(
                    (int(row),),
                    {
                        "label": show_label(batch, row),
                        "distance to all": float(measured[row, 1]),
                        "distance to class": float(measured[row, 2]),
                    },
                    tuple(names[c] for c in np.argsort(-np.abs(points[row, : len(names)]), kind="stable")[:3]),
                )
                for row in rank_rows(batch, measured[:, 0])
            ],
            distances="1 is the median distance of a trusted row",
        )
