"""The fusion: what all checks measured of a row, weighed into the odds that it is poisoned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pratique.contract.finding import Finding
from pratique.statistics.empirical import count_at_least

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

POISONED_PER_CLEAN = 2
LINEAR_WEIGHT = 2
"""What the straight line counts beside the trees."""
INVERSE_PENALTY = 0.05
"""Inverse strength of the penalty on the straight line's weights."""
ROWS_AT_ONCE = 2000
"""Rows that are weighed at once: so many signals stay in a processor's cache, which halves the time of many."""
NEAR_DEVIATIONS = 0.1
"""Standard deviations: values of a signal that are closer count as one."""
TRUSTED_TYPES = (
    "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
)


@dataclass(frozen=True)
class SignalRows:
    """Measured rows: one column for each signal.

    Attributes
    ----------
    signals : ndarray of float32, shape (rows, signals)
    groups : ndarray of int, shape (rows,)
        -1 for clean rows; for poisoned ones the simulation that they come from.
    """

    signals: np.ndarray
    groups: np.ndarray

    @classmethod
    def join(cls, parts: list["SignalRows"]) -> "SignalRows":
        """All rows of several."""
        return cls(np.vstack([p.signals for p in parts]), np.concatenate([p.groups for p in parts]))


def collect_signals(findings: Mapping[str, Finding]) -> dict[str, np.ndarray]:
    """The row scores and signals of every check that has them, by `<check>` and `<check>.<signal>`."""
    found: dict[str, np.ndarray] = {}
    for name, finding in findings.items():
        if finding.row_scores is not None:
            found[name] = finding.row_scores
            found |= {f"{name}.{signal}": values for signal, values in finding.signals.items()}
    return found


def stack_signals(signals: Mapping[str, np.ndarray], names: Sequence[str]) -> np.ndarray:
    """Some signals as columns, float32 of shape (rows, len(names)); one that was not measured is missing."""
    rows = len(next(iter(signals.values())))
    missing = np.full(rows, np.nan)
    return np.column_stack([signals.get(name, missing) for name in names]).astype(np.float32)


@dataclass(frozen=True)
class SignalRarity:
    """How rare each signal is among clean rows.

    Three features of each: minus the logarithm of its conformal p-value on either side, and its distance to the
    median in units of the wider half of the middle nine tenths, or half of the standard deviation if that is wider,
    between -5 and 20. Values within a tenth of the standard deviation count as one: where many rows have the same
    value, such as 0, the checks of two folds measure it slightly otherwise, and all these rows of one fold would be
    rarer than any of the other's.

    Attributes
    ----------
    sorted_signals : ndarray of float32, each column increasing with what is missing last, shape (clean rows, signals)
    counts : ndarray of int, shape (signals,)
        Rows that have the signal; rarities are counted among these.
    median, scale, near : ndarray of float32, shape (signals,)
    """

    sorted_signals: np.ndarray
    counts: np.ndarray
    median: np.ndarray
    scale: np.ndarray
    near: np.ndarray

    @classmethod
    def of(cls, clean: np.ndarray) -> "SignalRarity":
        """Learn from the signals of clean rows."""
        known = np.sort(clean, axis=0)
        counts = (~np.isnan(known)).sum(axis=0)
        spread = [_measure_spread(column[:count]) for column, count in zip(known.T, counts, strict=True)]
        return cls(known, counts, *np.array(spread, known.dtype).T)

    def features(self, signals: np.ndarray) -> np.ndarray:
        """Shape (rows, 3 x signals); missing where the signal is."""
        above, below = np.empty((2, *signals.shape))
        for i, (column, cells) in enumerate(zip(self.sorted_signals.T, signals.T, strict=True)):
            known = column[: self.counts[i]]
            above[:, i] = count_at_least(known, cells - self.near[i])
            below[:, i] = np.searchsorted(known, cells + self.near[i], "right")
        most = self.counts + 1
        distance = np.clip((signals - self.median) / self.scale, -5, 20)
        found = np.hstack([-np.log((1 + above) / most), -np.log((1 + below) / most), distance])
        return np.where(np.isnan(np.tile(signals, 3)), np.nan, found)

    def complete_features(self, signals: np.ndarray) -> np.ndarray:
        """The same, where a missing signal is an ordinary one."""
        return np.nan_to_num(self.features(signals))


def _measure_spread(known: np.ndarray) -> tuple[float, float, float]:
    """Median, scale and what counts as near, of one signal where it is known."""
    if not len(known):
        return 0.0, 1.0, 0.0
    low, median, high = np.quantile(known, [0.05, 0.5, 0.95])
    std = float(known.std())
    return median, max(high - median, median - low, std / 2, 1e-6), NEAR_DEVIATIONS * std


@dataclass(frozen=True)
class LinearScorer:
    """Logistic regression on rarities, as arrays; a missing signal counts as an average one."""

    rarity: SignalRarity
    mean: np.ndarray
    weights: np.ndarray
    intercept: float

    @classmethod
    def train(cls, rows: SignalRows) -> "LinearScorer":
        """Learn from clean and poisoned rows."""
        from sklearn.linear_model import LogisticRegression

        rarity = SignalRarity.of(rows.signals[rows.groups < 0])
        features = rarity.complete_features(rows.signals)
        mean, std = features.mean(axis=0), features.std(axis=0)
        std = np.where(std > 0, std, 1.0)
        model = LogisticRegression(C=INVERSE_PENALTY, max_iter=300).fit((features - mean) / std, rows.groups >= 0)
        return cls(rarity, mean, model.coef_[0] / std, float(model.intercept_[0]))

    def log_odds(self, signals: np.ndarray) -> np.ndarray:
        """Shape (rows,)."""
        centred = np.nan_to_num(self.rarity.features(signals) - self.mean)
        return np.asarray(centred @ self.weights + self.intercept)


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
    def train(cls, rows: SignalRows, seed: int) -> "Fusion":
        """Learn from clean rows, and `POISONED_PER_CLEAN` times as many poisoned ones, evenly by simulation."""
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
        return cls(trees.fit(rows.signals, rows.groups >= 0), LinearScorer.train(rows))

    def log_odds(self, signals: np.ndarray) -> np.ndarray:
        """Log odds of poisoned against clean where both are equally common, shape (rows,)."""
        parts = [signals[begin : begin + ROWS_AT_ONCE] for begin in range(0, max(1, len(signals)), ROWS_AT_ONCE)]
        trees, line = (
            np.concatenate(list(map(score, parts))) for score in (self.trees.decision_function, self.linear.log_odds)
        )
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
