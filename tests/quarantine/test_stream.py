"""The stream of a source: thin poison is caught, clean histories are left alone."""

from collections.abc import Iterator

import numpy as np
import pytest
from pratique.detector.examine import Examination
from pratique.detector.verdict import Verdict
from pratique.quarantine.clear import ClearedBatch
from pratique.quarantine.stream import PATIENCE, STREAM, Stream, Streams
from pratique.statistics.mixture import bets, mean_odds
from pratique.tables.arrival import Arrival

ALPHA = 0.01


def cleared(source: str, won: tuple[float, ...], verdict: str = "accept") -> ClearedBatch:
    arrival = Arrival(batch=f"{source}/b", file="b.csv", sha256="0" * 64, rows=1, columns=1)
    one = np.ones(1)
    return ClearedBatch(arrival, None, Examination((), one, one, ("labels",), bets=won), Verdict(verdict, 0.5, ()))


def rows(count: int, poisoned: float, rng: np.random.Generator) -> np.ndarray:
    x = rng.normal(2.5 * (rng.random(count) < poisoned), 1.0)
    return 2.5 * x - 2.5**2 / 2


def test_wealth_by_hand():
    """M = (0 + 1) e, then (M + 1) e."""
    stream = Stream().after((np.log(3.0), 0.0)).after((np.log(2.0), np.log(0.5)))
    assert np.exp(stream.log_wealth) == pytest.approx([8.0, 1.0])
    assert np.exp(stream.log_mean) == pytest.approx(4.5)


def test_a_batch_that_could_not_be_scored_changes_nothing():
    stream = Stream().after((1.0, 2.0))
    assert stream.after(()) == stream
    assert Stream().log_mean == -np.inf


def test_the_batch_that_reaches_the_limit_is_quarantined_and_the_stream_begins_anew():
    streams, won = Streams(ALPHA), (np.log(30.0),) * 4
    found = [streams.follow(cleared("crowd", won)).verdict for _ in range(4)]
    assert [v.verdict for v in found] == ["accept", "accept", "quarantine", "accept"]
    assert found[2].alarms == (STREAM,)
    assert found[2].p_value <= ALPHA / PATIENCE


def test_sources_do_not_mix_and_quarantined_batches_do_not_count():
    streams, won = Streams(ALPHA), (np.log(30.0),) * 4
    streams.follow(cleared("crowd", won))
    streams.follow(cleared("crowd", (np.log(1e6),) * 4, "quarantine"))
    assert streams.follow(cleared("vendor", won)).verdict.verdict == "accept"
    assert streams.follow(cleared("crowd", won)).verdict.verdict == "accept"


def alarm_after(streams: Streams, won: Iterator[tuple[float, ...]]) -> int:
    """The number of batches up to the first alarm; more than there are, if there is none."""
    return next((i for i, w in enumerate(won, 1) if streams.follow(cleared("s", w)).verdict.alarms), 10_000)


@pytest.mark.parametrize(("poisoned", "at_most"), [(0.1, 10), (0.03, 100)])
def test_thin_poison_is_caught_in_time(poisoned, at_most):
    """Batches of 20 rows; over several references, because each has luck of its own."""
    rng = np.random.default_rng(8)
    delays = []
    for _ in range(20):
        expected = mean_odds(rows(1000, 0.0, rng))
        won = (tuple(bets(rows(20, poisoned, rng), expected)) for _ in range(400))
        delays.append(alarm_after(Streams(ALPHA), won))
    assert np.median(delays) <= at_most


def test_clean_sources_hardly_ever_alarm():
    """3,000 batches each: not one in four references may alarm, though one that erred about its mean can."""
    rng = np.random.default_rng(9)
    alarms = 0
    for _ in range(4):
        expected = mean_odds(rows(1000, 0.0, rng))
        won = (tuple(bets(rows(20, 0.0, rng), expected)) for _ in range(3000))
        alarms += alarm_after(Streams(ALPHA), won) <= 3000
    assert alarms <= 1
