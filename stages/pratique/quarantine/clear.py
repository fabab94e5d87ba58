"""Clearing a batch: from its rows to the verdict, without writing anything."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from pratique.core import paths
from pratique.core.apart import EndedEarly, TimeOver, run_apart
from pratique.core.batch import Batch, Reading
from pratique.core.budget import NotExamined
from pratique.core.cached import write_cached
from pratique.core.layout import Layout
from pratique.core.sketch import RowSketch
from pratique.core.writing import round_floats
from pratique.detector.cache import key_of, pack_examination, read_examination, read_sketch, unpack_examination
from pratique.detector.detector import Detector
from pratique.detector.examine import Examination, list_unreadable
from pratique.detector.verdict import Verdict, judge_unreadable
from pratique.quarantine.repeats import Repeat
from pratique.quarantine.rulings import NO_RULING, RESENT, Ruling
from pratique.quarantine.standing import NO_STANDING, UNMEASURED, Standing, StandingLine
from pratique.quarantine.stream import Turn
from pratique.tables.arrival import Arrival
from pratique.tables.ingested import digest_rows, read_rows

EXAMINATIONS = paths.CACHE / "examinations"

Outcome = Literal["accepted", "quarantined", "waiting"]


@dataclass(frozen=True)
class ClearedSummary:
    """What the tables keep of a cleared batch.

    Attributes
    ----------
    row_scores, row_p_values : ndarray of float, shape (rows,)
    held : ndarray of bool, shape (rows,)
        True for rows in quarantine, with their batch or alone.
    reasons : tuple of str or None, one a row
        Why the row is suspect by itself.
    codes : tuple of str
        The verdict's alarms, and why policy holds the batch whatever its rows are like.
    decision : {"", "release", "reject"}
    outcome : {"accepted", "quarantined", "waiting"}
    readings : tuple of str
        What was read otherwise than it is written.
    """

    arrival: Arrival
    verdict: Verdict
    row_scores: np.ndarray
    row_p_values: np.ndarray
    held: np.ndarray
    reasons: tuple[str | None, ...]
    codes: tuple[str, ...]
    decision: str
    outcome: Outcome
    readings: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The verdict, or that there is none yet."""
        return "waiting" if self.arrival.waits else self.verdict.verdict

    @classmethod
    def of_waiting(cls, arrival: Arrival) -> "ClearedSummary":
        """A batch whose labels are still to come: none of its rows is anywhere yet."""
        nothing = np.zeros(0)
        return cls(arrival, UNMEASURED, nothing, nothing, nothing.astype(bool), (), (), "", "waiting")


@dataclass(frozen=True)
class ClearedBatch:
    """A batch with everything that was found out about it; bytes that are no table have no batch.

    `place` is where its examination is kept for the next run; `ruling` is what people and policy say of it; `repeat` is
    the batch that most of its rows stand in already. `line` is the verdict on these bytes that data/standing.jsonl
    holds; `stands` says that the verdict is taken from there, and is not what today's policy gives. A batch that other
    policy judged is not examined. `turn` is what it said to the stream of its source.
    """

    arrival: Arrival
    batch: Batch | None
    examination: Examination | None
    verdict: Verdict
    place: Path | None = None
    ruling: Ruling = NO_RULING
    repeat: Repeat | None = None
    line: StandingLine | None = None
    stands: bool = False
    turn: Turn | None = None

    @cached_property
    def held(self) -> np.ndarray:
        """Which rows are quarantined, once people have spoken: bool of shape (rows,)."""
        rows = self.arrival.rows
        if self.ruling.stops:
            return np.full(rows, True)
        held = self.verdict.holds(rows)
        if self.batch is not None:
            unread = list_unreadable(self.batch) if self.examination is None else self.examination.unreadable
            held[self.ruling.list_released(rows)] = False
            held[list(unread)] = True  # a cell would be lost, whoever releases it
        return held

    @property
    def row_set(self) -> str | None:
        """The name of its rows in any order, whatever their ids; None where there is none."""
        if self.examination is not None:
            return self.examination.sketch.sha256
        return None if self.batch is None else RowSketch.of(self.batch.content).sha256

    @property
    def bets(self) -> Sequence[float]:
        """What it adds to the stream of its source, to the digits that a record keeps."""
        if self.line is not None:
            return self.line.bets
        return () if self.examination is None else round_floats(self.examination.bets)

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What was read otherwise than it is written, of the file and of its cells."""
        of_cells = () if self.batch is None else self.batch.readings
        return (*map(Reading, self.arrival.readings), *of_cells)

    @property
    def codes(self) -> tuple[str, ...]:
        """Why the batch is held: the verdict's alarms, then the codes of policy."""
        return tuple(dict.fromkeys([*self.verdict.alarms, *(hold.code for hold in self.ruling.holds)]))

    @property
    def outcome(self) -> Outcome:
        """Where the batch went; one that is accepted in part is accepted, one of which no row is let in is not."""
        if self.ruling.stops or self.batch is None or self.held.all():
            return "quarantined"
        released = self.ruling.action == "release"
        return "quarantined" if self.verdict.verdict == "quarantine" and not released else "accepted"

    def uphold(self) -> "ClearedBatch":
        """The batch with the verdict that stands; the same batch where today's policy, and its history, give that one.

        What repeats rows that somebody rejected is held all the same: a decision counts, whatever stands.
        """
        measured = self.batch is None or self.examination is not None
        if self.line is None or (measured and self.line.says(self.verdict, self.arrival.rows)):
            return self
        verdict = self.line.restore(self.verdict)
        if self.repeat is not None and self.repeat.rejected:
            verdict = replace(verdict, verdict="quarantine", alarms=tuple(dict.fromkeys([*verdict.alarms, RESENT])))
        return replace(self, verdict=verdict, repeat=self.repeat if RESENT in verdict.alarms else None, stands=True)

    def summary(self) -> ClearedSummary:
        """The part that is kept after the batch's rows are written; what was not measured has no scores."""
        if self.arrival.waits:
            return ClearedSummary.of_waiting(self.arrival)
        none = np.full(self.arrival.rows, np.nan)
        found = self.examination
        scores, p_values = (none, none) if found is None else (found.row_scores, found.row_p_values)
        ruled = (self.codes, self.ruling.action, self.outcome)
        why = self.verdict.suspects
        reasons = tuple(why[row].text if row in why else None for row in range(len(scores)))
        said = tuple(reading.text for reading in self.readings)
        return ClearedSummary(self.arrival, self.verdict, scores, p_values, self.held, reasons, *ruled, said)


def clear_arrival(
    arrival: Arrival, detector: Detector, profile_digest: str, standing: Standing = NO_STANDING
) -> ClearedBatch:
    """Clear one ingested batch; what was measured in an earlier run, or judged by other policy, is not measured."""
    line = standing.find(arrival)
    if arrival.fault is not None:
        return ClearedBatch(arrival, None, None, judge_unreadable(), line=line)
    batch = read_batch(arrival, detector)
    if line is not None and not standing.is_of_today(line):
        return ClearedBatch(arrival, batch, None, UNMEASURED, line=line)
    place = _place(arrival, detector.layout, profile_digest)
    examination = read_examination(place)
    if examination is None:
        packed = _examine_apart(batch, detector)
        examination = unpack_examination(packed)
        if not examination.has_fault:  # it may be one of this machine, or of today
            write_cached(place, packed)
    return ClearedBatch(arrival, batch, examination, detector.judge(examination), place, line=line)


def clear_batch(arrival: Arrival, batch: Batch, detector: Detector, standing: Standing = NO_STANDING) -> ClearedBatch:
    """Clear a batch whose rows are at hand."""
    line = standing.find(arrival)
    if line is not None and not standing.is_of_today(line):
        return ClearedBatch(arrival, batch, None, UNMEASURED, line=line)
    examination = unpack_examination(_examine_apart(batch, detector))
    return ClearedBatch(arrival, batch, examination, detector.judge(examination), line=line)


def _examine_apart(batch: Batch, detector: Detector) -> bytes:
    """The examination of a batch, packed, made in a process of its own that takes no more than params.yaml allows.

    One that takes more memory, or ends that process, could not be examined: every batch that does is quarantined.

    Raises
    ------
    NotExamined
        If it takes longer.
    """
    most = detector.params.examination
    detector.prepare()
    try:
        return run_apart(_examine, (batch, detector), most.seconds, most.memory_gib)
    except TimeOver:
        raise NotExamined(
            f"{batch.name}: not examined: not done after {most.seconds:g} seconds; take out the check that takes so "
            "long, split the batch, or raise `examination.seconds`"
        ) from None
    except MemoryError:
        why = f"it takes more than {most.memory_gib:g} GiB; split it, or raise `examination.memory_gib`"
    except EndedEarly as error:
        why = str(error)
    return pack_examination(detector.fail(batch, f"could not be examined: {why}"))


def _examine(batch: Batch, detector: Detector) -> bytes:
    return pack_examination(detector.examine(batch))


def sketch_arrival(arrival: Arrival, detector: Detector, profile_digest: str) -> RowSketch:
    """The sketch of an ingested batch that can be read, from an earlier run if it was measured there."""
    kept = read_sketch(_place(arrival, detector.layout, profile_digest))
    return RowSketch.of(read_batch(arrival, detector).content) if kept is None else kept


def read_batch(arrival: Arrival, detector: Detector) -> Batch:
    """The rows of an ingested batch that can be read."""
    return Batch(arrival.batch, read_rows(arrival.batch), detector.layout)


def is_unexamined(arrival: Arrival, layout: Layout, profile_digest: str) -> bool:
    """Whether a batch that can be read has been examined by no earlier run."""
    return arrival.fault is None and not _place(arrival, layout, profile_digest).exists()


def _place(arrival: Arrival, layout: Layout, profile_digest: str) -> Path:
    """Where the examination of an ingested batch is kept."""
    return EXAMINATIONS / f"{key_of(digest_rows(arrival.batch), profile_digest, repr(layout))}.npz"
