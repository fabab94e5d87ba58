"""The stream of a source: poison spread so thinly over many batches that none of them stands out alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pratique.detector.verdict import Outcome, Verdict

STREAM = "stream"
"""The alarm of a batch that brings its source's stream over the limit."""
PATIENCE = 100
"""Expected number of clean batches between two alarms, in units of those between two alarms of single batches."""
MOST_OF_LIMIT = 1 / 2
"""What a bet wins on one batch at most, as a share of the limit, both as logarithms: it takes two batches to alarm.
A bet that wins less stays a fair one: it still does not grow on average while the source is clean."""


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

    def after(self, bets: Sequence[float], most: float = np.inf) -> "Stream":
        """The stream with one batch more: `bets` are its log winnings, empty where it could not be scored.

        None of them counts for more than `most`. Where there are more or fewer bets than before, because other checks
        run, each goes on with the mean of what was won.
        """
        if not len(bets):
            return self
        wealth = self.log_wealth if len(self.log_wealth) == len(bets) else (self.log_mean,) * len(bets)
        before = np.logaddexp(wealth, 0.0)
        return Stream(tuple((before + np.minimum(bets, most)).tolist()))

    @property
    def log_mean(self) -> float:
        """Logarithm of the mean wealth over the bets."""
        if not self.log_wealth:
            return -np.inf
        return float(np.logaddexp.reduce(self.log_wealth) - np.log(len(self.log_wealth)))


@dataclass(frozen=True)
class Turn:
    """What one batch says to the stream of its source, and the verdict that comes of it; see `Streams.follow`.

    Attributes
    ----------
    verdict, p_value, alarms
        Of the verdict on the batch by itself.
    ended : tuple
        The same three of the verdict after it.
    """

    source: str
    bets: tuple[float, ...]
    verdict: Outcome
    p_value: float
    alarms: tuple[str, ...]
    decided: bool
    alarm: bool | None
    ended: tuple[Outcome, float, tuple[str, ...]]

    @classmethod
    def of_json(cls, value: dict[str, Any]) -> "Turn":
        """As JSON has it, where a tuple is a list."""
        ended = (*value["ended"][:2], tuple(value["ended"][2]))
        return cls(**value | {"bets": tuple(value["bets"]), "alarms": tuple(value["alarms"]), "ended": ended})


class Streams:
    """The streams of all sources, fed with their batches in the order of the names."""

    def __init__(self, alpha: float) -> None:
        """Begin with no history; alpha is the chance of a false alarm that a single clean batch may have."""
        self._limit = float(np.log(PATIENCE / alpha))
        self._by_source: dict[str, Stream] = {}

    def follow(
        self, source: str, bets: Sequence[float], verdict: Verdict, decided: bool = False, alarm: bool | None = None
    ) -> Verdict:
        """The verdict on the next batch of a source: quarantine where it brings the stream over the limit.

        Batches that are quarantined by themselves count, too: who sends one has not shown that the next is clean. The
        source starts anew after the stream's own alarm, and after a quarantined batch that people decided on, so that
        junk which has been dealt with does not condemn what comes later.

        Parameters
        ----------
        source : str
        bets : sequence of float
            Log winnings on the batch; empty where it could not be scored.
        verdict : Verdict
            On the batch by itself.
        decided : bool
            Whether people released or rejected it.
        alarm : bool, optional
            What a verdict that stands says of the stream; no other alarm is raised on it, and what was won is kept for
            the batches after it.
        """
        stream = self._by_source.get(source, Stream()).after(bets, MOST_OF_LIMIT * self._limit)
        alarm = stream.log_mean >= self._limit if alarm is None else alarm
        settled = decided and verdict.verdict == "quarantine"
        self._by_source[source] = Stream() if alarm or settled else stream
        if not alarm:
            return verdict
        p_value = min(verdict.p_value, float(np.exp(-stream.log_mean)))
        return replace(verdict, verdict="quarantine", p_value=p_value, alarms=(*verdict.alarms, STREAM))

    def repeat(self, turn: Turn) -> bool:
        """Take a turn of an earlier run again, if the same comes of it; else nothing has happened."""
        before = self._by_source.get(turn.source, Stream())
        alone = Verdict(turn.verdict, turn.p_value, turn.alarms)
        after = self.follow(turn.source, turn.bets, alone, turn.decided, turn.alarm)
        if (after.verdict, after.p_value, after.alarms) == turn.ended:
            return True
        self._by_source[turn.source] = before
        return False
