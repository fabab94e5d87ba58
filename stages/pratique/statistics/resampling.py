"""Paired bootstrap: how far a figure of several models would move on other holdout rows and other trainings."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from pratique.statistics.spread import CONFIDENCE

PAIRED_DRAWS = 1000
MOST_CELLS_AT_ONCE = 2**24
"""Weights of rows that are held at once: draws times rows."""
ROW_STREAM, TRAINING_STREAM = 0, 1

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Estimate:
    """A figure with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def within_chance(self) -> bool:
        """Whether 0 is in the interval: of a difference, that nothing is shown."""
        return self.low <= 0 <= self.high

    @classmethod
    def of(cls, draws: np.ndarray) -> "Estimate":
        """Take the first of the draws as the figure, and the percentiles of the others as the interval.

        The interval is widened to hold the figure where that lies outside. Source: Efron, "Bootstrap methods:
        another look at the jackknife", Annals of Statistics 7 (1979), the percentile method.
        """
        value, tail = float(draws[0]), (1 - CONFIDENCE) / 2
        low, high = np.quantile(draws[1:], [tail, 1 - tail])
        return cls(value, min(value, float(low)), max(value, float(high)))

    @classmethod
    def of_share(cls, hits: int, count: int) -> "Estimate":
        """Take `hits` in `count` as a share, with its Wilson interval.

        Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
        """
        from scipy.stats import binomtest

        ends = binomtest(hits, count).proportion_ci(CONFIDENCE, method="wilson")
        return cls(hits / count, float(ends.low), float(ends.high))


def resample(
    measure: Callable[[np.ndarray], Mapping[Key, np.ndarray]], rows: int, trainings: int, seed: int
) -> dict[Key, np.ndarray]:
    """Figures on the rows themselves and on bootstrap samples of rows and trainings.

    All figures see the same samples, so that the draws of two of them may be subtracted: their difference is paired.

    Parameters
    ----------
    measure : callable
        From weights of rows, float32 of shape (draws, rows), to figures by key, each of shape (trainings, draws).
    rows, trainings : int
    seed : int

    Returns
    -------
    dict of key to ndarray, shape (1 + PAIRED_DRAWS,)
        The mean over the trainings: first of the rows as they are, then of each sample.
    """
    rng = np.random.default_rng([seed, ROW_STREAM])
    block = max(1, MOST_CELLS_AT_ONCE // max(rows, 1))
    parts = [measure(np.ones((1, rows), np.float32))]
    for start in range(0, PAIRED_DRAWS, block):
        count = min(block, PAIRED_DRAWS - start)
        drawn = (np.bincount(rng.integers(rows, size=rows), minlength=rows) for _ in range(count))
        parts.append(measure(np.array(list(drawn), np.float32)))
    shares = _share_trainings(trainings, seed)
    return {name: (np.concatenate([part[name] for part in parts], axis=1) * shares).sum(axis=0) for name in parts[0]}


def _share_trainings(trainings: int, seed: int) -> np.ndarray:
    """What each training counts: the same in the figure itself, as often as it is drawn in a sample."""
    rng = np.random.default_rng([seed, TRAINING_STREAM])
    drawn = rng.multinomial(trainings, np.full(trainings, 1 / trainings), size=PAIRED_DRAWS)
    return np.concatenate([np.full((1, trainings), 1.0), drawn]).T / trainings
