"""The stream of a source: thin poison is caught, clean histories are left alone."""

from collections.abc import Iterator

import numpy as np
import pytest
from pratique.detector.verdict import Verdict
from pratique.quarantine.stream import PATIENCE, STREAM, Stream, Streams
from pratique.statistics.mixture import bets, mean_odds

ALPHA = 0.01
CLEAN, HELD = Verdict("accept", 0.5, ()), Verdict("quarantine", 1e-9, ("rows",))
LITTLE, MUCH = (np.log(15.0),) * 4, (np.log(1e6),) * 4


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
    streams = Streams(ALPHA)
    found = [streams.follow("crowd", LITTLE, CLEAN) for _ in range(5)]
    assert [v.verdict for v in found] == ["accept", "accept", "accept", "quarantine", "accept"]
    assert found[3].alarms == (STREAM,)
    assert found[3].p_value <= ALPHA / PATIENCE


def test_sources_do_not_mix():
    streams = Streams(ALPHA)
    for _ in range(3):
        streams.follow("crowd", LITTLE, CLEAN)
    assert streams.follow("vendor", LITTLE, CLEAN).verdict == "accept"
    assert streams.follow("crowd", LITTLE, CLEAN).alarms == (STREAM,)


def test_a_batch_that_is_quarantined_by_itself_counts_as_any_other():
    streams = Streams(ALPHA)
    found = [streams.follow("crowd", LITTLE, HELD) for _ in range(4)]
    assert [v.alarms for v in found] == [("rows",)] * 3 + [("rows", STREAM)]
    assert found[3].p_value == HELD.p_value


def test_one_batch_raises_no_alarm_however_odd_it_is():
    streams = Streams(ALPHA)
    assert [streams.follow("crowd", MUCH, HELD).alarms for _ in range(2)] == [("rows",), ("rows", STREAM)]


@pytest.mark.parametrize(
    ("verdict", "decided", "alarms"),
    [
        (HELD, True, ()),  # dealt with: what comes later starts anew
        (HELD, False, (STREAM,)),
        (CLEAN, True, (STREAM,)),  # nothing was held, so nothing was dealt with
    ],
)
def test_a_source_starts_anew_once_people_decided_on_a_quarantined_batch(verdict, decided, alarms):
    streams = Streams(ALPHA)
    streams.follow("crowd", LITTLE, HELD)
    streams.follow("crowd", LITTLE, verdict, decided)
    assert streams.follow("crowd", MUCH, CLEAN).alarms == alarms


def test_a_bet_that_wins_less_is_fair_still():
    """A cap takes from what a bet wins and adds nothing: on average it does not grow over clean batches."""
    rng = np.random.default_rng(3)
    expected = mean_odds(rows(100_000, 0.0, rng))
    won = np.array([bets(rows(20, 0.0, rng), expected) for _ in range(4000)])
    capped = np.exp([Stream().after(w, np.log(2.0)).log_wealth for w in won])
    assert capped.max() == pytest.approx(2.0)
    assert (capped.mean(axis=0) < 1.0).all()


def alarm_after(streams: Streams, won: Iterator[tuple[float, ...]]) -> int:
    """The number of batches up to the first alarm; more than there are, if there is none."""
    return next((i for i, w in enumerate(won, 1) if streams.follow("s", w, CLEAN).alarms), 10_000)


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
