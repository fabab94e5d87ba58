"""What a batch is called by its rows, and what becomes of its rows once people have spoken."""

import ctypes
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from pratique.core.batch import Batch
from pratique.core.budget import NotExamined
from pratique.core.layout import Layout
from pratique.core.params import DataParams, ExaminationParams, Params
from pratique.core.sketch import RowSketch
from pratique.core.writing import write_table
from pratique.decisions.binding import Binding
from pratique.decisions.decision import Decision, DecisionFile
from pratique.detector.detector import Detector
from pratique.detector.examine import Examination
from pratique.detector.verdict import RowReason, Verdict
from pratique.quarantine.clear import ClearedBatch, clear_arrival, clear_batch
from pratique.quarantine.rulings import Hold, Ruling
from pratique.tables.arrival import Arrival

LAYOUT = Layout("y", {"size": "real", "age": "integer", "colour": "category"})
FRAME = pd.DataFrame(
    {
        "size": ["1.5", "2", None, "2"],
        "age": ["3", "4", "5", "4"],
        "colour": ["red", "", "blue\x1f", ""],
        "y": list("abca"),
    }
)


def named(frame: pd.DataFrame) -> str | None:
    return RowSketch.of(Batch.from_frame("a/b", frame, LAYOUT).content).sha256


def test_rows_are_the_same_in_any_order_of_rows_and_columns_and_any_format():
    name = named(FRAME)
    assert named(FRAME.iloc[::-1]) == name
    assert named(FRAME[["y", "colour", "age", "size"]]) == name
    typed = FRAME.assign(size=[1.5, 2.0, np.nan, 2.0], age=[3, 4, 5, 4])
    assert named(typed) == name
    assert named(FRAME.assign(key=range(4))) == name  # an id makes no other batch of it


@pytest.mark.parametrize(
    "other",
    [
        FRAME.iloc[:3],
        pd.concat([FRAME, FRAME.iloc[:1]]),
        FRAME.assign(y=list("abcb")),
        FRAME.assign(size=["1.5", "2", "0", "2"]),
        FRAME.assign(colour=["", "red", "blue\x1f", ""]),
    ],
)
def test_other_rows_have_another_name(other):
    assert named(other) != named(FRAME)


def test_no_rows_have_no_name():
    assert named(FRAME.iloc[:0]) is None


def test_a_batch_is_measured_again_once_other_columns_are_personal(tmp_path, monkeypatch, list_written):
    """What an earlier run kept shows cells of columns that were not personal then."""
    monkeypatch.chdir(tmp_path)
    write_table(Path("data/batches/a/b.parquet"), pa.Table.from_pandas(FRAME))
    list_written()
    examined = []

    def clear(layout: Layout) -> int:
        found = Examination((), np.zeros(4), np.ones(4), ("rows",) * 4, {})
        judged = Verdict("accept", 0.5, (), {}, ())
        detector = SimpleNamespace(
            params=SimpleNamespace(examination=ExaminationParams()),
            prepare=lambda: examined.append(layout),  # what examines it is another process
            layout=layout,
            examine=lambda batch: found,
            judge=lambda examination: judged,
        )
        clear_arrival(Arrival("a/b", "b.csv", "ab" * 32, 4, 4), detector, "profile")
        return len(examined)

    assert [clear(LAYOUT), clear(LAYOUT), clear(replace(LAYOUT, personal=("age",)))] == [1, 1, 2]


def cleared(
    verdict: str, ruling: Ruling, suspects: tuple[int, ...] = (), unreadable: tuple[int, ...] = ()
) -> ClearedBatch:
    rows = 5
    batch = Batch("a/b", pa.table({"size": ["1"] * rows}), LAYOUT)
    reasons = dict.fromkeys((*suspects, *unreadable), RowReason("rows", "odd"))
    found = Examination((), np.zeros(rows), np.ones(rows), ("rows",) * rows, dict.fromkeys(unreadable, "size"))
    arrival = Arrival("a/b", "b.csv", "ab" * 32, rows, 1)
    return ClearedBatch(arrival, batch, found, Verdict(verdict, 0.5, (), (), reasons), ruling=ruling)


BOUND = Binding(batch="ab" * 32, policy={}, checks={})


def said(action: str, rows: tuple[int, ...] | None = None) -> DecisionFile:
    words = {"reviewer": "Rita <rita@example.org>", "reason": "so", "time": "2026-01-01", "binds": BOUND}
    return DecisionFile(Path("it.json"), Decision(action=action, batch="a/b", rows=rows, **words), "cd" * 32)


RELEASE, SOME, REJECT = said("release"), said("release", rows=(0, 1)), said("reject")


@pytest.mark.parametrize(
    ("verdict", "ruling", "held", "outcome"),
    [
        ("quarantine", Ruling(), [0, 1, 2, 3, 4], "quarantined"),
        ("quarantine", Ruling((RELEASE,)), [4], "accepted"),  # row 4 has a cell that would be lost
        ("quarantine", Ruling((SOME,)), [2, 3, 4], "accepted"),
        ("quarantine", Ruling((RELEASE, SOME)), [2, 3, 4], "accepted"),  # what every release lets in
        ("quarantine", Ruling((RELEASE,), (Hold("source", "not listed"),)), [0, 1, 2, 3, 4], "quarantined"),
        ("partial", Ruling(), [1, 3, 4], "accepted"),
        ("partial", Ruling((SOME,)), [3, 4], "accepted"),
        ("partial", Ruling((REJECT,)), [0, 1, 2, 3, 4], "quarantined"),
        ("accept", Ruling((REJECT,)), [0, 1, 2, 3, 4], "quarantined"),
    ],
)
def test_what_is_held_follows_verdict_and_ruling(verdict, ruling, held, outcome):
    got = cleared(verdict, ruling, suspects=(1, 3), unreadable=(4,))
    assert np.flatnonzero(got.held).tolist() == held
    assert got.outcome == got.summary().outcome == outcome
    assert got.summary().reasons == (None, "rows: odd", None, "rows: odd", "rows: odd")  # held or not


def test_a_release_of_rows_that_can_t_be_read_accepts_nothing():
    batch = cleared("quarantine", Ruling((RELEASE,)), unreadable=(0, 1, 2, 3, 4))
    assert batch.held.all()
    assert (batch.outcome, batch.ruling.action) == ("quarantined", "release")
    some = cleared("quarantine", Ruling((RELEASE,)), unreadable=(0, 1))
    assert (some.outcome, some.held.sum()) == ("accepted", 2)


class Greedy(Detector):
    """Takes more memory than there is."""

    def examine(self, batch):
        return np.ones(2**40)


class Slow(Detector):
    """Never returns from compiled code."""

    def examine(self, batch):
        return ctypes.CDLL(None).sleep(60)


@pytest.fixture(scope="module")
def params():
    return Params(data=DataParams(label="y"), checks={"duplicates": {}}, examination={"seconds": 0.2, "memory_gib": 1})


@pytest.fixture(scope="module")
def learned(mixed_batch, params):
    return Detector.learn(mixed_batch, params).profile


def test_a_batch_that_takes_too_much_memory_is_quarantined_and_told_why(
    learned, params, mixed_batch, tmp_path, monkeypatch, list_written
):
    monkeypatch.chdir(tmp_path)
    write_table(Path("data/batches/a/b.parquet"), mixed_batch.table)
    list_written()
    done = clear_arrival(Arrival("a/b", "b.csv", "ab" * 32, 60, 6), Greedy(learned, params), "profile")
    assert (done.outcome, done.codes, done.verdict.p_value) == ("quarantined", ("rows.fault",), 0.0)
    (failed,) = done.examination.measurements
    assert failed.finding.fault.startswith("could not be examined: it takes more than 1 GiB; split it, or raise `exam")
    assert not done.place.exists()  # it is tried again by each run
    well = clear_arrival(Arrival("a/b", "b.csv", "ab" * 32, 60, 6), Detector(learned, params), "profile")
    assert well.place.exists()


def test_a_batch_that_takes_too_long_is_not_examined(learned, params, mixed_batch):
    with pytest.raises(NotExamined, match=r"^a/b: not examined: not done after 0\.2 seconds; .*`examination\.seconds`"):
        clear_batch(Arrival("a/b", "b.csv", "ab" * 32, 60, 6), replace(mixed_batch, name="a/b"), Slow(learned, params))
