"""Counted rows in words."""

from pratique.contract.evidence import SUGGESTION, Evidence, RowEvidence
from pratique.words.counts import count_alarm, count_suspects, suggestions, tell_rarity, tell_result
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


def test_nothing_is_counted_in_what_can_not_be_read(make_record):
    unread = make_record(fault="torn", checks=(), p_value=0.0, suspects={}, rows=0)
    assert (count_suspects(unread), tell_rarity(unread)) == ("not readable", "not readable")
    assert (count_suspects(make_record()), tell_rarity(make_record())) == ("1 of 40", "once in 1 million")
    assert count_suspects(make_record(rows=0, suspects={})) == "no rows"
    assert tell_rarity(make_record(p_value=0.0)) == "rule broken"


def test_every_result_has_words(alarm):
    above = {"observed": 3.0, "limit": 2.0}
    assert tell_result(alarm(**above)) == "alarm"
    assert tell_result(alarm(breaches=("a rule",))) == "rule broken"
    assert tell_result(alarm(fault="crashed")) == "failed"
    assert tell_result(alarm("density", alarm=False, **above)) == "left to the others"
    assert tell_result(alarm(alarm=False, observed=1.0, limit=2.0)) == "quiet"
    assert tell_result(alarm(alarm=False, observed=None, limit=None)) == "quiet"
