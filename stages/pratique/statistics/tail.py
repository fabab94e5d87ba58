"""Clean rows as they may be: trusted rows, the oddest tenth of them smoothed.

A limit that few clean batches pass is set by the oddest rows, and which of these a reference happens to hold is luck:
with one too many no poison passes it, with one too few clean batches do. How fast the scores of the oddest tenth fall
off is known far better than any one of them.
"""

import math
from dataclasses import dataclass

import numpy as np

TAIL_SHARE = 0.1
"""Share of the trusted rows that form the tail."""
EXPECTED_SHAPE = -0.2
"""Expected shape of the generalised Pareto distribution that the tail follows. With it the standard deviation of what
rows exceed the threshold by is 0.85 of the mean; it is 0.87 in the upper tenth of a normal distribution, and 0.59 to
1.03 among clean rows' log odds, 0.85 in the middle (22 references of six data sets)."""
SHAPE_PRIOR_ROWS = 50
"""Rows that the expected shape counts for, beside those of the tail: few rows can't tell it by themselves."""
LIGHTEST_SHAPE, HEAVIEST_SHAPE = -0.5, -0.01
"""Bounds of the shape: a triangle's, and nearly an exponential distribution's."""
MOST_ROW_GROUPS = 1000
"""Groups of like rows, in the tail and below it, that a large reference is drawn by."""
TAIL_GRID_STEPS = 200
"""Steps of the grid on which the tail stands."""
NARROWEST_SCALE = 1e-9
"""The least that a tail is wide, for scores that are all the same."""


@dataclass(frozen=True)
class SmoothTail:
    """What clean rows score, as values with chances.

    Attributes
    ----------
    values : ndarray, shape (values,)
        Increasing: the trusted rows below the tail (or means of groups of them), the tail's grid, and the cap.
    chances : ndarray, shape (groups,)
        Of the groups of trusted rows: below the tail, in it, and at the cap.
    excess, squares : ndarray, shape (groups in the tail,)
        By how much these exceed the threshold, and the square of it, as means over each group.
    rows : int
        Trusted rows.
    """

    values: np.ndarray
    chances: np.ndarray
    excess: np.ndarray
    squares: np.ndarray
    rows: int

    @classmethod
    def of(cls, scores: np.ndarray, cap: float) -> "SmoothTail":
        """Learn from the scores of trusted rows, shape (rows,), at least one; none counts for more than the cap.

        Rows at the cap stay what they are: they come from another distribution, as mislabelled trusted rows do.
        """
        ordered = np.sort(np.minimum(scores, cap))
        rows = len(ordered)
        below, above = np.split(ordered, [rows - min(math.ceil(TAIL_SHARE * rows), rows - 1)])
        tail = above[above < cap] - below[-1]
        grid = below[-1] + max(cap - below[-1], NARROWEST_SCALE) / TAIL_GRID_STEPS * (np.arange(TAIL_GRID_STEPS) + 0.5)
        groups, sizes = _group_rows(below)
        excess, tail_sizes = _group_rows(tail)
        chances = np.concatenate([sizes, tail_sizes, [len(above) - len(tail)]]) / rows
        return cls(np.concatenate([groups, grid, [cap]]), chances, excess, _group_rows(tail**2)[0], rows)

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """The chances of the values as `count` references of the same size would have them, shape (count, values).

        Each reference is drawn from the trusted rows with replacement. Its tail is a generalised Pareto distribution
        (Pickands, 1975) with the moments that were drawn: with mean m and variance v of the excess the shape is
        (1 - m^2 / v) / 2 (Hosking and Wallis, 1987), here averaged with `EXPECTED_SHAPE`, and the scale m (1 - shape).
        """
        drawn = rng.multinomial(self.rows, self.chances, size=count) / self.rows
        below, tail, capped = np.split(drawn, [len(self.chances) - len(self.excess) - 1, -1], axis=1)
        share = tail.sum(axis=1)
        mean, square = (tail @ moment / np.maximum(share, 1 / self.rows) for moment in (self.excess, self.squares))
        own = (1 - mean**2 / np.maximum(square - mean**2, NARROWEST_SCALE)) / 2
        weight = share * self.rows / (share * self.rows + SHAPE_PRIOR_ROWS)
        shape = np.clip(
            weight * np.clip(own, LIGHTEST_SHAPE, -LIGHTEST_SHAPE) + (1 - weight) * EXPECTED_SHAPE,
            LIGHTEST_SHAPE,
            HEAVIEST_SHAPE,
        )
        scale = np.maximum(mean * (1 - shape), NARROWEST_SCALE)
        steps = (self.values[-2] - self.values[-3]) * np.arange(TAIL_GRID_STEPS)
        survival = np.maximum(1 + (shape / scale)[:, None] * steps, 0) ** (-1 / shape)[:, None]
        return np.hstack([below, -np.diff(survival, append=0) * share[:, None], capped])


def _group_rows(ordered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means and sizes of up to `MOST_ROW_GROUPS` neighbouring groups of about the same size."""
    if not len(ordered):
        return ordered, np.zeros(0, int)
    bounds = np.linspace(0, len(ordered), min(len(ordered), MOST_ROW_GROUPS) + 1).astype(int)
    sizes = np.diff(bounds)
    return np.add.reduceat(ordered, bounds[:-1]) / sizes, sizes
