"""Clean rows as they may be: trusted rows whose oddest tenth is smoothed.

A limit that few clean batches pass is set by the oddest rows, and which of these a reference happens to hold is luck:
one of them too many and no poison passes, one too few and clean batches do. How fast the odds of the oddest tenth fall
off is known far better than any one of them.
"""

import math
from dataclasses import dataclass

import numpy as np

SHARE = 0.1
"""Of the trusted rows: those that are smoothed."""
SHAPE = -0.2
"""Of the generalised Pareto distribution of what the upper tenth exceeds its lowest by: its standard deviation is 0.85
of its mean. A normal distribution's upper tenth has 0.87, clean rows' log odds 0.72 to 0.96 and mostly 0.83 to 0.9,
measured over references of six data sets; so few rows can't tell it by themselves."""
REACH = (1 - SHAPE) / -SHAPE
"""How far such a tail reaches, in mean excesses."""
CELLS = 1000
"""Groups of like rows that a large reference is drawn by."""
STEPS = 200
"""Of the grid on which the tail stands, up to twice as far as it should reach."""
NARROW = 1e-9
"""The smallest of these steps, for scores that are all the same."""


@dataclass(frozen=True)
class SmoothTail:
    """What clean rows score, as values with chances.

    Attributes
    ----------
    values : ndarray, shape (values,)
        The trusted rows below the tail, or the means of groups of them; then the tail's grid.
    groups : ndarray, shape (groups,)
        Chances of the groups of trusted rows, below and in the tail.
    excess : ndarray, shape (groups in the tail,)
        What each exceeds the lowest of them by.
    """

    values: np.ndarray
    groups: np.ndarray
    excess: np.ndarray
    step: float
    rows: int

    @classmethod
    def of(cls, scores: np.ndarray) -> "SmoothTail":
        """Learn from the scores of trusted rows, shape (rows,)."""
        rows = len(scores)
        bounds = np.linspace(0, rows, min(rows, CELLS) + 1).astype(int)
        sizes = np.diff(bounds)
        means = np.add.reduceat(np.sort(scores), bounds[:-1]) / sizes
        below = len(means) - math.ceil(SHARE * len(means))
        excess = means[below:] - means[below]
        step = max(2 * REACH * float(excess.mean()) / STEPS, NARROW)
        grid = means[below] + step * (np.arange(STEPS) + 0.5)
        return cls(np.concatenate([means[:below], grid]), sizes / rows, excess, step, rows)

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """The chances of the values as `count` references of the same size would have them, shape (count, values).

        Each is drawn from the trusted rows with replacement and gets a tail of its own: a generalised Pareto
        distribution (Pickands, 1975) of `SHAPE`, with the share of rows and the mean excess that were drawn.
        """
        drawn = rng.multinomial(self.rows, self.groups, size=count) / self.rows
        below, above = np.split(drawn, [len(drawn.T) - len(self.excess)], axis=1)
        share = above.sum(axis=1)
        mean = above @ self.excess / np.maximum(share, 1 / self.rows)
        reach = np.maximum(REACH * mean, self.step)[:, None]
        survival = np.maximum(1 - self.step * np.arange(STEPS) / reach, 0) ** (-1 / SHAPE)
        tail = -np.diff(survival, append=0) * share[:, None]
        return np.hstack([below, tail])
