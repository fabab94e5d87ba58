"""What other batches say of one, in words."""

import pytest
from pratique.provenance.parts import RepeatRecord, StandingRecord
from pratique.words import history
from pratique.words import verdicts as words
from pratique.words.counts import count_suspects


def repeats(shared, rows, exact=True, rejected=False):
    return RepeatRecord(batch="vendor/2024-05", shared=shared, rows=rows, exact=exact, rejected=rejected)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (repeats(9, 10), "9 of 10 rows stand in vendor/2024-05 already"),
        (repeats(2000, 2500, exact=False), "about 2,000 of 2,500 rows stand in vendor/2024-05 already"),
        (repeats(9, 10, rejected=True), "9 of 10 rows stand in vendor/2024-05 already, which somebody rejected"),
    ],
)
def test_how_many_rows_came_before_and_where(make_record, found, said):
    facts = make_record(checks=(), alarms=("resent",), outcome="accepted", verdict="accept", repeats=found, suspects={})
    assert words.reasons(facts) == [said]
    assert words.headline(facts) == f"{said[0].upper()}{said[1:]}: 0 of 40 rows are suspect."
    assert words.advice(facts, planted=False, repeated=False) == history.CAME_AGAIN
    assert facts.state == "warned"


def test_a_stream_is_told_beside_what_the_batch_shows_itself(make_record, alarm):
    alone = make_record(checks=(), alarms=("stream",))
    clause = "its source has sent a little poison in many batches"
    assert words.reasons(alone) == [clause]
    assert words.advice(alone, planted=False, repeated=False) == history.DRIPPED
    both = make_record(checks=(alarm("labels"),), alarms=("labels", "stream"))
    assert words.reasons(both)[1:] == [clause]


def test_nothing_is_told_of_a_batch_without_a_history(make_record):
    facts = make_record()
    assert history.describe_history(facts) == []
    assert history.advise_on_history(facts) == ""


def test_a_verdict_that_stands_says_since_when_and_where_to_look(make_record, alarm):
    digest = "0" * 64
    run = StandingRecord(commit="1f2e3d4" + "0" * 33, policy=digest, reference=digest, code=digest, binds=digest)
    facts = make_record(checks=(), alarms=("labels",), standing=run)
    said = "its verdict stands since commit 1f2e3d4 (alarms then: labels); "
    assert words.reasons(facts) == [f"{said}40 of 40 rows held; not examined again"]
    assert words.headline(facts).endswith("40 of 40 rows held; not examined again.")
    assert count_suspects(facts) == "not examined again"
    assert words.certainty(facts, 0.01) == history.MEASURED_THEN
    assert words.advice(facts, planted=False, repeated=False) == history.JUDGE_ANEW
    measured = make_record(checks=(alarm("labels"),), alarms=("labels",), standing=run)
    assert words.reasons(measured)[-1] == f"{said}today it would be another"
