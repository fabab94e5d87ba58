"""What the checks and the fusion say of every row of a batch, some thousand rows at a time."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pratique.contract.check import measure, rank_rows
from pratique.contract.evidence import Evidence
from pratique.contract.finding import Finding
from pratique.core.batch import Batch
from pratique.detector.calibrated import ROTATION_ROWS, CalibratedCheck
from pratique.detector.hypothesis_tests import HypothesisTests
from pratique.statistics import mixture

ROWS_AT_ONCE = 5000
"""Rows that are measured at once: what is measured of them stays in a processor's cache, and memory does not grow."""


@dataclass(frozen=True)
class RowScoring:
    """What was measured of the rows of a batch.

    Attributes
    ----------
    findings : dict of str to Finding
        By check: its scores averaged over the folds that read a row, its words about the rows that it scored highest.
    log_odds : ndarray, shape (rows, 1 + families)
        Of all attacks together and of each family, averaged over the folds that read the row.
    p_values : ndarray, shape (rows,)
        Conformal p-values of all attacks together, averaged likewise.
    terms, moved : ndarray, shape (readings, 1 + families or columns, shares)
        Log likelihoods of each share of poisoned rows (`mixture.sum_terms`) for each reading of the whole batch: one by
        every fold, or one by all folds together, each of them a part of the rows. `moved` has all rows, `terms` those
        that no rule holds.
    """

    findings: dict[str, Finding]
    log_odds: np.ndarray
    p_values: np.ndarray
    terms: np.ndarray
    moved: np.ndarray

    @property
    def weighed(self) -> bool:
        """Whether there is anything that the fusion could weigh."""
        return self.log_odds.shape[1] > 0


def score_rows(
    batch: Batch, checks: dict[str, CalibratedCheck], fused: HypothesisTests | None, free: np.ndarray
) -> RowScoring:
    """Measure every row with every check that scores rows, and weigh what they say.

    A check that fails on some rows has failed on the batch: the fusion does without it.

    Parameters
    ----------
    batch : Batch
    checks : dict of str to CalibratedCheck
        Those that score rows.
    fused : HypothesisTests, optional
    free : ndarray of bool, shape (rows,)
        Rows that no rule holds.
    """
    readers = assign_rows(batch, max((len(check.folds) for check in checks.values()), default=1))
    totals = _Totals(batch, readers, checks, fused)
    for fold, rows, part in _chunks(batch, readers):
        found = {name: measure(check.folds[fold], part) for name, check in checks.items()}
        faulty = next((name for name, finding in found.items() if finding.fault or not len(batch)), None)
        if faulty is not None:
            rest = score_rows(batch, {name: c for name, c in checks.items() if name != faulty}, fused, free)
            return replace(rest, findings={**rest.findings, faulty: found[faulty]})
        totals.add(fold, rows, found, free)
    return totals.result()


def assign_rows(batch: Batch, folds: int) -> list[np.ndarray]:
    """Positions of the rows that each fold measures: all of them, or a part of many, by a hash of what they hold."""
    rows = len(batch)
    if rows < ROTATION_ROWS:
        return [np.arange(rows)] * folds
    fold = batch.content % folds
    parts = [np.flatnonzero(fold == k) for k in range(folds)]
    return parts if all(map(len, parts)) else [np.arange(rows)] * folds


def _chunks(batch: Batch, readers: list[np.ndarray]) -> Iterator[tuple[int, np.ndarray, Batch]]:
    """Each fold with the positions of some rows that it reads, and these rows: part after part of the batch."""
    most = ROWS_AT_ONCE * (1 if len(readers[0]) == len(batch) else len(readers))
    for begin, part in zip(range(0, max(1, len(batch)), most), batch.parts(most), strict=True):
        for fold, reader in enumerate(readers):
            first, end = np.searchsorted(reader, [begin, begin + most])
            rows = reader[first:end]
            if len(rows) or not len(batch):
                yield fold, rows, part if len(rows) == len(part) else part.take(rows - begin)


class _Totals:
    """What is added up over chunks of rows."""

    def __init__(
        self, batch: Batch, readers: list[np.ndarray], checks: dict[str, CalibratedCheck], fused: HypothesisTests | None
    ) -> None:
        rows, questions = len(batch), 1 + len(fused.families) if fused and checks else 0
        columns = len(fused.mean_shift.columns) if questions and fused and fused.mean_shift else 0
        self.batch, self.readers, self.checks, self.fused = batch, readers, checks, fused if checks else None
        self.first: dict[str, Finding] = {}
        self.scores = {name: np.zeros(rows) for name in checks}
        self.statistics = dict.fromkeys(checks, 0.0)
        self.log_odds, self.p_values = np.zeros((rows, questions)), np.zeros(rows)
        self.terms = np.zeros((len(readers), questions, len(mixture.MIXTURE_SHARES)))
        self.moved = np.zeros((len(readers), columns, len(mixture.MIXTURE_SHARES)))

    @property
    def readings(self) -> int:
        """How many folds read each row."""
        return len(self.readers) if len(self.readers[0]) == len(self.batch) else 1

    def add(self, fold: int, rows: np.ndarray, found: dict[str, Finding], free: np.ndarray) -> None:
        """Add what a fold says of some rows."""
        for name, finding in found.items():
            self.first.setdefault(name, finding)
            self.scores[name][rows] += np.asarray(finding.row_scores) / self.readings
            self.statistics[name] += finding.statistic * len(rows) / (self.readings * len(self.batch))
        if self.fused is None:
            return
        rated = self.fused.rate(fold, found)
        odds = self.fused.log_odds(fold, rated)
        self.log_odds[rows] += odds / self.readings
        self.p_values[rows] += self.fused.conformal.p_values(odds[:, 0]) / self.readings
        self.terms[fold] += mixture.sum_terms(odds[free[rows]].T)
        if self.fused.mean_shift is not None:
            lines, cap = self.fused.mean_shift.folds[fold], self.fused.mean_shift.cap
            self.moved[fold] += mixture.sum_terms(lines.log_odds(rated.complete_features).T, cap)

    def result(self) -> RowScoring:
        """All of it."""
        findings = {
            name: replace(
                first,
                statistic=self.statistics[name],
                row_scores=self.scores[name],
                signals={},
                flagged=None,
                evidence=first.evidence if self.readings > 1 else self._explain_highest(name),
            )
            for name, first in self.first.items()
        }
        once = self.readings == 1
        terms, moved = (each.sum(axis=0, keepdims=True) if once else each for each in (self.terms, self.moved))
        return RowScoring(findings, self.log_odds, self.p_values, terms, moved)

    def _explain_highest(self, name: str) -> Evidence:
        """What each fold says of those of its rows that have the highest scores."""
        highest = rank_rows(self.batch, self.scores[name])
        told = []
        for fold, reader in zip(self.checks[name].folds, self.readers, strict=True):
            mine = highest[np.isin(highest, reader)]
            if len(mine):
                told.append(measure(fold, self.batch.take(mine)).evidence.relocate(mine))
        place = {int(row): i for i, row in enumerate(highest)}
        entries = [each for evidence in told for each in evidence.rows]
        rows = sorted(entries, key=lambda each: min((place[row] for row in each.rows), default=len(place)))
        return replace(told[0], rows=tuple(rows))
