"""Copies of trusted rows under another label, and tables in which that is natural."""

import numpy as np
import pandas as pd
import pytest
from pratique.checks.conflicts import CONTRADICT_NATURALLY, Conflicts
from pratique.contract.check import measure
from pratique.core.batch import Batch
from pratique.core.layout import Layout

LAYOUT = Layout("y", {"a": "real", "colour": "category"})


def rows(count: int, seed: int, decimals: int = 6) -> Batch:
    rng = np.random.default_rng(seed)
    a, colour = rng.normal(size=count).round(decimals), rng.choice(["red", "blue"], count)
    return Batch.from_frame("s/b", pd.DataFrame({"a": a, "colour": colour, "y": rng.choice(["u", "v"], count)}), LAYOUT)


def other_label(batch: Batch) -> Batch:
    swapped = batch.frame.assign(y=np.where(batch.labels == "u", "v", "u"))
    return Batch.from_frame("s/b", swapped, LAYOUT)


def test_a_contradiction_is_held_and_an_exact_copy_is_not():
    trusted = rows(250, 0)
    fitted = Conflicts().fit(trusted, np.random.default_rng(0))
    batch = rows(20, 1).append(other_label(trusted.take(np.array([7, 90])))).append(trusted.take(np.array([5])))
    finding = measure(fitted, batch)
    assert finding.forbidden == {
        20: "the same as trusted row 7, but for the label",
        21: "the same as trusted row 90, but for the label",
    }
    assert finding.statistic == pytest.approx(2 / 23)
    assert [each.facts["same as trusted row"] for each in finding.evidence.rows] == [7, 90]


def test_where_trusted_rows_contradict_one_another_no_row_is_held():
    trusted = rows(200, 0, decimals=0)
    finding = measure(Conflicts().fit(trusted, np.random.default_rng(0)), other_label(trusted))
    assert (finding.forbidden, finding.statistic) == ({}, 0.0)
    assert finding.evidence.notes["share of trusted rows"] > CONTRADICT_NATURALLY


def test_a_label_that_one_of_the_same_trusted_rows_has_is_no_contradiction():
    same = rows(400, 0)
    trusted = same.append(other_label(same.take(np.array([3]))))
    fitted = Conflicts().fit(trusted, np.random.default_rng(0))
    assert measure(fitted, trusted.take(np.array([3, 400]))).statistic == 0.0


def test_it_takes_200_rows_to_show_that_contradictions_are_not_natural():
    for count, held in ((198, 0), (199, 1)):
        trusted = rows(count, 0)
        fitted = Conflicts().fit(trusted, np.random.default_rng(0))
        assert len(measure(fitted, other_label(trusted.take(np.array([7])))).forbidden) == held
