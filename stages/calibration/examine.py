"""Examining a batch: every check's measurement of it, and how rare that is among clean batches of its size."""

from dataclasses import dataclass, field, replace

import numpy as np

from stages.calibration.nulls import SizedNull
from stages.calibration.profile import FOLDS, Profile
from stages.calibration.surprise import combined, top_tenth
from stages.core.batch import Batch
from stages.core.check import Finding, measure
from stages.core.errors import printable

ROWS = "rows"
"""The name of the measurement that looks at a batch's most suspicious rows over all checks."""


@dataclass(frozen=True)
class Measurement:
    """A finding beside its null at the batch's own size; a finding with a fault has p-value 0."""

    check: str
    finding: Finding
    null: SizedNull
    p_value: float


@dataclass(frozen=True)
class Examination:
    """Everything that was measured on one batch: all that the verdict sees.

    Attributes
    ----------
    measurements : tuple of Measurement
        In the order of the checks' names, `ROWS` last.
    row_scores : ndarray, shape (rows,)
        Higher is more suspicious; on one scale for all batches.
    row_p_values : ndarray, shape (rows,)
        Conformal p-values of the row scores, averaged over the folds.
    row_checks : tuple of str, one a row
        The check to which the row is the rarest.
    unreadable : dict of int to str
        Rows with a cell that is not of its column's kind, each with the column: they can't be accepted, whatever
        checks run, because that cell would be lost.
    """

    measurements: tuple[Measurement, ...]
    row_scores: np.ndarray
    row_p_values: np.ndarray
    row_checks: tuple[str, ...]
    unreadable: dict[int, str] = field(default_factory=dict)


def examine(batch: Batch, profile: Profile) -> Examination:
    """Measure a batch with every check of the profile. It depends on this batch and the profile only.

    Each fold's models make a complete examination of their own, as they did of the trusted rows that they had
    not seen; the statistics of these examinations are averaged, never their inputs, so that the average has
    the mean that the null was learned with.
    """
    rows = len(batch)
    measurements = []
    surprises: dict[str, list[np.ndarray]] = {}
    for name, calibrated in profile.checks.items():
        findings = [measure(fitted, batch) for fitted in calibrated.folds]
        measurements.append(_measurement(name, _merged(findings), calibrated.null.at(max(1, rows))))
        scores = [f.row_scores for f in findings if f.row_scores is not None]
        if calibrated.surprise is not None and len(scores) == FOLDS and rows:
            surprises[name] = [calibrated.surprise.of_new(fold) for fold in scores]
    folds = [combined([check[k] for check in surprises.values()], rows) for k in range(FOLDS)]
    row_scores = np.mean(folds, axis=0)
    if rows:
        statistic = float(np.mean([top_tenth(fold[None])[0] for fold in folds]))
        finding = Finding(statistic, "-log10 p, mean of the top tenth", row_scores)
        measurements.append(_measurement(ROWS, finding, profile.rows_null.at(rows)))
    p_values = np.mean([profile.rows_surprise.p_values(fold) for fold in folds], axis=0)
    return Examination(tuple(measurements), row_scores, p_values, _rarest(surprises, rows), _unreadable(batch))


def _unreadable(batch: Batch) -> dict[int, str]:
    """The first column, by name, whose cell can't be read, for each row that has one."""
    rows: dict[int, str] = {}
    for name in sorted(batch.columns):
        for row in np.flatnonzero(batch.columns[name].unreadable).tolist():
            rows.setdefault(row, f"{printable(name)}: not a cell of its kind")
    return rows


def _rarest(surprises: dict[str, list[np.ndarray]], rows: int) -> tuple[str, ...]:
    """For each row, the check with the largest surprise, averaged over the folds."""
    if not surprises:
        return (ROWS,) * rows
    names = list(surprises)
    return tuple(names[i] for i in np.argmax([np.mean(folds, axis=0) for folds in surprises.values()], axis=0))


def _measurement(name: str, finding: Finding, null: SizedNull) -> Measurement:
    return Measurement(name, finding, null, 0.0 if finding.fault else null.p_value(finding.statistic))


def _merged(findings: list[Finding]) -> Finding:
    """One finding from those of the folds: averaged numbers, the first one's words."""
    faulty = next((f for f in findings if f.fault is not None), None)
    if faulty is not None:
        return faulty
    scores = [f.row_scores for f in findings if f.row_scores is not None]
    return replace(
        findings[0],
        statistic=float(np.mean([f.statistic for f in findings])),
        row_scores=np.mean(scores, axis=0) if scores else None,
    )
