"""Labels: flagged where trusted neighbours contradict them, with what these say as a suggestion."""

import numpy as np
import pyarrow as pa
import pytest
from pratique.checks.labels import Labels
from pratique.contract.check import measure
from pratique.contract.evidence import SUGGESTION
from pratique.core.batch import Batch
from pratique.core.params import DataParams, Params
from pratique.detector.calibrate import calibrate
from pratique.detector.examine import examine
from pratique.detector.verdict import judge
from pratique.statistics.nulls import RateNull
from pratique.tables.trusted import layout_of


def rows(count, seed, flips=0, **roles):
    """Two classes well apart; the labels of the first rows are flipped."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, count)
    kind = np.where(np.arange(count) < flips, 1 - y, y)
    numbers = {name: rng.normal(6.0 * y) for name in "abc"}
    table = pa.table(numbers | {"kind": pa.array(np.where(kind, "yes", "no"))})
    return table, DataParams(label="kind", **roles)


def batch_of(count, seed, flips=0, **roles):
    table, data = rows(count, seed, flips, **roles)
    return Batch("west/1", table, layout_of(rows(200, 1)[0], data))


TRUSTED = batch_of(200, 1)
FITTED = Labels().fit(TRUSTED, np.random.default_rng(0))


def test_contradicted_labels_are_flagged():
    finding = measure(FITTED, batch_of(40, 2, flips=7))
    assert np.flatnonzero(finding.flagged).tolist() == list(range(7))
    assert (finding.statistic, finding.unit) == (7 / 40, "share of rows")


def test_what_neighbours_say_is_suggested_and_the_row_stays():
    batch = batch_of(40, 2, flips=1)
    first = measure(FITTED, batch).evidence.rows[0]
    mine = batch.labels[0]
    other = {"yes": "no", "no": "yes"}[mine]
    assert first.rows == (0,)
    assert first.facts[SUGGESTION] == f"{mine} → {other}, 20 of 20 neighbours"
    assert batch.labels[0] == mine
    assert [SUGGESTION in entry.facts for entry in measure(FITTED, batch).evidence.rows].count(True) == 1


def test_nothing_is_suggested_for_a_personal_label():
    evidence = measure(FITTED, batch_of(40, 2, flips=7, personal=("kind",))).evidence
    assert not any(word in str(entry.facts) for entry in evidence.rows for word in ("yes", "→", SUGGESTION))


def test_a_missing_label_is_contradicted_and_named_none():
    table = batch_of(40, 2).table
    gone = table.set_column(3, "kind", pa.nulls(40, pa.string()))
    finding = measure(FITTED, Batch("west/1", gone, TRUSTED.layout))
    assert finding.flagged.all()
    assert finding.evidence.rows[0].facts[SUGGESTION].startswith("(none) → ")


@pytest.mark.slow
def test_flips_alarm_under_its_own_name():
    params = Params.model_validate({"data": {"label": "kind"}, "checks": {"labels": {}}})
    profile = calibrate(Batch("reference", rows(200, 1)[0], TRUSTED.layout), params)
    assert isinstance(profile.checks["labels"].null, RateNull)
    alarms = [judge(examine(batch_of(40, 3, flips), profile), params.alarms, params.shift).alarms for flips in (0, 12)]
    assert "labels" not in alarms[0]
    assert "labels" in alarms[1]
