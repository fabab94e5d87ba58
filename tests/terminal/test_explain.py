"""Explaining a batch and a row: the record in words."""

import io

import pytest
from pratique.core.errors import PratiqueError
from pratique.terminal import explain
from rich.console import Console


def test_a_batch_without_a_record_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PratiqueError, match=r"data/records/vendor/w1\.json: no such record; name a batch"):
        explain.explain("vendor/w1")
    with pytest.raises(PratiqueError, match=r"data/batches/vendor/w1\.parquet: not found; name a batch"):
        explain.explain_row("vendor/w1", 0)


def test_alarms_rules_shares_and_rows_are_told(monkeypatch):
    quiet = {
        "id": "shift",
        "success": True,
        "observed": 0.5,
        "limit": 2.0,
        "pValue": 0.4,
        "breaches": [],
        "fault": None,
    }
    alarm = quiet | {"id": "rows", "success": False, "observed": 31.25, "pValue": 1e-6}
    broken = quiet | {"id": "schema", "success": False, "breaches": ["a column is missing"], "observed": None}
    record = {
        "verdict": "quarantine",
        "outcome": "quarantined",
        "fault": None,
        "checks": [quiet, broken, alarm],
        "holds": [{"code": "source", "reason": "source 'x' is not listed"}],
        "poisonedShare": {"estimate": 0.2, "lowest": 0.1, "highest": 0.35},
        "promise": {"budgetPer1000": 10, "keptPer1000": 80.0, "trustedRows": 75, "neededRows": 600},
        "suspects": {"shown": [{"row": 7, "reason": "labels: odd\x1b[31m"}], "left_out": 3},
    }
    monkeypatch.setattr(explain, "_record", lambda _: record)
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(explain.explain("vendor/w1"))
    said = console.export_text()
    for words in (
        "vendor/w1: quarantine, quarantined",
        "poisoned rows: about 20 % (from 10 to 35 %)",
        "75 trusted rows are too few to promise 10 false alarms in 1,000 clean batches",
        "schema: a column is missing",
        "source 'x' is not listed",
        "rows *",
        "31.25",
        "row 7: labels: odd",
        "and 3 more rows",
    ):
        assert words in said
    assert "\x1b" not in said
