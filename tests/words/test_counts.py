"""Counted rows in words."""

from pratique.contract.evidence import SUGGESTION, Evidence, RowEvidence
from pratique.words.counts import count_alarm, suggestions
from pratique.words.verdicts import headline


def test_counted_rows_stand_beside_what_is_usual(make_record, alarm):
    check = alarm("labels").model_copy(update={"observed": 0.175, "limit": 0.1, "unit": "share of rows"})
    said = "7 of 40 labels contradict their trusted neighbours (clean batches have at most 3)"
    assert count_alarm(check, 40) == said
    assert headline(make_record(checks=(check,), suspect_count=2)) == f"{said}: 2 of 40 rows are suspect."
    other = check.model_copy(update={"unit": "nats a row"})
    assert count_alarm(other, 40) == "labels contradict their trusted neighbours"


def test_suggestions_stand_a_line_each(make_record, alarm):
    rows = [RowEvidence((12,), {SUGGESTION: "yes → no, 9 of 10 neighbours"}), RowEvidence((3,), {"score": 1.0})]
    facts = make_record(checks=(alarm("labels", evidence=Evidence.of_rows(rows)),), suspect_count=1)
    assert suggestions(facts) == ["row 12: yes → no, 9 of 10 neighbours"]
