"""The stream of a source: poison spread so thinly over many batches that none of them stands out alone."""

from dataclasses import dataclass

import numpy as np

STREAM = "stream"
"""The alarm of a batch that brings its source's stream over the limit."""
PATIENCE = 10
"""Expected number of clean batches between two alarms, in units of those between two alarms of single batches."""


@dataclass(frozen=True)
class Stream:
    """Bets against a source, one for each share of poison that it may be sending.

    M_t = (M_{t-1} + 1) e_t, where e_t is what the bet won on batch t; an alarm where the mean of M over the bets
    reaches A. While the source is clean M_t - t is a supermartingale, so the expected number of batches up to an
    alarm is at least A, at whatever sizes the batches come (Shin, Ramdas and Rinaldo, "E-detectors", 2024).

    Attributes
    ----------
    log_wealth : tuple of float
        log M of each bet; empty before the first batch.
    """

    log_wealth: tuple[float, ...] = ()

    def after(self, bets: tuple[float, ...]) -> "Stream":
        """The stream with one batch more: `bets` are its log winnings, empty where it could not be scored."""
        if not bets:
            return self
        before = np.logaddexp(self.log_wealth, 0.0) if self.log_wealth else np.zeros(len(bets))
        return Stream(tuple((before + np.array(bets)).tolist()))

    def alarms(self, alpha: float) -> bool:
        """Whether the mean wealth has reached `PATIENCE` / alpha."""
        if not self.log_wealth:
            return False
        mean = np.logaddexp.reduce(self.log_wealth) - np.log(len(self.log_wealth))
        return bool(mean >= np.log(PATIENCE / alpha))
