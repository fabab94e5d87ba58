"""Flipped labels by themselves: how much likelier a label is if it stands in the place of another one."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pratique.contract.check import RowCheck
from pratique.contract.discovery import load_check
from pratique.detector.calibrated import CalibratedCheck
from pratique.statistics import mixture

SMALLEST_PROBABILITY = 1e-12


@dataclass(frozen=True)
class FlipOdds:
    """What a check that gives labels a probability says of flips.

    Attributes
    ----------
    check : str
    others : int
        Labels that could stand in a label's place.
    mean_odds : float
        Of trusted rows, or a little more: see `mixture.mean_odds`.
    """

    check: str
    others: int
    mean_odds: float

    @classmethod
    def fit(cls, checks: Mapping[str, CalibratedCheck], classes: int) -> "FlipOdds | None":
        """From the losses of trusted rows out of fold; None where no check has them or there is one class only."""
        for name, calibrated in checks.items():
            check = load_check(name)
            likelihood = issubclass(check, RowCheck) and check.label_likelihood
            if likelihood and calibrated.conformal is not None and classes > 1:
                odds = log_odds(calibrated.conformal.sorted_scores, classes - 1)
                return cls(name, classes - 1, mixture.mean_odds(odds))
        return None

    def bets(self, losses: np.ndarray | None) -> list[float]:
        """Log winnings of the bets (`mixture.bets`) on a batch, given its losses; 0 where there are none."""
        if losses is None:
            return [0.0] * len(mixture.STREAM_SHARES)
        return list(mixture.bets(log_odds(losses, self.others), self.mean_odds).tolist())


def log_odds(losses: np.ndarray, others: int) -> np.ndarray:
    """log((1 - p) / (others x p)) for losses -log p: a label replaced by any other, each alike, against a true one."""
    return np.asarray(np.log(np.maximum(-np.expm1(-losses), SMALLEST_PROBABILITY)) + losses - np.log(others))
