"""Outliers by distance to trusted rows, overall and within the row's own class, and by a detector of pyod's."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

import numpy as np
from pydantic import Field

from pratique.contract.check import FittedRowCheck, RowCheck, rank_rows, show_label
from pratique.contract.evidence import Evidence, RowEvidence
from pratique.contract.finding import RowScores
from pratique.contract.subject import ADVICE, Subject
from pratique.core.batch import Batch
from pratique.statistics.empirical import SortedColumns
from pratique.tables.encoding import Encoder

if TYPE_CHECKING:
    from pyod.models.base import BaseDetector
    from sklearn.ensemble import IsolationForest
    from sklearn.neighbors import NearestNeighbors

DetectorName = Literal["iforest", "ecod", "copod", "knn", "lof"]
DETECTORS: dict[DetectorName, str] = {
    "iforest": "pyod's isolation forest",
    "ecod": "pyod's ECOD",
    "copod": "pyod's COPOD",
    "knn": "pyod's kNN",
    "lof": "pyod's LOF",
}
ODDER = 0.99
"""Share of the rows that the detector was fitted on which a flagged row is odder than."""


class Outliers(RowCheck):
    """A row far from all trusted rows, or far from those of its own class, is suspect.

    Claim: far from everything marks outliers, noise and triggers; far from its own class only marks
    flipped labels and mimicry.

    Formula: d = mean distance to the k nearest trusted rows, all of them and those of the row's own class, each
    divided by the median of the same distance among the trusted rows themselves; the row's score is log(1 + d),
    averaged over the two. A class with fewer than `smallest_class` trusted rows, or none, is judged by the overall
    distance alone. Signals: both distances, the own one against that to the nearest other class, and the score of a
    detector of pyod's, fitted on trusted rows only. `detector` says which: `iforest`, `ecod`, `copod`, `knn` or `lof`.
    A row is flagged where it is odder to the detector than 99 in 100 of these rows; the share of such rows is judged by
    itself.

    After Ramaswamy, Rastogi and Shim, "Efficient algorithms for mining outliers from large data sets" (2000), and, by
    detector, Liu, Ting and Zhou, "Isolation forest" (2008); Li et al., "ECOD" (2022); Li et al., "COPOD" (2020);
    Breunig et al., "LOF: identifying density-based local outliers" (2000).

    Cost: two neighbour searches a row; brute force O(reference rows x dimensions).
    """

    alarm: ClassVar[str] = "rows are odder than nearly all trusted rows"
    advice: ClassVar[str] = ADVICE["features"]
    about: ClassVar[Subject] = "features"
    judged_alone: ClassVar[bool] = True
    budget_share: ClassVar[float | None] = 0.02
    trusts: ClassVar[tuple[str, ...]] = (
        "pratique.statistics.empirical.SortedColumns",
        "pyod.models.knn.KNN",
        "pyod.models.lof.LOF",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.tree._tree.Tree",
    )

    detector: DetectorName = "iforest"
    neighbours: int = Field(5, ge=1, le=1000)
    smallest_class: int = Field(8, ge=2)
    trees: int = Field(50, ge=10, le=1000)

    def fit(self, trusted: Batch, rng: np.random.Generator) -> "FittedOutliers":
        """Index all trusted rows and those of each class; fit the detector."""
        encoder = Encoder.fit(trusted)
        points = encoder.transform(trusted)
        classes, counts = np.unique(trusted.labels, return_counts=True)
        detector, bound = self._fit_detector(points, rng)
        return FittedOutliers(
            encoder,
            Crowd.fit(points, self.neighbours),
            {
                str(label): Crowd.fit(points[trusted.labels == label], self.neighbours)
                for label, count in zip(classes, counts, strict=True)
                if count >= self.smallest_class
            },
            self.detector,
            detector,
            bound,
        )

    def _fit_detector(self, points: np.ndarray, rng: np.random.Generator) -> tuple["Detector", float]:
        """The detector, frozen, and the score above which it flags a row."""
        if self.detector in ("ecod", "copod"):
            ranks = TailRanks.fit(points, averages=self.detector == "copod")
            return ranks, float(np.quantile(ranks.score(points, new=0), ODDER))
        detector = self._make_detector(len(points), rng).fit(points)
        bound = float(np.quantile(detector.decision_scores_, ODDER))
        return (IsolationTrees(detector.detector_) if self.detector == "iforest" else detector), bound

    def _make_detector(self, rows: int, rng: np.random.Generator) -> "BaseDetector":
        from pyod.models.iforest import IForest
        from pyod.models.knn import KNN
        from pyod.models.lof import LOF

        neighbours = max(1, min(self.neighbours, rows - 1))
        if self.detector == "knn":
            return KNN(n_neighbors=neighbours)
        if self.detector == "lof":
            return LOF(n_neighbors=neighbours, algorithm="brute")
        return IForest(n_estimators=self.trees, random_state=int(rng.integers(2**31)))


class Detector(Protocol):
    """What scores points, each by itself; higher is odder."""

    def decision_function(self, points: np.ndarray, /) -> np.ndarray:
        """Shape (rows,)."""


@dataclass(frozen=True)
class IsolationTrees:
    """The trees of pyod's isolation forest: they score as pyod does, which need not be imported for it."""

    forest: "IsolationForest"

    def decision_function(self, points: np.ndarray, /) -> np.ndarray:
        """The score of each row."""
        return np.asarray(-self.forest.decision_function(points))


@dataclass(frozen=True)
class TailRanks:
    """ECOD or COPOD of pyod, frozen: each row stands among the trusted rows as if it came alone.

    pyod's own `decision_function` ranks the rows that it is given among each other, too, so that a row's score depends
    on the rows beside it, and an attacker chooses these. With u and v a cell's -log of the share of cells that are as
    low and as high, and w the one of them on the side to which its column is skewed, ECOD sums max(u, v, w) over the
    columns and COPOD max((u + v) / 2, w).
    """

    known: SortedColumns
    skew: np.ndarray
    averages: bool

    @classmethod
    def fit(cls, points: np.ndarray, averages: bool) -> "TailRanks":
        """Sort the columns, and see to which side each is skewed; a column of equal values is to neither."""
        centred = points - points.mean(axis=0)
        third = (centred**3).mean(axis=0)
        skew = np.where(np.ptp(points, axis=0) > 0, np.sign(third), 0)
        return cls(SortedColumns(np.sort(points, axis=0)), skew, averages)

    def decision_function(self, points: np.ndarray, /) -> np.ndarray:
        """The score of each row beside the trusted rows."""
        return self.score(points, new=1)

    def score(self, points: np.ndarray, new: int) -> np.ndarray:
        """The same, of rows that are `new`, 1 each, or of the trusted rows themselves, 0."""
        below, not_above = self.known.places(points)
        rows = len(self.known.values) + new
        low, high = -np.log((not_above + new) / rows), -np.log((rows - below) / rows)
        skewed = low * (self.skew <= 0) + high * (self.skew >= 0)
        either = (low + high) / 2 if self.averages else np.maximum(low, high)
        return np.asarray(np.maximum(skewed, either).sum(axis=1))


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
    detector: DetectorName
    fitted_detector: Detector
    bound: float

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
        odd = np.asarray(self.fitted_detector.decision_function(points))
        signals = {
            "overall": np.log1p(overall),
            "own_class": np.log1p(own),
            "ratio": np.log1p(own) - np.log1p(np.where(np.isfinite(other), other, overall)),
            "detector": odd,
        }
        evidence = self._evidence(batch, points, np.column_stack([scores, overall, own]))
        return RowScores(scores, "log relative distance", signals, evidence, odd > self.bound, DETECTORS[self.detector])

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
            detector=DETECTORS[self.detector],
            distances="1 is the median distance of a trusted row",
        )
