"""Shift: which columns stand out, and what is said of them."""

import numpy as np
import pytest
from pratique.checks.shift import SHOWN_ROWS, STANDS_OUT, Shift
from pratique.contract.check import Fitted, measure
from pratique.contract.evidence import OTHER_UNIT


@pytest.fixture(scope="module")
def fitted(make_table) -> Fitted:
    return Shift().fit(make_table(200, seed=1), np.random.default_rng(0))


def test_a_column_that_moved_stands_out_and_the_others_do_not(fitted, make_table):
    finding = measure(fitted, make_table(60, seed=2, size=np.random.default_rng(3).normal(40, 1, 60)))
    assert [each.columns for each in finding.evidence.columns if each.stands_out] == [("size",)]
    assert finding.evidence.columns[0].columns == ("size",)
    assert {name for each in finding.evidence.columns for name in each.columns} == {"size", "count", "colour", "y"}
    first = finding.evidence.columns[0].facts
    assert finding.statistic == pytest.approx(-first["log10 p"] - np.log10(4))
    assert first["mean (trusted, batch)"][1] > first["mean (trusted, batch)"][0] + 30


def test_nothing_stands_out_in_a_batch_like_the_reference(fitted, make_table):
    finding = measure(fitted, make_table(60, seed=4))
    assert finding.statistic < STANDS_OUT
    assert not any(each.stands_out for each in finding.evidence.columns)


def test_a_level_that_was_never_seen_moves_its_column(fitted, make_table):
    finding = measure(fitted, make_table(60, seed=5, colour=["green"] * 60))
    assert finding.evidence.columns[0].columns == ("colour",)
    assert finding.evidence.columns[0].facts["levels (trusted, batch)"] == {
        "green": [0, 1],
        "blue": [0.5, 0],
        "red": [0.5, 0],
    }


def test_cells_of_another_unit_are_evidence_and_their_rows_named(fitted, make_table):
    sizes = np.abs(make_table(200, seed=6).numeric[:, 0])
    finding = measure(fitted, make_table(200, seed=6, size=np.where(np.arange(200) < 80, sizes * 1e4, sizes)))
    (size,) = [each for each in finding.evidence.columns if each.columns == ("size",)]
    assert size.facts[OTHER_UNIT]["times the usual"] == 1e4
    assert 60 < size.facts[OTHER_UNIT]["cells"] <= 80
    assert len(size.rows) == SHOWN_ROWS
    assert all(OTHER_UNIT not in each.facts for each in finding.evidence.columns if each is not size)
