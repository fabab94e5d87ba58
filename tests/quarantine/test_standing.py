"""Verdicts that stand: their file, what a line says of a batch, and the stream that goes on."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from pratique.core.batch import Batch
from pratique.core.errors import PratiqueError
from pratique.core.layout import Layout
from pratique.core.ranges import mark_ranges, write_ranges
from pratique.detector.verdict import RowReason, Verdict
from pratique.provenance.parts import StandingRecord
from pratique.quarantine.clear import ClearedBatch
from pratique.quarantine.repeats import Repeat
from pratique.quarantine.standing import (
    UNMEASURED,
    Standing,
    StandingLine,
    describe_policy,
    parse_standing,
    standing_text,
)
from pratique.quarantine.stream import STREAM, Stream, Streams
from pratique.tables.arrival import Arrival

DIGESTS = {"params": "1" * 64, "schema": "2" * 64, "reference": "3" * 64, "code": "4" * 64}
RUN = StandingRecord(commit="a" * 40, binds="b" * 64, **describe_policy(DIGESTS))
LINE = StandingLine(
    batch="east/a",
    sha256="c" * 64,
    rows=6,
    verdict="partial",
    p_value=0.25,
    alarms=(),
    holds="1,4-5",
    bets=(-0.5, 2.0),
    run=RUN,
)
ARRIVAL = Arrival("east/a", "a.csv", "c" * 64, 6, 2)
BATCH = Batch("east/a", pa.table({"x": [1.0] * 6, "y": ["u", "v"] * 3}), Layout("y", {"x": "real"}))


def unmeasured(line=LINE, repeat=None):
    return ClearedBatch(ARRIVAL, BATCH, None, UNMEASURED, line=line, repeat=repeat)


@pytest.mark.parametrize("marked", [[], [0], [1, 1, 1], [1, 0, 1, 1, 0]])
def test_ranges_come_back(marked):
    mask = np.array(marked, bool)
    assert mark_ranges(write_ranges(mask), len(mask)).tolist() == mask.tolist()


def test_where_none_stands_the_file_is_not_empty():
    """DVC warns of an empty one in every run."""
    assert standing_text([]) == "\n"
    assert parse_standing(b"\n", "it") == parse_standing(b"", "it") == {}
    with pytest.raises(PratiqueError, match="line 2"):
        parse_standing(f"{standing_text([LINE])}\n".encode(), "it")


def test_the_file_comes_back_sorted():
    lines = [LINE.model_copy(update={"batch": "west/a"}), LINE]
    assert parse_standing(standing_text(lines).encode(), "it") == {"east/a": LINE, "west/a": lines[0]}
    assert parse_standing(b"", "it") == {}


TEXT = standing_text([LINE])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}\n", "line 1: no verdict, see batch"),
        (TEXT.replace("0.25", "NaN"), "see pValue"),
        (TEXT.replace("0.25", '"0.25"'), "see pValue"),
        (TEXT.replace('"1,4-5"', '"1,4-"'), "see holds"),
        (TEXT.replace('"1,4-5"', '"1,4-5000000000"'), "see holds"),
        (TEXT.replace("-0.5", "1e400"), "see bets"),
        (TEXT.replace("east/a", "east/../a"), "see batch"),
        (TEXT.replace("a" * 40, "HEAD"), "see run/commit"),
        (TEXT.replace('"rows": 6', '"rows": 6, "more": 1'), "see more"),
        (TEXT.replace('"rows": 6', '"rows": 7, "rows": 6'), "not as it was written"),
        (TEXT.replace(", ", ","), "not as it was written"),
        (TEXT + TEXT, "not as it was written"),
        (TEXT[:-1], "not as it was written"),
        (TEXT.replace("east/a", "west/a") + TEXT, "not as it was written"),
    ],
)
def test_anything_else_is_refused_with_its_line(text, says):
    with pytest.raises(PratiqueError, match=says):
        parse_standing(text.encode(), "it")


@pytest.mark.parametrize(
    ("fields", "found"),
    [({}, True), ({"sha256": "d" * 64}, False), ({"rows": 7}, False), ({"batch": "east/b"}, False)],
)
def test_a_line_is_about_these_bytes_read_as_so_many_rows(fields, found):
    assert (Standing({"east/a": LINE}).find(replace(ARRIVAL, **fields)) is not None) == found


@pytest.mark.parametrize("name", ["params", "schema", "columns", "suite", "reference", "code", "profile", "sources"])
def test_what_people_decide_on_and_the_program_make_it_another_policy(name):
    standing = Standing({}, DIGESTS | {name: "9" * 64})
    assert standing.is_of_today(LINE) == (name in ("profile", "sources"))


def test_the_verdict_that_stands_takes_the_place_of_todays():
    upheld = unmeasured().uphold()
    assert upheld.stands
    assert np.flatnonzero(upheld.held).tolist() == [1, 4, 5]
    assert (upheld.verdict.p_value, upheld.outcome, upheld.verdict.judged) == (0.25, "accepted", ())
    assert np.isnan(upheld.summary().row_scores).all()


def test_what_was_seen_today_is_kept_as_evidence():
    seen = Verdict("accept", 0.5, ("labels",), suspects={4: RowReason("labels", p_value=0.01), 3: RowReason("x", "y")})
    verdict = LINE.restore(seen)
    assert (verdict.verdict, verdict.alarms, sorted(verdict.suspects)) == ("partial", (), [1, 4, 5])
    assert verdict.suspects[4].text.startswith("labels: ")


def test_a_line_that_says_what_is_found_changes_nothing():
    assert LINE.says(Verdict("partial", 0.9, (), suspects=dict.fromkeys([1, 4, 5], RowReason("x", "y"))), 6)
    assert not LINE.says(Verdict("partial", 0.9, (), suspects={1: RowReason("x", "y")}), 6)
    assert not LINE.says(Verdict("quarantine", 0.9, ("rows",)), 6)


def test_rows_of_a_batch_that_somebody_rejected_are_held_whatever_stands():
    repeat = Repeat("west/x", 5, 6, True, "e" * 64, later=False, rejected=True)
    upheld = unmeasured(repeat=repeat).uphold()
    assert (upheld.outcome, upheld.codes, upheld.repeat) == ("quarantined", ("resent",), repeat)
    harmless = unmeasured(repeat=replace(repeat, rejected=False)).uphold()
    assert (harmless.outcome, harmless.codes, harmless.repeat) == ("accepted", (), None)


def test_the_stream_goes_on_over_verdicts_that_stand():
    """No alarm is raised on them, and none is forgotten."""
    clean, little = Verdict("accept", 0.5, ()), (np.log(15.0),) * 4
    streams = Streams(0.01)
    told = [streams.follow("crowd", little, clean, alarm=False).alarms for _ in range(6)]
    assert told == [()] * 6
    assert streams.follow("crowd", little, clean).alarms == (STREAM,)
    streams.follow("crowd", little, clean, alarm=True)
    assert streams.follow("crowd", little, clean).alarms == ()


def test_other_checks_bet_on_with_what_was_won():
    stream = Stream().after((np.log(3.0), np.log(5.0)))
    assert np.exp(stream.after((0.0, 0.0, 0.0)).log_wealth) == pytest.approx([5.0] * 3)
