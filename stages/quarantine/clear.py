"""Clearing a batch: from its rows to the verdict, without writing anything."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from stages.calibration.examine import Examination, examine
from stages.calibration.kept import keep, kept, key_of
from stages.calibration.profile import Profile
from stages.core import paths
from stages.core.arrival import Arrival
from stages.core.batch import Batch
from stages.core.hashing import sha256_file
from stages.core.params import Params
from stages.core.reading import read_table
from stages.quarantine.verdict import Verdict, judge, unreadable

EXAMINATIONS = paths.CACHE / "examinations"


@dataclass(frozen=True)
class Summary:
    """What the tables keep of a cleared batch.

    Attributes
    ----------
    row_scores, row_p_values : ndarray of float, shape (rows,)
    held : ndarray of bool, shape (rows,)
        True for rows in quarantine, with their batch or alone.
    """

    arrival: Arrival
    verdict: Verdict
    row_scores: np.ndarray
    row_p_values: np.ndarray
    held: np.ndarray


@dataclass(frozen=True)
class Cleared:
    """A batch with everything that was found out about it; bytes that are no table have no batch.

    `place` is where its examination is kept for the next run.
    """

    arrival: Arrival
    batch: Batch | None
    examination: Examination | None
    verdict: Verdict
    place: Path | None = None

    def summary(self) -> Summary:
        """The part that is kept after the batch's rows are written."""
        if self.examination is None:
            return Summary(self.arrival, self.verdict, np.zeros(0), np.zeros(0), np.zeros(0, bool))
        rows = self.arrival.rows
        return Summary(
            self.arrival,
            self.verdict,
            self.examination.row_scores,
            self.examination.row_p_values,
            self.verdict.holds(rows),
        )


def clear(arrival: Arrival, profile: Profile, profile_digest: str, params: Params) -> Cleared:
    """Clear one ingested batch; what was measured in an earlier run is not measured again."""
    if arrival.fault is not None:
        return Cleared(arrival, None, None, unreadable())
    path = paths.BATCHES / f"{arrival.batch}.parquet"
    batch = Batch(arrival.batch, read_table(path), profile.layout)
    place = EXAMINATIONS / f"{key_of(sha256_file(path), profile_digest)}.npz"
    examination = kept(place)
    if examination is None:
        examination = examine(batch, profile)
        keep(place, examination)
    return Cleared(arrival, batch, examination, judge(examination, params.alarms, params.shift), place)


def clear_batch(arrival: Arrival, batch: Batch, profile: Profile, params: Params) -> Cleared:
    """Clear a batch whose rows are at hand."""
    examination = examine(batch, profile)
    return Cleared(arrival, batch, examination, judge(examination, params.alarms, params.shift))
