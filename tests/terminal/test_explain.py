"""Explaining a batch and a row: the record in words."""

import io

import pytest
from pratique.core.errors import PratiqueError
from pratique.detector.adequacy import BudgetAdequacy
from pratique.provenance.parts import StandingRecord
from pratique.terminal import explain
from pratique.words.history import JUDGE_ANEW
from rich.console import Console

pytestmark = pytest.mark.usefixtures("records_listed")


def test_a_batch_without_a_record_is_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PratiqueError, match=r"vendor/w1: no record in data/records"):
        explain.explain("vendor/w1")
    with pytest.raises(PratiqueError, match=r"data/batches/vendor/w1\.parquet: not found; name a batch"):
        explain.explain_row("vendor/w1", 0)


def told(batch):
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(explain.explain(batch))
    return console.export_text()


def test_what_was_not_measured_has_no_table_but_what_to_do(tmp_path, monkeypatch, make_record):
    monkeypatch.chdir(tmp_path)
    make_record(batch="vendor/w1", fault="torn", checks=(), alarms=("unreadable",), rows=0, suspects={}).write()
    assert told("vendor/w1").splitlines() == [
        "vendor/w1: quarantine, quarantined",
        "unreadable: torn",
        "Ask the source to send the file again in a form that can be read; reject this one.",
    ]
    digest = "0" * 64
    run = StandingRecord(commit="1f2e3d4" + "0" * 33, policy=digest, reference=digest, code=digest, binds=digest)
    make_record(batch="vendor/w2", checks=(), standing=run, suspects={}).write()
    said = told("vendor/w2")
    assert "40 of 40 rows held; not examined again" in said
    assert JUDGE_ANEW in " ".join(said.split())
    assert "limit" not in said


def test_numbers_are_those_that_people_read_and_rows_of_one_reason_share_a_line(
    tmp_path, monkeypatch, make_record, alarm
):
    monkeypatch.chdir(tmp_path)
    checks = (alarm("labels", observed=12345.0, p_value=1.0), alarm("density", alarm=False, observed=3.0, limit=2.0))
    make_record(
        batch="vendor/w1", checks=checks, suspects={3: "labels: odd", 5: "values: much", 8: "labels: odd"}
    ).write()
    said = told("vendor/w1")
    for words in ("12,345", "nearly always", "left to the others", "rows 3 and 8: labels: odd", "row 5: values: much"):
        assert words in said
    assert "e+0" not in said


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
    said = told("vendor/w1")
    for words in (
        "vendor/w1: quarantine, quarantined",
        "poisoned rows: about 20 % (from 10 to 35 %)",
        "75 trusted rows are too few to promise 10 false alarms in 1,000 clean batches",
        "schema: a column is missing",
        "source 'x' is not listed",
        "rule broken",
        "31.2",
        "1 in 1 million",
        "row 7: labels: odd",
        "and 3 more suspect rows",
    ):
        assert words in said
    assert "\x1b" not in said
