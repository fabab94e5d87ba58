"""When so many batches alarm that the budget does not explain it."""

import json
from dataclasses import asdict

import pytest
from pratique.decisions.ledger import Entry, RecordFacts
from pratique.words.alarm_rate import describe_alarm_rate, tell_alarm_rate


@pytest.mark.parametrize(
    ("batches", "alarms", "alpha", "most"),
    [
        (30, 2, 0.01, None),  # at most 2 of 30 with a chance of 99.7 %, at most 1 with 96.4 %
        (30, 3, 0.01, 2),
        (30, 9, 0.01, 2),
        (30, 6, 0.1, None),
        (30, 8, 0.1, 7),
        (5, 1, 0.01, None),
        (5, 2, 0.01, 1),
        (1, 1, 0.01, None),
        (0, 0, 0.01, None),
    ],
)
def test_what_the_budget_expects_is_a_bound_of_the_binomial(batches, alarms, alpha, most):
    said = describe_alarm_rate([False] * (batches - alarms) + [True] * alarms, alpha)
    if most is None:
        assert said == ""
    else:
        assert said.startswith(f"{alarms} of the last {batches} batches alarmed, the budget expects at most {most}: an")


def test_old_batches_are_not_counted():
    assert describe_alarm_rate([True] * 50 + [False] * 30, 0.01) == ""


def test_the_newest_batches_are_those_that_the_ledger_names_last(tmp_path, monkeypatch, make_record):
    """Names say nothing about the order: those of the first source would be the oldest."""
    monkeypatch.chdir(tmp_path)
    held = [make_record(batch=f"a/{i:02}") for i in range(3)]
    calm = [make_record(batch=f"b/{i:02}", verdict="accept", outcome="accepted", alarms=()) for i in range(30)]
    assert tell_alarm_rate([*held, *calm], 0.01) == ""
    last = None
    lines = []
    for record in [*calm, *held]:
        last = Entry.of(RecordFacts.of(record), last)
        lines.append(json.dumps(asdict(last), separators=(",", ":")) + "\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/ledger.jsonl").write_text("".join(lines), encoding="utf-8")
    assert tell_alarm_rate([*held, *calm], 0.01).startswith("3 of the last 30 batches alarmed")
