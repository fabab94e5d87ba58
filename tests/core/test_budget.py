"""What one batch may take: a batch that takes more is named, and what comes after it is not bounded by it."""

import resource
import signal
import time

import numpy as np
import pytest
from pratique.core.budget import NotExamined, limit_examination, limit_memory


def sleep_whatever_happens():
    try:
        time.sleep(30)
    except Exception:
        time.sleep(30)


def test_what_takes_too_long_is_ended_though_it_catches_every_error():
    began = time.monotonic()
    with (
        pytest.raises(NotExamined, match=r"east/a: not examined: not done after 0\.05 seconds; .*`limits\.seconds`"),
        limit_examination("east/a", 0.05, 8),
    ):
        sleep_whatever_happens()
    assert time.monotonic() - began < 5
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


def test_what_takes_too_much_memory_is_ended_before_it_is_taken():
    limits = resource.getrlimit(resource.RLIMIT_AS)
    with (
        pytest.raises(NotExamined, match=r"east/a: not examined: it takes more than 0\.25 GiB; .*`limits\.memory_gib`"),
        limit_examination("east/a", 60, 0.25),
    ):
        np.ones(2**27)
    assert resource.getrlimit(resource.RLIMIT_AS) == limits


def test_what_stays_within_its_limits_is_done():
    with limit_examination("east/a", 60, 1):
        assert np.ones(2**20).sum() == 2**20
    with limit_memory(1e6):
        assert np.ones(2**20).sum() == 2**20
