"""How a number spreads over runs, and which of several are surely the larger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

BOOTSTRAP_RESAMPLES = 1000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Spread:
    """Mean and low percentiles over runs, each with its standard error, which takes two runs.

    `mean_low` and `mean_high` are the ends of Student's 95 % interval of the mean, which takes two runs, too. The
    percentiles are interpolated between runs; of fewer than 20 or 100 runs they are close to the worst run.
    """

    runs: int
    mean: float
    mean_se: float | None
    mean_low: float | None
    mean_high: float | None
    p5: float
    p5_se: float | None
    p1: float
    p1_se: float | None


def summarize_runs(values: Sequence[float], least: float = -np.inf, most: float = np.inf) -> Spread:
    """Sum up one number for each run, at least one.

    The standard error of the mean is s / sqrt(n), that of a percentile the standard deviation over bootstrap
    resamples (Efron, 1979), always the same ones. Of differences between two models of one and the same run, the
    interval of the mean is the paired one.

    Parameters
    ----------
    values : sequence of float
    least, most : float
        What a number can be: the interval ends there.

    Examples
    --------
    >>> s = summarize_runs([0.8, 0.9, 1.0])
    >>> round(s.mean, 3), round(s.mean_se, 3), round(s.p5, 3)
    (0.9, 0.058, 0.81)
    """
    sample = np.asarray(values, float)
    p5, p1 = np.percentile(sample, [5, 1])
    mean = float(sample.mean())
    if len(sample) < 2:
        return Spread(len(sample), mean, None, None, None, float(p5), None, float(p1), None)
    draws = sample[np.random.default_rng(0).integers(len(sample), size=(BOOTSTRAP_RESAMPLES, len(sample)))]
    p5_se, p1_se = np.percentile(draws, [5, 1], axis=1).std(axis=1, ddof=1).round(12)
    half = _half_interval(sample, 1)
    return Spread(
        runs=len(sample),
        mean=mean,
        mean_se=float(sample.std(ddof=1) / np.sqrt(len(sample))),
        mean_low=max(least, mean - half),
        mean_high=min(most, mean + half),
        p5=float(p5),
        p5_se=float(p5_se),
        p1=float(p1),
        p1_se=float(p1_se),
    )


def possible_ranks(values: Mapping[str, Sequence[float]]) -> dict[str, tuple[int, int]]:
    """The ranks, from 1 for the largest mean, that each name may have; one rank only where intervals allow it.

    Every pair is compared by a t-interval of the paired differences, at a level that all pairs share (Bonferroni),
    so that all comparisons hold together with 95 % confidence; a name ranks behind those that are surely larger
    and ahead of those that are surely smaller.

    Parameters
    ----------
    values : mapping of str to sequence of float
        One number for each run, the same runs for every name.
    """
    larger = dict.fromkeys(values, 0)
    smaller = dict.fromkeys(values, 0)
    pairs = list(combinations(values, 2))
    for first, second in pairs:
        sign = _certain_sign(np.subtract(values[first], values[second]), len(pairs))
        if sign:
            ahead, behind = (first, second) if sign > 0 else (second, first)
            larger[behind] += 1
            smaller[ahead] += 1
    return {name: (1 + larger[name], len(values) - smaller[name]) for name in values}


def _certain_sign(differences: np.ndarray, comparisons: int) -> int:
    """1 or -1 where the mean difference is surely above or below 0; 0 where it may be either."""
    if len(differences) < 2:
        return 0
    mean = differences.mean()
    return int(np.sign(mean)) if abs(mean) > _half_interval(differences, comparisons) else 0


def _half_interval(sample: np.ndarray, comparisons: int) -> float:
    """Half of the t-interval of the mean, at a level that so many intervals hold together (Bonferroni)."""
    from scipy.special import stdtrit

    n = len(sample)
    quantile = stdtrit(n - 1, 1 - (1 - CONFIDENCE) / (2 * comparisons))
    return float(quantile * sample.std(ddof=1) / np.sqrt(n))
