"""Whether some numbers of a batch came in another unit: multiples of what trusted numbers are like."""

from dataclasses import dataclass

import numpy as np

UNIT_FACTORS = (10.0, 60.0, 100.0, 1e3, 3600.0, 1e4, 1e5, 1e6, 1e9)
"""Powers of ten; minutes and seconds in hours. Smaller factors are too like an honest change to be told."""
USUAL_ENDS = (0.01, 0.99)
"""Quantiles of trusted numbers between which a number is usual."""
FEWEST_UNIT_CELLS, FEWEST_UNIT_SHARE = 5, 0.02
"""Cells, and their share of a batch, that must be another unit's: twice what an end of the usual holds by chance."""
FEWEST_TRUSTED_NUMBERS = 50
LEAVING_SHARE = 0.5
"""Share of trusted numbers that must become unusual in the other unit: else it could not be told."""
WIDEST_GAP = 0.05
"""By how much the distribution of the cells, in the usual unit, may differ from the trusted one, beside chance."""


@dataclass(frozen=True)
class OtherUnit:
    """Cells that are usual numbers times a factor.

    Attributes
    ----------
    factor : float
        Below 1 where the cells are too small.
    cells : tuple of int
        Their positions.
    """

    factor: float
    cells: tuple[int, ...]


def find_other_unit(trusted: np.ndarray, batch: np.ndarray) -> OtherUnit | None:
    """The factor of a known unit that makes unusual numbers usual again, and of these trusted ones the likest.

    Signs do not count. Zeros, missing and infinite numbers have no unit.

    Parameters
    ----------
    trusted, batch : ndarray, shape (rows,)

    Examples
    --------
    >>> heights = np.linspace(150, 200, 101)
    >>> find_other_unit(heights, np.append(heights, heights[::5] / 100)).factor
    0.01
    """
    known, own = (np.where(np.isfinite(side), np.abs(side), 0.0) for side in (trusted, batch))
    known = known[known > 0]
    if len(known) < FEWEST_TRUSTED_NUMBERS:
        return None
    low, high = np.quantile(known, USUAL_ENDS)
    found = [
        (gap, OtherUnit(factor, tuple(cells.tolist())))
        for factors, beyond in ((UNIT_FACTORS, high), ([1 / each for each in UNIT_FACTORS], low))
        for factor in factors
        for gap, cells in _fit(known, own, (float(low), float(high)), float(beyond), factor)
    ]
    return min(found, key=lambda each: each[0], default=(0.0, None))[1]


def _fit(
    known: np.ndarray, own: np.ndarray, usual: tuple[float, float], beyond: float, factor: float
) -> list[tuple[float, np.ndarray]]:
    """The gap between cells beyond the usual, taken back by the factor, and trusted ones that it would take there."""

    def leaves(numbers: np.ndarray) -> np.ndarray:
        return numbers > beyond if factor > 1 else (numbers > 0) & (numbers < beyond)

    within = known[(known >= usual[0]) & (known <= usual[1])]
    theirs = within[leaves(within * factor)]
    far = np.flatnonzero(leaves(own))
    usual_again = far[(own[far] / factor >= usual[0]) & (own[far] / factor <= usual[1])]
    fewest = max(FEWEST_UNIT_CELLS, FEWEST_UNIT_SHARE * len(own), len(far) / 2)
    if len(usual_again) < fewest or len(theirs) < LEAVING_SHARE * len(known):
        return []
    gap = _largest_gap(own[usual_again] / factor, theirs)
    return [(gap, usual_again)] if gap <= WIDEST_GAP + 1 / np.sqrt(len(usual_again)) else []


def _largest_gap(one: np.ndarray, other: np.ndarray) -> float:
    """Between two empirical distribution functions."""
    at = np.concatenate([one, other])
    shares = [np.searchsorted(np.sort(side), at, "right") / len(side) for side in (one, other)]
    return float(np.abs(shares[0] - shares[1]).max())
