"""Generalised Pareto tails: how far beyond the largest known value the next one may lie."""

from dataclasses import dataclass

import numpy as np

from pratique.statistics.tail import LIGHTEST_SHAPE, TAIL_SHARE

UNKNOWN_SHAPE = 1.0
"""What a tail of no values is taken for: one without a mean."""
UNKNOWN_SHAPE_ROWS = 10
"""Values that `UNKNOWN_SHAPE` counts for, beside those of the tail."""
SHAPE_DEVIATIONS = 2.0
"""Standard deviations by which the shape may be heavier than estimated."""
SCALE_STEPS = 50
"""Steps of the iteration that finds the scale; each is a contraction."""


@dataclass(frozen=True)
class FarTail:
    """The upper tail of a column of values.

    Attributes
    ----------
    values : int
        How many are known.
    largest : float
    scale : float
        Of what exceeds the largest.
    shape : float
        Of the generalised Pareto distribution (Pickands, 1975); 0 is exponential, and none is taken for lighter.
    """

    values: int
    largest: float
    scale: float
    shape: float

    @classmethod
    def of(cls, values: np.ndarray) -> "FarTail | None":
        """Learn from finite values; None where they are all the same, which tells nothing about their scale.

        The tail is what exceeds the value that nine tenths of all do not exceed. Where nothing does, as in a column
        that is mostly its own maximum, the other side has to tell the scale: what falls short of that value.
        """
        ordered = np.sort(values)
        threshold = ordered[int(np.ceil((1 - TAIL_SHARE) * len(ordered))) - 1] if len(ordered) else 0.0
        with np.errstate(over="ignore"):
            gaps = ordered - threshold
        excess = gaps[gaps > 0] if (gaps > 0).any() else -gaps[gaps < 0]
        if not len(excess) or not np.isfinite(excess).all():
            return None
        shape = cautious_shape(excess)
        scale = fit_scale(excess, shape)
        return cls(len(ordered), float(ordered[-1]), scale + shape * float(ordered[-1] - threshold), shape)

    def limit(self, chance: float) -> float:
        """The value that the next one exceeds with at most this chance.

        Beyond the largest of m known values lies the next one with a chance of 1 in m + 1, by symmetry; from there
        the chance falls as the tail does, whose excess over a higher threshold is of the same shape.
        """
        rarer = max(1.0, 1 / ((self.values + 1) * chance))
        grown = (rarer**self.shape - 1) / self.shape if self.shape > 0 else np.log(rarer)
        return float(self.largest + self.scale * grown)


def cautious_shape(excess: np.ndarray) -> float:
    """The shape of a tail of few values, on the heavy side: see the constants; at least 0."""
    own, count = max(LIGHTEST_SHAPE, estimate_shape(excess)), len(excess)
    shape = (count * own + UNKNOWN_SHAPE_ROWS * UNKNOWN_SHAPE) / (count + UNKNOWN_SHAPE_ROWS)
    return max(0.0, float(shape + SHAPE_DEVIATIONS * (1 + shape) / np.sqrt(count)))


def estimate_shape(excess: np.ndarray) -> float:
    """The shape of the generalised Pareto distribution that positive values follow; -inf where they are all alike.

    The likelihood is averaged over a grid of shape / scale.

    Source: Zhang and Stephens, "A new and efficient estimation method for the generalized Pareto distribution",
    Technometrics 51 (2009).
    """
    ordered = np.sort(excess) / excess.max()
    count = len(ordered)
    quartile = ordered[max(0, int(count / 4 + 0.5) - 1)]
    steps = 20 + int(np.sqrt(count))
    ratio = 1 + (1 - np.sqrt(steps / (np.arange(steps) + 0.5))) / (3 * quartile)
    with np.errstate(divide="ignore", invalid="ignore"):
        shape = np.log1p(-ratio[:, None] * ordered).mean(axis=1)
        likelihood = count * (np.log(-ratio / shape) - shape - 1)
    known = np.isfinite(likelihood)
    if not known.any():
        return -np.inf
    weights = np.exp(likelihood[known] - likelihood[known].max())
    return float(np.log1p(-np.average(ratio[known], weights=weights) * ordered).mean())


def fit_scale(excess: np.ndarray, shape: float) -> float:
    """The likeliest scale of positive values that follow a generalised Pareto distribution of this shape, 0 or more."""
    unit = excess.max()
    ordered = excess / unit
    scale = ordered.mean()
    for _ in range(SCALE_STEPS):
        scale = (1 + shape) * (ordered / (1 + shape * ordered / scale)).mean()
    return float(scale * unit)
