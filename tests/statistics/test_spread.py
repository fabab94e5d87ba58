"""Means, percentiles and their standard errors against known values; ranks only where intervals allow them."""

import numpy as np
import pytest
from pratique.statistics.spread import possible_ranks, summarize_runs


def test_a_spread_of_known_numbers():
    got = summarize_runs(range(101))
    assert (got.runs, got.mean, got.p5, got.p1) == (101, 50.0, 5.0, 1.0)
    assert got.mean_se == pytest.approx(np.sqrt(858.5 / 101)), "the variance of 0 to 100 is 101 x 102 / 12"


def test_one_run_has_no_standard_error():
    assert summarize_runs([0.5]).__dict__ == {
        "runs": 1, "mean": 0.5, "mean_se": None, "mean_low": None, "mean_high": None,
        "p5": 0.5, "p5_se": None, "p1": 0.5, "p1_se": None,
    }  # fmt: skip


def test_the_interval_of_the_mean_is_student_s():
    """Of 1, 2 and 3: s = 1, so 2 -+ 4.3027 / sqrt(3), by the table for two degrees of freedom."""
    got = summarize_runs([1, 2, 3])
    assert (got.mean_low, got.mean_high) == (pytest.approx(2 - 2.48414, abs=1e-5), pytest.approx(2 + 2.48414, abs=1e-5))
    got = summarize_runs([1, 2, 3], least=0, most=3)
    assert (got.mean_low, got.mean_high) == (0, 3)


def test_equal_runs_have_none_to_speak_of():
    got = summarize_runs([0.956667] * 10)
    assert (got.mean_se, got.p5_se, got.p1_se) == (pytest.approx(0, abs=1e-12), 0, 0)


def test_the_standard_error_of_a_percentile_is_the_one_of_theory():
    """Of a normal sample: sqrt(q (1 - q) / n) / density at the percentile."""
    sample = np.random.default_rng(1).normal(size=5000)
    assert summarize_runs(sample).p5_se == pytest.approx(np.sqrt(0.05 * 0.95 / 5000) / 0.1031, rel=0.25)


def test_ranks_are_certain_where_intervals_are_apart():
    rng = np.random.default_rng(0)
    shared = rng.normal(0, 10, 30)  # what a run adds to every attack alike does not count
    values = {name: shared + mean + rng.normal(0, 0.1, 30) for name, mean in (("a", 1), ("b", 3), ("c", 2))}
    assert possible_ranks(values) == {"a": (3, 3), "b": (1, 1), "c": (2, 2)}


def test_ranks_that_runs_do_not_tell_apart_are_shared():
    rng = np.random.default_rng(0)
    values = {name: mean + rng.normal(0, 1, 30) for name, mean in (("a", 0), ("b", 0.1), ("c", 9))}
    assert possible_ranks(values) == {"a": (2, 3), "b": (2, 3), "c": (1, 1)}


def test_one_run_ranks_nothing_and_one_attack_ranks_first():
    assert possible_ranks({"a": [1.0], "b": [5.0]}) == {"a": (1, 2), "b": (1, 2)}
    assert possible_ranks({"a": [1.0, 2.0]}) == {"a": (1, 1)}


def test_equals_are_never_ranked_wrongly_more_often_than_said():
    wrong = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        wrong += any(r != (1, 4) for r in possible_ranks({name: rng.normal(size=10) for name in "abcd"}).values())
    assert wrong / 200 <= 0.08
