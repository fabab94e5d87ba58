"""Outliers: each of pyod's detectors scores a row by trusted rows alone, and flags what is odder than these."""

from typing import get_args

import numpy as np
import pyarrow as pa
import pytest
from pratique.checks.outliers import DETECTORS, DetectorName, Outliers, TailRanks
from pratique.contract.check import measure
from pratique.core.batch import Batch
from pratique.core.frozen import freeze, thaw
from pratique.core.params import DataParams
from pratique.tables.trusted import layout_of

NAMES = get_args(DetectorName)


def rows(count, seed, far=0):
    """Skewed and symmetric columns; the first rows lie far off."""
    rng = np.random.default_rng(seed)
    x = np.column_stack([rng.lognormal(size=count), rng.normal(size=count), -rng.exponential(size=count)])
    x[:far] += np.array([30, 8, -20])
    return pa.table({"a": x[:, 0], "b": x[:, 1], "c": x[:, 2], "kind": pa.array(["x", "y"] * (count // 2))})


TRUSTED = Batch("reference", rows(200, 1), layout_of(rows(200, 1), DataParams(label="kind")))
BATCH = Batch("west/1", rows(40, 2, far=5), TRUSTED.layout)


@pytest.fixture(scope="module", params=NAMES)
def check(request):
    return Outliers(detector=request.param)


@pytest.fixture(scope="module")
def fitted(check):
    return check.fit(TRUSTED, np.random.default_rng(0))


def test_rows_far_off_are_flagged_and_the_detector_is_named(check, fitted):
    finding = measure(fitted, BATCH)
    assert finding.flagged[:5].all()
    assert measure(fitted, Batch("west/2", rows(2000, 9), TRUSTED.layout)).flagged.mean() < 0.06
    assert finding.statistic == finding.flagged.mean()
    assert finding.unit == f"share of rows, by {DETECTORS[check.detector]}"
    assert finding.evidence.notes["detector"] == DETECTORS[check.detector]


def test_a_row_scores_the_same_in_any_company(fitted):
    together = measure(fitted, BATCH).signals["detector"]
    alone = [measure(fitted, BATCH.take(np.array([row]))).signals["detector"][0] for row in range(len(BATCH))]
    np.testing.assert_allclose(alone, together, rtol=1e-9)


def test_it_is_restored_from_listed_types(check, fitted, tmp_path):
    freeze(tmp_path / "fitted", fitted)
    restored = thaw(tmp_path / "fitted", check.trusted_types())
    np.testing.assert_array_equal(measure(restored, BATCH).flagged, measure(fitted, BATCH).flagged)


@pytest.mark.parametrize("name", ["ecod", "copod"])
def test_ranks_are_those_of_pyod_for_a_row_that_comes_alone(name):
    from pyod.models.copod import COPOD
    from pyod.models.ecod import ECOD

    points = TRUSTED.numeric
    theirs = {"ecod": ECOD, "copod": COPOD}[name]().fit(points)
    mine = TailRanks.fit(points, averages=name == "copod").decision_function(BATCH.numeric)
    alone = [theirs.decision_function(BATCH.numeric[row : row + 1])[0] for row in range(len(BATCH))]
    np.testing.assert_allclose(mine, alone, rtol=1e-9)
    known = TailRanks.fit(points, averages=name == "copod").score(points, new=0)
    np.testing.assert_allclose(known, theirs.decision_scores_, rtol=1e-9)


def test_a_column_of_equal_values_is_skewed_to_neither_side():
    ranks = TailRanks.fit(np.column_stack([np.ones(50), np.arange(50.0)]), averages=False)
    assert ranks.skew[0] == 0
    assert np.isfinite(ranks.decision_function(np.array([[1.0, 3.0], [7.0, 3.0]]))).all()


def test_an_unknown_detector_is_refused():
    with pytest.raises(ValueError, match="iforest"):
        Outliers(detector="oddball")
