"""What checks measure of rows, as columns, and how rare each of these is among clean rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pratique.contract.finding import Finding
from pratique.statistics.empirical import Sought

NEAR_DEVIATIONS = 0.1
"""Standard deviations: values of a signal that are closer count as one."""


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

    def rate(self, signals: np.ndarray) -> "RatedSignals":
        """Rate the signals of rows, float32 of shape (rows, signals)."""
        above, below = np.empty((2, *signals.shape))
        for i, (column, cells) in enumerate(zip(self.sorted_signals.T, signals.T, strict=True)):
            known, sought = column[: self.counts[i]], Sought.of(cells)
            above[:, i] = len(known) - sought.count_below(known + self.near[i])
            below[:, i] = sought.count_not_above(known - self.near[i])
        most = self.counts + 1
        distance = np.clip((signals - self.median) / self.scale, -5, 20)
        features = np.hstack([-np.log((1 + above) / most), -np.log((1 + below) / most), distance])
        features[np.isnan(np.tile(signals, 3))] = np.nan
        return RatedSignals(signals, features)


@dataclass(frozen=True)
class RatedSignals:
    """Signals of rows, and how rare they are.

    Attributes
    ----------
    signals : ndarray of float32, shape (rows, signals)
    features : ndarray, shape (rows, 3 x signals)
        As `SignalRarity` has them; missing where the signal is.
    """

    signals: np.ndarray
    features: np.ndarray

    @property
    def complete_features(self) -> np.ndarray:
        """The features, where a missing signal is an ordinary one."""
        return np.nan_to_num(self.features)


def _measure_spread(known: np.ndarray) -> tuple[float, float, float]:
    """Median, scale and what counts as near, of one signal where it is known."""
    if not len(known):
        return 0.0, 1.0, 0.0
    low, median, high = np.quantile(known, [0.05, 0.5, 0.95])
    std = float(known.std())
    return median, max(high - median, median - low, std / 2, 1e-6), NEAR_DEVIATIONS * std
