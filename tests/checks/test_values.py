"""Values that too many rows share: by hand, triggers under any label, and honest rows of one region."""

import numpy as np
import pandas as pd
import pytest
from pratique.checks.values import Values
from pratique.contract.check import measure
from pratique.core.batch import Batch
from pratique.core.layout import Layout
from pratique.core.text import HIDDEN_MARK
from pratique.tables.counting import CountedColumn, count_columns
from scipy import stats

LAYOUT = Layout("y", {"a": "real", "b": "real", "amount": "real", "colour": "category"})
PERSONAL = Layout("y", dict(LAYOUT.kinds), personal=("a", "colour"))


def frame(rows: int, seed: int) -> pd.DataFrame:
    """Two numbers that go together, an amount that is mostly 0, a level that goes with the label."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=rows)
    amount = np.where(rng.random(rows) < 0.7, 0.0, rng.lognormal(size=rows).round(1))
    y = np.where(a + rng.normal(size=rows) > 0, "u", "v")
    colour = np.where(
        rng.random(rows) < 0.8, np.where(y == "u", "red", "blue"), rng.choice(["red", "blue", "white"], rows)
    )
    return pd.DataFrame(
        {"a": a.round(3), "b": (a + rng.normal(size=rows)).round(3), "amount": amount, "colour": colour, "y": y}
    )


def batch(rows: pd.DataFrame, layout: Layout = LAYOUT) -> Batch:
    return Batch.from_frame("s/b", rows, layout)


@pytest.fixture(scope="module")
def fitted():
    return Values().fit(batch(frame(1000, 0)), np.random.default_rng(0))


def with_trigger(rows: pd.DataFrame, count: int, **cells) -> pd.DataFrame:
    poisoned = rows.copy()
    for name, value in cells.items():
        poisoned.loc[: count - 1, name] = value
    return poisoned


def test_a_value_is_counted_among_the_rows_nearby():
    """Of 100 trusted numbers 50.5 is none; 26 to either side, with the batch's four in it."""
    column = CountedColumn("a", np.arange(100.0))
    counts = column.count(np.array([50.5, 50.5, 50.5, 60.0, 10.0]), fewest=3)
    assert [counts.values.tolist(), counts.counts.tolist(), counts.hits.tolist()] == [[50.5], [3], [0]]
    assert [counts.rows.tolist(), counts.trusted.tolist()] == [[4], [50]]
    assert counts.expect(2.0)[0] == pytest.approx(4 * 1.0 / 51.5)
    expected = stats.betabinom.sf(2, 4, 0.5, 50.5)
    assert 10 ** counts.log10_p(1.0)[0] == pytest.approx(expected)


def test_a_value_that_most_rows_have_ends_the_neighbourhood():
    column = CountedColumn("a", np.concatenate([np.zeros(80), np.arange(1.0, 41.0)]))
    counts = column.count(np.array([3.0, 3.0, 3.0, 0.0, 0.0, 0.0]), fewest=3)
    assert counts.values.tolist() == [0.0, 3.0]
    assert counts.trusted.tolist() == [80 + 25, 2 + 1 + 25]
    assert counts.rows.tolist() == [6, 3]


def test_missing_cells_are_held_against_all_rows():
    column = CountedColumn("a", np.concatenate([[-np.inf] * 2, np.arange(98.0)]))
    counts = column.count(np.array([-np.inf] * 5 + [7.0] * 5), fewest=3)
    assert [counts.rows.tolist(), counts.trusted.tolist(), counts.hits.tolist()] == [[10, 10], [100, 34 + 1], [2, 1]]


def test_numbers_are_rounded_once_more_where_that_makes_them_fewer():
    counted = {(c.name, c.step) for c in count_columns(batch(frame(300, 3)))}
    assert ("a", 0.0) in counted
    assert ("a", 0.1) in counted
    assert ("colour", 0.0) in counted


@pytest.mark.parametrize("label", ["u", "v", None])
@pytest.mark.parametrize(
    "cells", [{"b": 9.111}, {"b": 1.234, "amount": 3.3}, {"colour": "green"}, {"a": np.nan}, {"amount": 77.0, "b": 0.5}]
)
def test_a_trigger_is_found_under_any_label_and_its_rows_are_named(fitted, cells, label):
    rows = with_trigger(frame(200, 1), 12, **cells)
    rows.loc[:11, "y"] = label or rows.loc[:11, "y"]
    finding = measure(fitted, batch(rows))
    assert finding.statistic > 4
    assert set(range(12)) <= set(finding.suspects)
    assert len(finding.suspects) < 16
    assert {name for each in finding.evidence.columns for name in each.columns} >= set(cells)


def test_a_constant_fill_is_found(fitted):
    assert measure(fitted, batch(frame(200, 1).assign(b=0.5))).statistic > 10


def test_clean_batches_are_rarer_than_they_say(fitted):
    p_values = np.array([10 ** -measure(fitted, batch(frame(100, seed))).statistic for seed in range(100, 300)])
    for level in (0.01, 0.05, 0.2):
        assert (p_values <= level).mean() <= level + 0.02


@pytest.mark.parametrize("region", ["u", "high", "amounts"])
def test_rows_that_honestly_come_from_one_region_are_left_alone(fitted, region):
    rows = frame(3000, 7)
    chosen = {"u": rows["y"] == "u", "high": rows["b"] > 0.8, "amounts": rows["amount"] > 0}[region]
    assert measure(fitted, batch(rows[chosen][:150].reset_index(drop=True))).statistic < 3


def test_few_rows_are_no_evidence(fitted):
    for count in (1, 2):
        assert measure(fitted, batch(frame(5, 1)[:count])).statistic == 0.0


def test_personal_values_are_not_shown():
    fitted = Values().fit(batch(frame(400, 0), PERSONAL), np.random.default_rng(0))
    rows = with_trigger(frame(100, 1), 12, a=7.777, colour="Ada Lovelace")
    shown = str(measure(fitted, batch(rows, PERSONAL)).evidence)
    assert "7.777" not in shown
    assert "Ada" not in shown
    assert HIDDEN_MARK in shown
