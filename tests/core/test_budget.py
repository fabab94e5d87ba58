"""What one batch may take of memory: what comes after it is not bounded by it."""

import resource

import numpy as np
import pytest
from pratique.core.budget import limit_memory


def test_what_takes_too_much_memory_is_ended_before_it_is_taken():
    limits = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(MemoryError), limit_memory(0.25):
        np.ones(2**27)
    assert resource.getrlimit(resource.RLIMIT_AS) == limits


def test_what_stays_within_its_limits_is_done():
    for gib in (1, 1e6):
        with limit_memory(gib):
            assert np.ones(2**20).sum() == 2**20
