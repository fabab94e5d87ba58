"""The stream of a source: poison spread so thinly over many batches that none of them stands out alone."""

from dataclasses import dataclass, replace

import numpy as np

from pratique.quarantine.clear import ClearedBatch

STREAM = "stream"
"""The alarm of a batch that brings its source's stream over the limit."""
PATIENCE = 100
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

    @property
    def log_mean(self) -> float:
        """Logarithm of the mean wealth over the bets."""
        if not self.log_wealth:
            return -np.inf
        return float(np.logaddexp.reduce(self.log_wealth) - np.log(len(self.log_wealth)))


class Streams:
    """The streams of all sources, fed with their batches in the order of the names."""

    def __init__(self, alpha: float) -> None:
        """Begin with no history; alpha is the chance of a false alarm that a single clean batch may have."""
        self._limit = float(np.log(PATIENCE / alpha))
        self._by_source: dict[str, Stream] = {}

    def follow(self, cleared: ClearedBatch) -> ClearedBatch:
        """The batch, quarantined where it brings its source's stream over the limit; the stream then begins anew.

        Batches that are quarantined by themselves are left out: their poison has been dealt with.
        """
        verdict, source = cleared.verdict, cleared.arrival.source
        if cleared.examination is None or verdict.verdict == "quarantine":
            return cleared
        stream = self._by_source.get(source, Stream()).after(cleared.examination.bets)
        alarm = stream.log_mean >= self._limit
        self._by_source[source] = Stream() if alarm else stream
        if not alarm:
            return cleared
        p_value = min(verdict.p_value, float(np.exp(-stream.log_mean)))
        return replace(
            cleared,
            verdict=replace(verdict, verdict="quarantine", p_value=p_value, alarms=(*verdict.alarms, STREAM)),
        )
