"""Verdicts in words, compared with what a person would write."""

import pytest
from pratique.contract.evidence import OTHER_UNIT, ColumnEvidence, Evidence, RowEvidence
from pratique.contract.subject import ADVICE
from pratique.provenance.parts import DecisionRecord
from pratique.words import verdicts as words
from pratique.words.history import list_decisions
from pratique.words.units import UNIT_ADVICE


def test_the_strongest_reason_comes_first(make_record, alarm):
    facts = make_record(checks=(alarm("labels", p_value=1e-3), alarm("outliers", p_value=1e-9)), suspect_count=2)
    labels = "abels contradict their trusted neighbours"
    odd = "Rows are odder than nearly all trusted rows"
    assert words.headline(facts) == f"{odd} and l{labels}: 2 of 40 rows are suspect."
    assert words.headline(make_record()) == f"L{labels}: 1 of 40 rows is suspect."


def test_alarms_that_say_the_same_share_a_clause(make_record, alarm):
    names = ("rows", "flips", "losses", "labels", "density")
    checks = tuple(alarm(name, p_value=10.0 ** (i - 20)) for i, name in enumerate(names))
    assert words.reasons(make_record(checks=checks)) == [
        "its labels look flipped (also losses, labels and rows)",
        "columns do not go together as in trusted rows of the class",
    ]
    assert words.reasons(make_record(checks=checks[:1])) == ["its rows look poisoned, by all checks together"]
    age, size = (Evidence.of_columns([ColumnEvidence((name,), {})]) for name in ("age", "size"))
    apart = (alarm("shift", evidence=age), alarm("mean_shift", evidence=size))
    assert len(words.reasons(make_record(checks=apart))) == 2


def test_another_unit_is_the_reason_of_whatever_sees_it(make_record, alarm):
    unit = ColumnEvidence(("weight",), {OTHER_UNIT: {"cells": 40, "times the usual": 1000.0}})
    far = Evidence.of_columns([ColumnEvidence(("weight",), {"rule": "far above all trusted rows", "rows": 40})])
    shift = alarm("shift", evidence=Evidence.of_columns([unit]))
    said = "40 cells of weight are about 1,000 times the usual: another unit? (seen by extremes and shift)"
    both = make_record(checks=(alarm("extremes", evidence=far, p_value=1e-40), shift), alarms=("extremes", "shift"))
    assert words.reasons(both) == [said]
    assert words.advice(both, planted=False, repeated=True) == UNIT_ADVICE
    alone = make_record(checks=(shift,), alarms=("shift",))
    assert not words.is_honest_change(alone)
    less = ColumnEvidence(("weight",), {OTHER_UNIT: {"cells": 40, "times the usual": 0.001}})
    less_told = make_record(checks=(alarm("shift", evidence=Evidence.of_columns([less])),))
    assert "about 1/1,000 of the usual" in words.headline(less_told)
    quiet = make_record(checks=(shift.model_copy(update={"success": True}), alarm("labels")))
    assert words.reasons(quiet) == ["labels contradict their trusted neighbours"]


def test_a_file_without_rows_says_that_alone(make_record, alarm):
    checks = tuple(alarm(name, breaches=("the batch has no rows",)) for name in ("schema", "labels", "shift"))
    facts = make_record(checks=checks, rows=0, suspects={})
    assert words.reasons(facts) == ["the file has no rows"]
    assert words.headline(facts) == "The file has no rows."


def test_a_release_is_told_with_what_it_was_against(make_record):
    release = DecisionRecord(
        action="release",
        reviewer="Rita <rita@example.org>",
        reason="seen",
        path="data/decisions/x.json",
        sha256="d" * 64,
    )
    facts = make_record(outcome="accepted", decisions=(release,))
    said = f"released by Rita <rita@example.org> (seen) against: {'; '.join(words.reasons(make_record()))}"
    assert words.tell_release(facts) == said
    assert words.tell_release(make_record()) == ""


def test_certainty_compares_the_chance_with_the_budget(make_record, alarm):
    said = words.certainty(make_record(), 0.01)
    assert said == "A clean batch looks this odd once in 1 million. We hold anything rarer than 1 in 100."
    rare = words.certainty(make_record(p_value=1 / 520e6), 0.01)
    assert rare.startswith("A clean batch looks this odd once in 520 million.")
    assert "no estimate" in words.certainty(make_record(checks=(alarm(breaches=("a rule",)),)), 0.01)
    assert words.certainty(make_record(fault="no table"), 0.01) == "The reader says: no table."


def test_the_share_of_poisoned_rows_is_told_with_its_interval(make_record):
    assert "About 20 % of its rows look poisoned, from 9 % to 35 %." in words.certainty(
        make_record(poisoned=(0.2, 0.09, 0.354)), 0.01
    )
    assert "poisoned" not in words.certainty(make_record(poisoned=(0.0, 0.0, 0.05)), 0.01)


@pytest.mark.parametrize(
    ("names", "planted", "repeated", "says"),
    [
        (["shift"], False, False, "honest change"),
        (["shift"], False, True, "repeat one another"),
        (["labels", "leaks"], True, True, "learned by heart"),
        (["mean_shift", "shift"], False, False, "moved together"),
        (["rows", "mean_shift"], False, False, "unlike trusted rows"),
        (["labels", "outliers"], True, False, "backdoor"),
        (["labels", "outliers"], False, False, "labelled again"),
        (["schema", "labels"], False, False, "Declared rules"),
        (["outliers", "labels"], False, False, "unlike trusted rows"),
        (["rows", "losses", "density"], False, False, "labelled again"),
        (["rows", "density", "losses"], False, False, "unlike trusted rows"),
    ],
)
def test_advice_follows_the_strongest_alarm(make_record, alarm, names, planted, repeated, says):
    checks = tuple(alarm(name, p_value=10.0 ** (i - 9)) for i, name in enumerate(names))
    assert says in words.advice(make_record(checks=checks), planted, repeated)


def test_nobody_is_told_to_release_what_no_release_lifts(make_record, alarm):
    assert "No release" in words.advice(make_record(holds=("source 'x' is not listed",)), False, False)
    assert "send the file again" in words.advice(make_record(fault="torn", checks=()), False, False)
    assert "could not measure" in words.advice(make_record(checks=(alarm(fault="crashed"),)), False, False)


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "waits"),
        ({"verdict": "partial", "outcome": "accepted", "held_rows": 2}, "partial"),
        ({"verdict": "accept", "outcome": "accepted", "held_rows": 0, "alarms": ()}, "accepted"),
        ({"verdict": "accept", "outcome": "accepted", "held_rows": 0, "alarms": ("shift",)}, "warned"),
        ({"decision": "release", "outcome": "accepted", "held_rows": 0}, "released"),
        ({"decision": "reject"}, "rejected"),
        ({"verdict": "accept", "alarms": ("source",), "holds": ("not listed",)}, "barred"),
    ],
)
def test_every_state_has_words(make_record, fields, state):
    facts = make_record(**fields)
    assert facts.state == state
    assert words.STATES[state]
    assert facts.plain == (state == "accepted")


def test_decisions_are_told_with_who_and_why(make_record):
    said = DecisionRecord(
        action="release",
        reviewer="Ann <ann@example.org>",
        reason="confirmed",
        path="data/decisions/ann.json",
        sha256="cd" * 32,
    )
    assert list_decisions(make_record(decisions=(said,))) == ["release by Ann <ann@example.org>: confirmed"]


def empty_label(rows):
    seen = ColumnEvidence(("age",), {"rule": "must not be empty", "rows": rows}, (0, 1))
    return Evidence.of_columns([seen])


def test_a_declared_rule_that_accounts_for_the_rows_leads(make_record, alarm):
    rule = alarm("schema", p_value=1e-3, n_failed=30, evidence=empty_label(30))
    facts = make_record(checks=(alarm("labels"), rule, alarm("losses")), suspect_count=32)
    assert words.explaining_rule(facts) == rule
    assert words.reasons(facts) == [
        "rows break the schema: age: must not be empty (30 rows)",
        "what labels and losses say may follow from that",
    ]
    assert words.advice(facts, planted=True, repeated=False) == ADVICE["rules"]


def test_a_rule_that_few_suspects_break_leads_but_explains_nothing(make_record, alarm):
    rule = alarm("schema", p_value=1e-3, n_failed=3, evidence=empty_label(3))
    facts = make_record(checks=(alarm("labels"), rule), suspect_count=32)
    assert words.explaining_rule(facts) is None
    assert [reason.split(":")[0] for reason in words.reasons(facts)] == [
        "rows break the schema", "labels contradict their trusted neighbours",
    ]  # fmt: skip


def test_the_column_the_pair_and_the_copied_row_are_named(alarm):
    moved = Evidence.of_columns([ColumnEvidence(("co2",), {}), ColumnEvidence(("light",), {}, stands_out=False)])
    assert words.what_stands_out(alarm("shift", evidence=moved)) == "co2"
    pair = Evidence.of_rows([RowEvidence((3, 41), {}), RowEvidence((5, 6), {})])
    assert words.what_stands_out(alarm("duplicates", evidence=pair)) == "rows 3 and 41 first"
    copy = Evidence.of_rows([RowEvidence((7,), {"copy of holdout row": 12})])
    assert words.what_stands_out(alarm("leaks", evidence=copy)) == "row 7 of row 12"


def test_a_release_that_lets_no_row_in_is_said_first(make_record):
    facts = make_record(decision="release", outcome="quarantined")
    assert facts.state == "unread"
    assert words.reasons(facts)[0] == "released, but none of its rows can be read"
