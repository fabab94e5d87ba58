"""The fusion: what all checks measured of a row, weighed into the odds that it is poisoned."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pratique.detector.signals import RatedSignals, SignalRarity, SignalRows

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

POISONED_PER_CLEAN = 2
LINEAR_WEIGHT = 2
"""What the straight line counts beside the trees."""
INVERSE_PENALTY = 0.05
"""Inverse strength of the penalty on the straight line's weights."""
TRUSTED_TYPES = (
    "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)


@dataclass(frozen=True)
class LinearScorer:
    """Logistic regression on rarities, as arrays; a missing signal counts as an average one."""

    mean: np.ndarray
    weights: np.ndarray
    intercept: float

    @classmethod
    def train(cls, rows: RatedSignals, poisoned: np.ndarray) -> "LinearScorer":
        """Learn from rows, and which of them are poisoned."""
        from sklearn.linear_model import LogisticRegression

        features = rows.complete_features
        mean, std = features.mean(axis=0), features.std(axis=0)
        std = np.where(std > 0, std, 1.0)
        model = LogisticRegression(C=INVERSE_PENALTY, max_iter=300).fit((features - mean) / std, poisoned)
        return cls(mean, model.coef_[0] / std, float(model.intercept_[0]))

    def log_odds(self, rows: RatedSignals) -> np.ndarray:
        """Shape (rows,)."""
        return np.asarray(np.nan_to_num(rows.features - self.mean) @ self.weights + self.intercept)


@dataclass(frozen=True)
class Fusion:
    """What tells clean from poisoned rows: trees and a straight line, and a line from their mean to honest log odds.

    Trees find what signals say together; the line is steadier where there are few trusted rows, and further than
    any of them. At 5 % poison their mean catches more batches than either.

    Attributes
    ----------
    trees : HistGradientBoostingClassifier
        Gradient-boosted trees (Friedman, 2001); each split looks at half of the signals, drawn anew.
    linear : Linear
    slope, intercept : float
        Log odds = intercept + slope x mean of both (Platt, 1999), learned out of fold.
    """

    trees: "HistGradientBoostingClassifier"
    linear: LinearScorer
    slope: float = 1.0
    intercept: float = 0.0

    @classmethod
    def train(cls, rows: SignalRows, rarity: SignalRarity, seed: int) -> "Fusion":
        """Learn from clean rows, and `POISONED_PER_CLEAN` times as many poisoned ones, evenly by simulation.

        `rarity` is learned from these clean rows, whatever poisoned ones there are.
        """
        from sklearn.ensemble import HistGradientBoostingClassifier

        rows = balance_by_drawing(rows, np.random.default_rng([seed, 2]))
        trees = HistGradientBoostingClassifier(
            max_iter=80,
            learning_rate=0.08,
            max_leaf_nodes=8,
            min_samples_leaf=20,
            l2_regularization=1.0,
            max_features=0.5,
            early_stopping=False,
            random_state=seed,
        )
        poisoned = rows.groups >= 0
        return cls(trees.fit(rows.signals, poisoned), LinearScorer.train(rarity.rate(rows.signals), poisoned))

    def log_odds(self, rows: RatedSignals) -> np.ndarray:
        """Log odds of poisoned against clean where both are equally common, shape (rows,)."""
        trees, line = self.trees.decision_function(rows.signals), self.linear.log_odds(rows)
        return np.asarray(self.intercept + self.slope * (trees + LINEAR_WEIGHT * line) / (1 + LINEAR_WEIGHT))

    def recalibrate(self, slope: float, intercept: float) -> "Fusion":
        """The same with another line."""
        return replace(self, slope=slope, intercept=intercept)


def balance_by_drawing(rows: SignalRows, rng: np.random.Generator) -> SignalRows:
    """All clean rows, and as many of each simulation: what weights would say, at a tenth of their cost."""
    poisoned = np.unique(rows.groups[rows.groups >= 0])
    each = int(POISONED_PER_CLEAN * (rows.groups < 0).sum() / max(1, len(poisoned)))
    chosen = [np.flatnonzero(rows.groups < 0)]
    for group in poisoned:
        members = np.flatnonzero(rows.groups == group)
        chosen.append(rng.choice(members, min(each, len(members)), replace=False))
    keep = np.sort(np.concatenate(chosen))
    return SignalRows(rows.signals[keep], rows.groups[keep])


def balance_weights(groups: np.ndarray) -> np.ndarray:
    """Weights with mean 1: half of their sum on clean rows, half on poisoned ones, every simulation alike."""
    values, codes, counts = np.unique(groups, return_inverse=True, return_counts=True)
    share = np.where(values < 0, 0.5, 0.5 / max(1, (values >= 0).sum()))
    return np.asarray((share / counts)[codes] * len(groups))


def fit_platt_line(log_odds: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """Slope and intercept that make out-of-fold log odds honest (Platt, 1999); the slope is never negative."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e6).fit(log_odds[:, None], groups >= 0, sample_weight=balance_weights(groups))
    return max(0.0, float(model.coef_[0, 0])), float(model.intercept_[0])
