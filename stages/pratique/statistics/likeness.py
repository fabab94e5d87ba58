"""How rare it is that so many pairs of rows are so alike, given how alike pairs of trusted rows are."""

from dataclasses import dataclass

import numpy as np

from pratique.statistics.empirical import count_at_least

RANKS = (1, 4, 30, 300)
"""The most similar pairs of trusted rows that set limits."""
SMALLEST_CHANCE = 1e-300
SMALLEST_ODDS = 0.01


@dataclass(frozen=True)
class Rare:
    """-log10 of a chance, the similarity from which on pairs make it up, and the log odds that one of these does."""

    rarity: float
    limit: float
    log_odds: float


@dataclass(frozen=True)
class LikenessLimits:
    """Similarities that few pairs of trusted rows reach, and the share of pairs that may reach each."""

    limits: np.ndarray
    shares: np.ndarray

    @classmethod
    def of(cls, similar: np.ndarray, pairs: int, margin: float) -> "LikenessLimits":
        """The limits that some of `pairs` pairs of trusted rows set."""
        known = np.sort(similar)
        limits = np.unique([known[-rank] for rank in RANKS if rank <= len(known)])
        limits = np.append(limits, np.nextafter(limits[-1:], np.float32(np.inf)))
        as_similar = count_at_least(known, limits)
        return cls(limits, margin * np.maximum(as_similar, 1) / max(1, pairs))

    def rarest(self, similar: np.ndarray, pairs: int) -> Rare:
        """How rare it is that so many of a batch's pairs reach a limit: that of the limit where it is the rarest."""
        from scipy.special import gammainc

        above = (similar[:, None] >= self.limits).sum(axis=0)
        if not above.any():
            return Rare(0.0, np.inf, 0.0)
        chances = np.where(above > 0, gammainc(np.maximum(above, 1), self.shares * pairs), 1.0)
        at = int(chances.argmin())
        odds = max(above[at] / (self.shares[at] * pairs) - 1, SMALLEST_ODDS)
        return Rare(float(-np.log10(max(chances[at], SMALLEST_CHANCE))), float(self.limits[at]), float(np.log(odds)))
