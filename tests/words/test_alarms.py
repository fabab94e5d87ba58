"""One alarm told by itself: what it means, how rare it is, where it shows, and what to do."""

import pytest
from pratique.contract.evidence import Evidence, RowEvidence
from pratique.detector.hypotheses import describe
from pratique.provenance.parts import SuspectRow
from pratique.words.alarms import tell_alarm


@pytest.mark.parametrize(("rows", "told"), [(3, "0, 1 and 2. "), (20, "0, 1, 2, 3, 4, 5, 6 and 7 first. ")])
def test_rows_of_the_evidence_are_told_the_first_of_many(make_record, alarm, rows, told):
    check = alarm("outliers", evidence=Evidence.of_rows([RowEvidence((row,), {}) for row in range(rows)]))
    said = tell_alarm(check, make_record(checks=(check,), suspects={}))
    assert f"Look at rows, counted from 0: {told}" in said
    assert said.endswith(describe("outliers").advice)


def test_suspects_of_the_check_come_before_its_evidence(make_record, alarm):
    check = alarm("outliers", evidence=Evidence.of_rows([RowEvidence((1,), {})]))
    record = make_record(checks=(check,), suspects={})
    suspects = (SuspectRow(row=5, check="outliers", reason="odd"), SuspectRow(row=6, check="labels", reason="odd"))
    said = tell_alarm(check, record.model_copy(update={"suspects": suspects, "suspects_left_out": 3}))
    assert "rows, counted from 0: 5 first." in said


def test_a_broken_rule_has_no_odds(make_record, alarm):
    check = alarm("schema", breaches=("column 'age' is missing",), p_value=1e-9)
    assert "Of clean batches" not in tell_alarm(check, make_record(checks=(check,)))


def test_a_check_that_failed_is_for_somebody_to_look_into(make_record, alarm):
    check = alarm("labels", fault="out of memory")
    said = tell_alarm(check, make_record(checks=(check,)))
    assert said == "Labels failed: out of memory. Have the failure looked into before anybody releases the batch."


def test_what_depends_on_all_checks_takes_the_advice_on_the_batch(make_record, alarm):
    check = alarm("rows")
    assert "Look at the first suspects" in tell_alarm(check, make_record(checks=(check,)))
