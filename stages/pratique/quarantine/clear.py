"""Clearing a batch: from its rows to the verdict, without writing anything."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from pratique.core import paths
from pratique.core.batch import Batch, Reading
from pratique.core.hashing import sha256_bytes, sha256_file
from pratique.detector.cache import key_of, read_examination, write_examination
from pratique.detector.detector import Detector
from pratique.detector.examine import Examination
from pratique.detector.verdict import Verdict, judge_unreadable
from pratique.quarantine.rulings import NO_RULING, Ruling
from pratique.tables.arrival import Arrival
from pratique.tables.reading import read_table

EXAMINATIONS = paths.CACHE / "examinations"

Outcome = Literal["accepted", "quarantined"]


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
    outcome : {"accepted", "quarantined"}
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


@dataclass(frozen=True)
class ClearedBatch:
    """A batch with everything that was found out about it; bytes that are no table have no batch.

    `place` is where its examination is kept for the next run; `ruling` is what people and policy say of it;
    `row_set` names its rows in any order.
    """

    arrival: Arrival
    batch: Batch | None
    examination: Examination | None
    verdict: Verdict
    place: Path | None = None
    ruling: Ruling = NO_RULING
    row_set: str | None = None

    @cached_property
    def held(self) -> np.ndarray:
        """Which rows are quarantined, once people have spoken: bool of shape (rows,)."""
        rows = self.arrival.rows
        if self.ruling.stops:
            return np.full(rows, True)
        held = self.verdict.holds(rows)
        if self.examination is not None:
            held[self.ruling.list_released(rows)] = False
            held[list(self.examination.unreadable)] = True  # a cell would be lost, whoever releases it
        return held

    @property
    def readings(self) -> tuple[Reading, ...]:
        """What was read otherwise than it is written, of the file and of its cells."""
        of_cells = () if self.batch is None else self.batch.readings
        return (*map(Reading, self.arrival.readings), *of_cells)

    @property
    def codes(self) -> tuple[str, ...]:
        """Why the batch is held: the verdict's alarms, then the codes of policy."""
        return self.verdict.alarms + tuple(hold.code for hold in self.ruling.holds)

    @property
    def outcome(self) -> Outcome:
        """Where the batch went; one that is accepted in part is accepted, one of which no row is let in is not."""
        if self.ruling.stops or self.batch is None or self.held.all():
            return "quarantined"
        released = self.ruling.action == "release"
        return "quarantined" if self.verdict.verdict == "quarantine" and not released else "accepted"

    def summary(self) -> ClearedSummary:
        """The part that is kept after the batch's rows are written."""
        none = np.zeros(0)
        found = self.examination
        scores, p_values = (none, none) if found is None else (found.row_scores, found.row_p_values)
        ruled = (self.codes, self.ruling.action, self.outcome)
        why = self.verdict.suspects
        reasons = tuple(why[row].text if row in why else None for row in range(len(scores)))
        said = tuple(reading.text for reading in self.readings)
        return ClearedSummary(self.arrival, self.verdict, scores, p_values, self.held, reasons, *ruled, said)


def row_set(batch: Batch) -> str | None:
    """SHA-256 over the rows' features and labels as read, whatever the order of rows and columns; None without rows.

    Ids and columns that are not learned from are left out: a batch sent again under other ids is the same batch.
    """
    if not len(batch):
        return None
    hashes = pd.util.hash_pandas_object(batch.frame[sorted(batch.columns)], index=False).to_numpy()
    return sha256_bytes(np.sort(hashes).astype("<u8").tobytes())


def clear_arrival(arrival: Arrival, detector: Detector, profile_digest: str) -> ClearedBatch:
    """Clear one ingested batch; what was measured in an earlier run is not measured again."""
    if arrival.fault is not None:
        return ClearedBatch(arrival, None, None, judge_unreadable())
    path = paths.BATCHES / f"{arrival.batch}.parquet"
    batch = Batch(arrival.batch, read_table(path), detector.layout)
    place = EXAMINATIONS / f"{key_of(sha256_file(path), profile_digest, repr(detector.layout))}.npz"
    examination = read_examination(place)
    if examination is None:
        examination = detector.examine(batch)
        write_examination(place, examination)
    verdict = detector.judge(examination)
    return ClearedBatch(arrival, batch, examination, verdict, place, row_set=row_set(batch))


def clear_batch(arrival: Arrival, batch: Batch, detector: Detector) -> ClearedBatch:
    """Clear a batch whose rows are at hand."""
    examination = detector.examine(batch)
    verdict = detector.judge(examination)
    return ClearedBatch(arrival, batch, examination, verdict, row_set=row_set(batch))
