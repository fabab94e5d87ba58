"""Explaining a batch and a row: the record in words."""

import io

import pytest
from pratique.core.errors import PratiqueError
from pratique.detector.adequacy import BudgetAdequacy
from pratique.terminal import explain
from rich.console import Console


def test_a_batch_without_a_record_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PratiqueError, match=r"vendor/w1: no record in data/records"):
        explain.explain("vendor/w1")
    with pytest.raises(PratiqueError, match=r"data/batches/vendor/w1\.parquet: not found; name a batch"):
        explain.explain_row("vendor/w1", 0)


def test_alarms_rules_shares_and_rows_are_told(tmp_path, monkeypatch, make_record, alarm):
    monkeypatch.chdir(tmp_path)
    quiet = alarm("shift", alarm=False, limit=2.0, p_value=0.4)
    broken = alarm("schema", breaches=("a column is missing",), observed=None)
    make_record(
        batch="vendor/w1",
        checks=(quiet, broken, alarm("rows", observed=31.25, p_value=1e-6)),
        holds=("source 'x' is not listed",),
        poisoned=(0.2, 0.1, 0.35),
        adequacy=BudgetAdequacy(10, 75),
        suspects={7: "labels: odd\x1b[31m"},
        suspect_count=4,
    ).write()
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
