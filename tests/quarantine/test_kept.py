"""What is kept of a batch from one run to the next, and when it is no longer believed."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from pratique.core import paths
from pratique.core.hashing import sha256_file
from pratique.core.params import Params
from pratique.core.sketch import RowSketch
from pratique.core.writing import write_bytes
from pratique.decisions.ledger import RecordFacts
from pratique.detector.verdict import RowReason, Verdict
from pratique.quarantine.clear import ClearedSummary
from pratique.quarantine.kept import Keeper, KeptBatch, digest_around, read_kept, write_kept
from pratique.quarantine.recording import Configuration
from pratique.quarantine.repeats import Repeat
from pratique.quarantine.standing import NO_STANDING
from pratique.quarantine.stream import STREAM, Streams, Turn
from pratique.tables.arrival import Arrival

ARRIVAL = Arrival("east/a", "a.csv", "ab" * 32, 3, 4)
SCORES, P_VALUES = np.array([0.1, -2.5, 1 / 3]), np.array([1.0, 0.25, 0.001])
REPEAT = Repeat("east/b", 2, 3, True, "cd" * 32, False)


def kept(**fields):
    verdict = Verdict("partial", 0.1 + 0.2, ("labels",), suspects={2: RowReason("", "labels: odd")})
    summary = ClearedSummary(
        ARRIVAL, verdict, SCORES, P_VALUES, np.array([False, False, True]), (None, None, "labels: odd"),
        ("labels", "source"), "", "accepted", ("read as text",),
    )  # fmt: skip
    made = KeptBatch(
        summary,
        RecordFacts("east/a", "ab" * 32, "partial", "accepted", "ef" * 32),
        RowSketch.of(np.array([7, 5, 2**63], np.uint64)),
        digest_around([REPEAT], None),
        Turn("east", (0.1, -0.2), "partial", 0.3, ("labels",), False, None, ("partial", 0.3, ("labels",))),
        (("data/accepted/east/a.parquet", "12" * 32),),
        b'{"a": 1}\n',
        "data/.cache/examinations/x.npz",
    )
    return replace(made, **fields)


def assert_same(got, expected):
    arrays = ("row_scores", "row_p_values", "held")
    for name in arrays:
        np.testing.assert_array_equal(getattr(got.summary, name), getattr(expected.summary, name))
    nothing = dict.fromkeys(arrays)
    assert replace(got.summary, **nothing) == replace(expected.summary, **nothing)
    if expected.sketch is not None:
        np.testing.assert_array_equal(got.sketch.hashes, expected.sketch.hashes)
        assert replace(got.sketch, hashes=None) == replace(expected.sketch, hashes=None)
    rest = {"summary": None, "sketch": None}
    assert replace(got, **rest) == replace(expected, **rest)


@pytest.mark.parametrize("made", [kept(), kept(sketch=None, turn=None, examination=None)], ids=["rows", "bytes"])
def test_what_is_kept_is_read_as_it_was_written(made, tmp_path):
    write_kept(tmp_path / "a.arrow", made)
    assert_same(read_kept(tmp_path / "a.arrow", ARRIVAL), made)


@pytest.mark.parametrize("end", [0, 10, 300, -1])
def test_what_is_damaged_or_missing_is_nothing(end, tmp_path):
    write_kept(tmp_path / "a.arrow", kept())
    whole = (tmp_path / "a.arrow").read_bytes()
    (tmp_path / "b.arrow").write_bytes(whole[:end] if end >= 0 else whole.replace(b'"facts"', b'"fakts"'))
    assert read_kept(tmp_path / "b.arrow", ARRIVAL) is None
    assert read_kept(tmp_path / "c.arrow", ARRIVAL) is None


def test_one_flipped_bit_anywhere_is_seen(tmp_path):
    write_kept(tmp_path / "a.arrow", kept())
    whole = (tmp_path / "a.arrow").read_bytes()
    for place in range(0, len(whole), 37):
        spoiled = bytearray(whole)
        spoiled[place] ^= 1 << place % 8
        (tmp_path / "b.arrow").write_bytes(spoiled)
        assert read_kept(tmp_path / "b.arrow", ARRIVAL) is None


def test_rows_that_were_changed_or_taken_away_are_not_intact(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = tmp_path / "data/accepted/east/a.parquet"
    assert not kept().is_intact()
    write_bytes(place, b"rows")
    whole = kept(outputs=(("data/accepted/east/a.parquet", sha256_file(place)),))
    assert whole.is_intact()
    write_bytes(place, b"sows")
    assert not whole.is_intact()


def test_other_batches_say_something_else_once_one_is_repeated_or_comes_between():
    before = digest_around([REPEAT], {"name": "a"})
    assert before == digest_around([REPEAT], {"name": "a"})
    others = [([], {"name": "a"}), ([replace(REPEAT, shared=3)], {"name": "a"}), ([REPEAT], {"name": "b"})]
    assert before not in [digest_around(*each) for each in others]


# keys


def decision(batch, action, sha256):
    return SimpleNamespace(content=SimpleNamespace(batch=batch, action=action), sha256=sha256)


def params(**sections):
    return Params.model_validate({"data": {"label": "y"}, "checks": {"labels": {}}} | sections)


def place(said=None, digests=(), decisions=(), standing=NO_STANDING, arrival=ARRIVAL):
    judged_by = Configuration(dict(digests), 0)
    return Keeper(said or params(), judged_by, SimpleNamespace(decisions=decisions), standing).place(arrival)


def test_the_key_covers_what_a_batch_depends_on_and_no_more(tmp_path, monkeypatch, list_written):
    monkeypatch.chdir(tmp_path)
    table = paths.BATCHES / "east/a.parquet"
    write_bytes(table, b"one")
    list_written()
    line = SimpleNamespace(model_dump=lambda mode: {"verdict": "accept"})
    base = place()
    others = [
        place(params(alarms={"per_1000_batches": 20})),
        place(params(review={"identity": "claims"})),
        place(digests={"profile": "p"}),
        place(decisions=[decision("east/a", "release", "d")]),
        place(decisions=[decision("west/z", "reject", "d")]),
        place(standing=SimpleNamespace(lines={"east/a": line})),
        place(arrival=replace(ARRIVAL, sha256="cd" * 32)),
        place(arrival=replace(ARRIVAL, readings=("other",))),
    ]
    write_bytes(table, b"two")
    list_written()
    others.append(place())
    assert len({base, *others}) == 10
    write_bytes(table, b"one")
    list_written()
    assert place() == base
    assert place(params(train={"trees": 3}, drill={"rows": 5})) == base, "that is about models"
    assert place(decisions=[decision("west/z", "release", "d")]) == base, "another batch's"
    assert place(standing=SimpleNamespace(lines={"west/z": line})) == base, "another batch's"


# streams


def turn(bets, alarms=()):
    return Turn("east", bets, "accept", 0.5, (), False, None, ("quarantine" if alarms else "accept", 0.5, alarms))


def test_a_turn_is_taken_again_where_the_same_comes_of_it():
    streams, fresh = Streams(0.01), Streams(0.01)
    for _ in range(3):
        assert streams.repeat(turn((1.0, 2.0)))
        fresh.follow("east", (1.0, 2.0), Verdict("accept", 0.5, ()))
    loud, verdict = (50.0, 50.0), Verdict("accept", 0.5, ())
    assert streams.follow("east", loud, verdict) == fresh.follow("east", loud, verdict)


def test_a_turn_of_which_something_else_comes_has_not_happened():
    streams, fresh = Streams(0.01), Streams(0.01)
    for _ in range(2):
        streams.follow("east", (4.0,), Verdict("accept", 0.5, ()))
        fresh.follow("east", (4.0,), Verdict("accept", 0.5, ()))
    assert not streams.repeat(turn((4.0,), alarms=(STREAM,)))
    got, expected = (each.follow("east", (4.0,), Verdict("accept", 0.5, ())) for each in (streams, fresh))
    assert got == expected
