"""Numbers that came in another unit: found where they did, and nowhere else."""

import numpy as np
import pytest
from pratique.statistics.units import FEWEST_TRUSTED_NUMBERS, find_other_unit

WEIGHTS = np.random.default_rng(0).lognormal(12, 0.4, 2000)
FRESH = np.random.default_rng(1).lognormal(12, 0.4, 200)


def scaled(factor, cells=40):
    return np.where(np.arange(len(FRESH)) < cells, FRESH * factor, FRESH)


@pytest.mark.parametrize("factor", [10.0, 60.0, 1000.0, 3600.0, 0.1, 1e-3])
def test_the_factor_and_the_cells_are_found(factor):
    found = find_other_unit(WEIGHTS, scaled(factor))
    assert found.factor == pytest.approx(factor)
    assert set(found.cells) <= set(range(40))
    assert len(found.cells) >= 36  # some of these are so far out that they are usual in neither unit


def test_signs_do_not_count_and_what_is_missing_or_zero_has_no_unit():
    trusted = np.append(WEIGHTS * np.where(np.arange(2000) % 3, 1, -1), [0.0, np.nan, -np.inf])
    batch = np.append(scaled(1000.0) * np.where(np.arange(200) % 2, 1, -1), [0.0, np.nan, np.inf])
    assert find_other_unit(trusted, batch).factor == 1000


@pytest.mark.parametrize(
    "batch",
    [
        FRESH,
        scaled(1.5, 200),  # honest change
        scaled(1000.0, 4),  # too few to tell
        np.where(np.arange(200) < 40, 1e9, FRESH),  # one value for all: a code, no unit
        np.where(np.arange(200) < 40, FRESH + 8e5, FRESH),  # shifted, no multiples
        np.array([]),
    ],
)
def test_nothing_else_is_taken_for_another_unit(batch):
    assert find_other_unit(WEIGHTS, batch) is None


def test_few_trusted_numbers_say_nothing():
    assert find_other_unit(WEIGHTS[: FEWEST_TRUSTED_NUMBERS - 1], scaled(1000.0)) is None
